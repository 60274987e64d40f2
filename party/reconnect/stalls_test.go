package reconnect_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/rules"
)

// stallWrites makes the next writes of a party's record wait until release is called.
func (w *world) stallWrites(id party.ID) (release func()) {
	stalled := make(chan struct{})
	w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
		if slices.ContainsFunc(writes, func(o *runtime.StorageWrite) bool { return o.Key == id.UUID.String() }) {
			<-stalled
		}
		return nil
	}
	return func() { close(stalled) }
}

// duringStall checks that these functions return while storage stalls.
func (w *world) duringStall(does map[string]func()) {
	w.t.Helper()
	for name, do := range does {
		done := make(chan struct{})
		go func() {
			defer close(done)
			do()
		}()
		synctest.Wait()
		select {
		case <-done:
		default:
			w.t.Errorf("%s waits for storage", name)
		}
	}
}

// Messages need no storage, and do not wait for a write of the members. That write does not undo later writes, whether
// it stalls itself or waits for one of another party with the same member.
func TestStall_OfTheMembers(t *testing.T) {
	for name, ends := range map[string]func(w *world, id party.ID, p []party.Session) (back []party.Session){
		"a kick": func(w *world, id party.ID, p []party.Session) []party.Session {
			w.kick(p[0], p[1], id)
			return []party.Session{p[0], p[2]}
		},
		"a return": func(w *world, id party.ID, p []party.Session) []party.Session {
			p[1] = w.resumeInto(p[1].UserID, id)
			return []party.Session{p[0], p[1], p[2]}
		},
		"the end": func(w *world, id party.ID, p []party.Session) []party.Session {
			w.host.PartyClose(id)
			w.admission.Closed(w.t.Context(), id)
			return nil
		},
	} {
		for _, waits := range []bool{false, true} {
			afterCrash(t, func(w *world, id party.ID, p []party.Session) {
				w.set(func(p *rules.Parties) { p.KickBan = time.Hour })
				late := w.host.Player("late")
				stalled, other := id, w.party(true, 5, late)
				if waits {
					stalled = other
				}
				if name == "a return" {
					w.drop(p[1])
				}
				release := w.stallWrites(stalled)
				time.Sleep(100 * time.Millisecond) // the write of the other party comes first
				w.must(w.admit(late, id))          // schedules a write of the members
				time.Sleep(time.Second)
				p = append(p, late)
				w.duringStall(map[string]func(){
					"a leave": func() { w.leave(p[2], id) },
					"a look": func() {
						_, err := w.admission.Look(t.Context(), id)
						w.must(err)
					},
				})
				w.host.Disconnect(p[2])
				p = slices.Delete(p, 2, 3) // a crash right now comes before that write
				done := make(chan []party.Session, 1)
				go func() { done <- ends(w, id, p) }()
				synctest.Wait()
				release()
				back := <-done
				w.crash([]party.ID{id, other}, p...) // at once
				for _, s := range p {
					if waits && s == late { // who came in too late to be written
						continue
					}
					again := w.host.Connect(s.UserID)
					_, err := w.resume(again)
					if want := slices.Contains(back, s); slices.Contains(w.host.Members(w.admission.Current(id)), again) != want {
						t.Errorf("%s, waits %v, %s: %v; want to be back: %v", name, waits, s.Username, err, want)
					}
				}
			})
		}
	}
}

// unansweredReads is storage that does not answer the next reads until their contexts end.
type unansweredReads struct {
	party.Storage
	reads int
}

func (s *unansweredReads) StorageRead(ctx context.Context, r []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if s.reads--; s.reads >= 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Hour):
		}
	}
	return s.Storage.StorageRead(ctx, r)
}

// One database connection that does not answer delays a return for a moment, and others for no longer.
func TestStall_OfARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		storage := &unansweredReads{Storage: w.host}
		w.restartWith(storage, w.host)
		p := w.host.Players(2)
		id := w.party(true, 4, p...)
		w.drop(p[0])
		w.drop(p[1])
		w.host.AfterWrite = func([]*runtime.StorageWrite) error {
			w.host.AfterWrite, storage.reads = nil, 1 // the read after the write of the new ID
			return nil
		}
		began, first := time.Now(), w.host.Connect(p[0].UserID)
		if got, err := w.resume(first); err == nil {
			t.Errorf("Resume = %+v; want that storage does not answer", got)
		}
		if took := time.Since(began); took > minute/2 {
			t.Errorf("everybody is held up for %v", took)
		}
		_, err := w.resume(first)
		w.must(err)
		now := w.admission.Current(id)
		w.members(now, 0, first, w.resumeInto(p[1].UserID, now))
	})
}

// withinASecond checks that a call returns within a second while storage stalls.
func (w *world) withinASecond(name string, do func()) {
	w.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(time.Second):
		w.t.Errorf("%s waits for the write of another party", name)
	}
}

// A stalled write delays its own party, and other parties only if they write about the same player.
func TestStall_OfOneParty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.set(func(p *rules.Parties) { p.KickBan = time.Hour })
		p := w.host.Players(8)
		slow, well, other := w.party(true, 4, p[0], p[1]), w.party(true, 4, p[2], p[3]), w.party(true, 4, p[4], p[1])
		release := w.stallWrites(slow)
		w.host.Disconnect(p[1])
		both := make(chan error, 1)
		go func() { both <- w.ended(p[1]) }()
		synctest.Wait()
		w.withinASecond("a kick", func() { w.kick(p[2], p[3], well) })
		w.withinASecond("a lost member", func() { w.must(w.admit(p[5], well)); w.drop(p[5]) })
		w.withinASecond("one who is back", func() { w.must(w.admit(p[6], well)); w.drop(p[6]); w.resumeInto(p[6].UserID, well) })
		w.refused(w.join(p[3], well), party.Banned)
		release()
		w.must(<-both)
		for _, id := range []party.ID{slow, other} {
			if held, err := w.admission.Held(t.Context(), id); held != 1 || err != nil {
				t.Errorf("Held = %d, %v; want the seat of the player who is away from both", held, err)
			}
		}
	})
}

// unansweredWrites is storage that does not answer some writes until their contexts end: those of more than one party,
// and those of this party.
type unansweredWrites struct {
	party.Storage
	party party.ID
}

func (s *unansweredWrites) MultiUpdate(ctx context.Context, accounts []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, wallets []*runtime.WalletUpdate, ledger bool) ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error) {
	parties, muted := 0, false
	for _, w := range writes {
		if w.Collection == "partyline_parties" {
			parties, muted = parties+1, muted || w.Key == s.party.UUID.String()
		}
	}
	if parties > 1 || muted {
		<-ctx.Done()
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	return s.Storage.MultiUpdate(ctx, accounts, writes, deletes, wallets, ledger)
}

// If a common transaction gets no answer in time, each of its changes is tried alone, and does not wait for the others.
func TestStall_OfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		storage := &unansweredWrites{Storage: w.host}
		w.restartWith(storage, w.host)
		p := w.host.Players(8)
		var ids []party.ID
		for i := 0; i < len(p); i += 2 {
			ids = append(ids, w.party(true, 4, p[i], p[i+1]))
		}
		storage.party = ids[1] // alone it gets no answer either
		release := w.stallWrites(ids[0])
		ended := map[int]chan error{}
		began, took := time.Now(), map[int]time.Duration{}
		var mu sync.Mutex
		for i := 0; i < len(ids); i++ {
			w.host.Disconnect(p[2*i])
			ended[i] = make(chan error, 1)
			go func() {
				err := w.ended(p[2*i])
				mu.Lock()
				defer mu.Unlock()
				took[i] = time.Since(began)
				ended[i] <- err
			}()
			synctest.Wait()
		}
		release()
		for i, want := range []party.Reason{"", party.Internal, "", ""} {
			if err := <-ended[i]; party.ReasonOf(err) != want {
				t.Errorf("the end of a member of party %d = %v; want reason %q", i, err, want)
			}
		}
		for _, i := range []int{2, 3} {
			if took[i] >= took[1] {
				t.Errorf("party %d has waited %v, no less than the one that has no answer: %v", i, took[i], took[1])
			}
		}
		if took[1] > 6*time.Second {
			t.Errorf("a change without an answer took %v", took[1])
		}
	})
}

// overlapChecker checks that no two writes of the same object run at once, and that no object has changed since it was
// read. Each write takes longer than others wait for it.
type overlapChecker struct {
	party.Storage
	t      testing.TB
	mu     sync.Mutex
	busy   map[string]bool
	at     int // running
	atOnce int // the highest number at once
}

func (s *overlapChecker) MultiUpdate(ctx context.Context, accounts []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, wallets []*runtime.WalletUpdate, ledger bool) ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error) {
	var objects []string
	for _, w := range writes {
		objects = append(objects, w.Collection+" "+w.Key)
	}
	for _, d := range deletes {
		objects = append(objects, d.Collection+" "+d.Key)
	}
	s.mu.Lock()
	for _, object := range objects {
		if s.busy[object] {
			s.t.Errorf("two transactions write %s at once", object)
		}
		s.busy[object] = true
	}
	s.at++
	s.atOnce = max(s.atOnce, s.at)
	s.mu.Unlock()
	time.Sleep(300 * time.Millisecond)
	acks, results, err := s.Storage.MultiUpdate(ctx, accounts, writes, deletes, wallets, ledger)
	if err != nil {
		s.t.Errorf("write: %v; want that nobody else has written", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, object := range objects {
		delete(s.busy, object)
	}
	s.at--
	return acks, results, err
}

// Two changes of one party, or of one player, never run at once; others do.
func TestStall_ChangesOfOnePartyDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.set(func(p *rules.Parties) { p.KickBan, p.Survive.Restart = time.Hour, minute })
		storage := &overlapChecker{Storage: w.host, t: t, busy: map[string]bool{}}
		w.restartWith(storage, w.host)
		p := w.host.Players(12)
		var ids []party.ID
		for i := range p { // each player is in three parties
			ids = append(ids, w.party(true, 4, p[i], p[(i+1)%len(p)], p[(i+2)%len(p)]))
		}
		var group sync.WaitGroup
		for i, s := range p {
			pause := time.Duration(i) * 130 * time.Millisecond // while the members are being written
			group.Go(func() {
				time.Sleep(pause)
				if i%3 == 0 {
					w.host.Disconnect(s)
					w.must(w.ended(s))
					_, err := w.resume(w.host.Connect(s.UserID))
					w.must(err)
				} else {
					w.kick(s, p[(i+1)%len(p)], ids[i])
				}
			})
		}
		group.Wait()
		time.Sleep(time.Minute)
		w.admission.Close()
		if storage.atOnce < 2 {
			t.Errorf("%d transactions were under way at once; want several", storage.atOnce)
		}
	})
}
