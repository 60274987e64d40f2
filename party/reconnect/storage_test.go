package reconnect_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/rules"
)

// failWrites makes the next writes fail. If lost is true, the first of them is done, and only its answer is lost.
func (w *world) failWrites(writes int, lost bool) {
	fail := func([]*runtime.StorageWrite) error {
		if writes--; writes < 0 {
			return nil
		}
		return errStorage
	}
	w.host.BeforeWrite = fail
	if lost {
		w.host.BeforeWrite = nil
		w.host.AfterWrite = func(done []*runtime.StorageWrite) error {
			w.host.AfterWrite, w.host.BeforeWrite = nil, fail
			return fail(done)
		}
	}
}

// lateStorage is storage that does not answer the next writes in time. It does them later if the objects have not
// changed: when the next write begins, if that one conflicts.
type lateStorage struct {
	party.Storage
	waits  bool
	writes int
	later  []func()
}

func (s *lateStorage) MultiUpdate(ctx context.Context, accounts []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, wallets []*runtime.WalletUpdate, ledger bool) ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error) {
	do := func() ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error) {
		return s.Storage.MultiUpdate(context.WithoutCancel(ctx), accounts, writes, deletes, wallets, ledger)
	}
	if s.writes--; s.writes >= 0 {
		s.later = append(s.later, func() { _, _, _ = do() })
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	if s.waits {
		s.catchUp()
	}
	return do()
}

// catchUp does the late writes now.
func (s *lateStorage) catchUp() {
	for _, do := range s.later {
		do()
	}
	s.writes, s.later = 0, nil
}

// A short failure of storage costs nobody a seat that memory keeps, whether or not storage did the write.
func TestSurvive_WriteFails(t *testing.T) {
	for name, at := range map[string]struct{ drop, writes int }{
		"as one drops":              {0, 1},
		"as the last drops":         {1, 1},
		"at the return":             {2, 1},
		"at the return and its end": {2, 2},
	} {
		for _, restart := range []time.Duration{0, minute} {
			for _, done := range []string{"not", "without an answer", "late", "late, and waited for"} {
				for _, sweeps := range []bool{false, true} {
					t.Run(fmt.Sprint(name, " restart ", restart, " done ", done, " sweeps ", sweeps), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { writeFails(t, at.drop, at.writes, restart, done, sweeps) })
					})
				}
			}
		}
	}
}

func writeFails(t *testing.T, at, writes int, restart time.Duration, done string, sweeps bool) {
	w := newWorld(t, time.Now)
	storage := &lateStorage{Storage: w.host, waits: done == "late, and waited for"}
	w.restartWith(storage, w.host)
	defer func() { w.admission.Close(); w.grace.Close() }()
	fails := func() {
		if strings.HasPrefix(done, "late") {
			storage.writes = writes
		} else {
			w.failWrites(writes, done == "without an answer")
		}
	}
	w.set(func(p *rules.Parties) { p.Survive.Restart = restart })
	time.Sleep(2 * minute) // too long after the start for a crash to matter
	p := w.host.Players(2)
	w.party(true, 4, p...)
	time.Sleep(time.Second)
	synctest.Wait()
	for i, s := range p {
		if i == at {
			fails()
		}
		w.host.Disconnect(s)
		if err := w.ended(s); err != nil && i != at {
			t.Error(err)
		}
	}
	first, got := w.host.Connect(p[0].UserID), party.Resumption{}
	if at == len(p) {
		fails()
		got, _ = w.resume(first) // storage may be asked again at once, and work
	}
	w.host.BeforeWrite, w.host.AfterWrite = nil, nil
	storage.catchUp()
	if sweeps { // and another process that knows only storage
		w.must(w.admission.Sweep(t.Context()))
		w.node = w.newNode()
		defer func() { w.admission.Close(); w.grace.Close() }()
	}
	if !got.Joined {
		got, err := w.resume(first)
		if err != nil || !got.Joined {
			t.Fatalf("Resume = %+v, %v; want to be back", got, err)
		}
	}
	got, err := w.resume(w.host.Connect(p[1].UserID))
	if err != nil || !got.Joined {
		t.Fatalf("Resume of the other = %+v, %v; want to be back", got, err)
	}
	now, err := party.ParseID(got.PartyID)
	w.must(err)
	members := w.host.Members(now)
	if len(members) != 2 || members[0] != first {
		t.Errorf("members = %v; want both", members)
	}
	w.members(now, 0, members...)
}

// The first write of a party's record is done late, when the member whose seat it keeps is back.
func TestGrace_SeatStoredTooLate(t *testing.T) {
	for _, waits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, time.Now)
			storage := &lateStorage{Storage: w.host, waits: waits}
			w.restartWith(storage, w.host)
			p := w.host.Players(2)
			id := w.party(true, 4, p...)
			storage.writes = 1
			w.host.Disconnect(p[1])
			if err := w.ended(p[1]); err == nil {
				t.Error("storage does not answer, and nobody says so")
			}
			back := w.resumeInto(p[1].UserID, id)
			storage.catchUp()
			w.must(w.admission.Sweep(t.Context()))
			w.nothingLeft()
			w.members(id, 0, p[0], back)
			if n := w.host.Objects("partyline_parties"); n != 0 {
				t.Errorf("waits %v: %d records are left of a party that has nothing to remember", waits, n)
			}
		})
	}
}

func TestSurvive_FirstLookAfterACrashFails(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		w.crash([]party.ID{id}, p...)
		w.failWrites(1, false)
		back := w.host.Connect(p[0].UserID)
		if got, err := w.resume(back); err == nil {
			w.t.Errorf("Resume = %+v; want storage's error", got)
		}
		look, err := w.admission.Look(w.t.Context(), id)
		w.refused(err, party.PartyAway)
		if len(look.Away) != len(p) {
			w.t.Errorf("seats are kept for %v; want all %d", look.Away, len(p))
		}
		_, err = w.resume(back)
		w.must(err)
		w.members(w.admission.Current(id), 2, back)
	})
}

// A queue's age survives a crash, and a failed return after it.
func TestSurvive_AgeAfterABrokenReturn(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		w.setAges(map[string]party.Age{"duel": {Since: time.Now()}})
		w.admission.Recorder.ScheduleWrite(id)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		w.crash([]party.ID{id}, p...)
		w.setAges(nil)
		broken := w.host.Connect(p[0].UserID)
		told := make(chan error, 1)
		w.joining = func() {
			w.host.Disconnect(broken)
			go func() { told <- w.ended(broken) }()
			time.Sleep(time.Second) // it has gone as far as it can
		}
		_, err := w.resume(broken)
		w.refused(err, party.NoLiveSession)
		w.joining = nil
		w.must(<-told)
		var queued map[string]time.Duration
		w.news.Subscribe(func(c party.Change) {
			if c.Kind == party.PartyRestored {
				queued = c.Queued
			}
		})
		_, err = w.resume(w.host.Connect(p[1].UserID))
		w.must(err)
		if queued["duel"] < 10*time.Second {
			w.t.Errorf("the party has waited %v; want 10 s and more", queued)
		}
	})
}

func (w *world) setAges(ages map[string]party.Age) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ages = ages
}

// gatedStorage calls functions before records are listed, and before anything is read.
type gatedStorage struct {
	party.Storage
	listing, reading func()
}

func (g *gatedStorage) StorageList(ctx context.Context, callerID, userID, collection string, limit int, cursor string) ([]*api.StorageObject, string, error) {
	if g.listing != nil && collection == "partyline_parties" {
		g.listing()
	}
	return g.Storage.StorageList(ctx, callerID, userID, collection, limit, cursor)
}

func (g *gatedStorage) StorageRead(ctx context.Context, r []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if g.reading != nil {
		g.reading()
	}
	return g.Storage.StorageRead(ctx, r)
}

// sweepLater starts a sweep that continues with the records when meet is called.
func (w *world) sweepLater(g *gatedStorage) (meet func()) {
	began, met, swept := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	g.listing = func() {
		g.listing = nil
		close(began)
		<-met
	}
	go func() { swept <- w.admission.Sweep(context.Background()) }()
	<-began
	return func() {
		close(met)
		w.must(<-swept)
	}
}

// A sweep may find a record that names the new native party before anybody is in it.
func TestSurvive_SweepDuringTheReturn(t *testing.T) {
	for _, restart := range []time.Duration{0, minute} {
		for _, in := range []string{"before it is entered", "before it is known"} {
			t.Run(in, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, time.Now)
					w.set(func(p *rules.Parties) { p.Survive.Restart = restart })
					g := &gatedStorage{Storage: w.host}
					w.restartWith(g, w.host)
					defer func() { w.admission.Close(); w.grace.Close() }()
					time.Sleep(2 * minute) // too long after the start for a crash to matter
					p := w.host.Players(3)
					id := w.party(false, 4, p...)
					time.Sleep(time.Second)
					synctest.Wait()
					for _, s := range p {
						w.drop(s)
					}
					meet := w.sweepLater(g)
					if in == "before it is entered" {
						w.joining = func() { w.joining = nil; meet() }
					} else {
						w.host.AfterWrite = func([]*runtime.StorageWrite) error {
							w.host.AfterWrite = nil
							g.reading = func() { g.reading = nil; meet() }
							return nil
						}
					}
					first := w.resumeAnywhere(p[0])
					now := w.admission.Current(id)
					w.members(now, 2, first)
					w.node = w.newNode() // knows only storage
					w.members(now, 2, first)
				})
			})
		}
	}
}

// A sweep may find a party whose last connection has ended, before that is reported.
func TestSurvive_SweepAsTheLastDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.set(func(p *rules.Parties) { p.KickBan = time.Hour })
		g := &gatedStorage{Storage: w.host}
		w.restartWith(g, w.host)
		defer func() { w.admission.Close(); w.grace.Close() }()
		p := w.host.Players(3)
		id := w.party(true, 4, p...)
		w.kick(p[0], p[2], id)
		w.drop(p[0])
		meet := w.sweepLater(g)
		w.host.Disconnect(p[1])
		meet()
		w.must(w.ended(p[1]))
		first := w.resumeAnywhere(p[0])
		now := w.admission.Current(id)
		w.members(now, 0, first, w.resumeInto(p[1].UserID, now))
		w.refused(w.join(p[2], now), party.Banned)
	})
}

// resumeAnywhere resumes a new session of the user into whatever native party that makes.
func (w *world) resumeAnywhere(p party.Session) party.Session {
	w.t.Helper()
	s := w.host.Connect(p.UserID)
	_, err := w.resume(s)
	w.must(err)
	return s
}

// When survive.restart is switched on, the members of all parties are written. A kick waits for only a few of these
// writes, and no transaction has very many objects.
func TestSurvive_SwitchedOnWithManyParties(t *testing.T) {
	for _, c := range []struct{ parties, size, most int }{{80, 1, 40}, {20, 40, 20}} {
		t.Run(fmt.Sprint(c.parties, " of ", c.size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parties, size := c.parties, c.size
				w := newWorld(t, time.Now)
				defer func() { w.admission.Close(); w.grace.Close() }()
				w.set(func(p *rules.Parties) { p.KickBan = time.Hour })
				p := w.host.Players(parties*size + 1)
				target := p[parties*size]
				var ids []party.ID
				for i := range parties {
					ids = append(ids, w.party(true, size+1, p[i*size:(i+1)*size]...))
				}
				w.must(w.admit(target, ids[0]))
				w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
				first := make(chan struct{})
				var mu sync.Mutex
				written, before := 0, -1
				w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
					<-first
					time.Sleep(time.Millisecond) // all changes that wait for the write before are queued for the next one
					mu.Lock()
					defer mu.Unlock()
					if len(writes) > 500 {
						t.Errorf("one transaction writes %d objects", len(writes))
					}
					for _, o := range writes {
						if strings.Contains(o.Value, `"kicks"`) && before < 0 {
							before = written
						}
					}
					for _, o := range writes {
						if o.Collection == "partyline_parties" {
							written++
						}
					}
					return nil
				}
				for _, id := range ids {
					w.admission.Recorder.ScheduleWrite(id)
				}
				time.Sleep(time.Second)
				kicked := make(chan error, 1)
				go func() {
					w.host.PartyLeave(target, ids[0])
					kicked <- w.admission.Kicked(context.Background(), ids[0], target)
				}()
				synctest.Wait()
				close(first)
				w.must(<-kicked)
				time.Sleep(time.Second)
				synctest.Wait()
				if before < 0 || before > c.most || written < parties {
					t.Errorf("the kick is written after %d of %d parties", before, written)
				}
			})
		})
	}
}

// Storage has done a write, and its answer is lost. The party is still told of the end of the seat.
func TestGrace_AnswerLost(t *testing.T) {
	for _, end := range []string{"lost", "back"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				p := w.host.Players(2)
				id := w.party(true, 4, p...)
				writes := 0
				w.host.AfterWrite = func([]*runtime.StorageWrite) error {
					if writes++; writes == 2 { // the first write is of the drop
						return errStorage
					}
					return nil
				}
				w.drop(p[1])
				if end == "back" {
					w.resumeInto(p[1].UserID, id)
				}
				time.Sleep(2 * minute)
				synctest.Wait()
				w.told("away player2", end+" player2")
				w.nothingLeft()
			})
		})
	}
}

// Two nodes find the end of a seat at the same moment, and the party is told once. The host's refusal of a delete is
// not a lost answer.
func TestGrace_NodesEndTheSeatAtOnce(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 4, p...)
	w.drop(p[1])
	here, there := w.node, w.newNode()
	if held, err := there.admission.Held(t.Context(), id); held != 1 || err != nil {
		t.Fatalf("Held = %d, %v", held, err)
	}
	w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
		w.host.BeforeWrite = nil
		w.node = there
		w.leave(w.host.Connect(p[1].UserID), id)
		w.node = here
		return nil
	}
	w.leave(w.host.Connect(p[1].UserID), id)
	w.told("away player2", "lost player2")
	w.nothingLeft()
}

// A player who leaves on purpose has no seat any more, even if storage fails then. Nobody is put back into a party that
// its last member has left.
func TestSurvive_LeftWhileStorageFails(t *testing.T) {
	for _, restart := range []time.Duration{0, minute} {
		for leaving := 1; leaving <= 2; leaving++ {
			t.Run(fmt.Sprint(restart, " ", leaving), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, time.Now)
					defer func() { w.admission.Close(); w.grace.Close() }()
					w.set(func(p *rules.Parties) { p.Survive.Restart = restart })
					p := w.host.Players(2)
					id := w.party(true, 4, p...)
					time.Sleep(time.Second)
					synctest.Wait()
					var back []party.Session
					for _, s := range p {
						w.drop(s)
						back = append(back, w.host.Connect(s.UserID))
					}
					w.host.BeforeWrite = func([]*runtime.StorageWrite) error { return errStorage }
					for _, s := range back[:leaving] {
						w.leave(s, id)
					}
					w.host.BeforeWrite = nil
					for _, sweeps := range []bool{false, true} {
						if sweeps { // and another process that knows only storage
							w.must(w.admission.Sweep(t.Context()))
							w.node = w.newNode()
							defer func() { w.admission.Close(); w.grace.Close() }()
						}
						look, _ := w.admission.Look(t.Context(), id)
						for i, s := range back {
							if want := i >= leaving; look.Returning(s.UserID) != want {
								t.Errorf("swept %v: a seat is kept for player %d: %v", sweeps, i+1, !want)
							}
							if i < leaving {
								_, err := w.resume(s)
								w.refused(err, party.PartyNotFound)
							}
						}
					}
					if leaving == len(p) {
						w.nothingLeft()
					}
				})
			})
		}
	}
}
