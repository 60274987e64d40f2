package reconnect_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// The host's own rule of one party per session takes a session out without a hook. That is no lost connection, neither
// now nor when the socket ends later.
func TestGrace_LeftWithoutAHook(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(true, 3, p...)
	w.host.PartyLeave(p[1], id)
	w.members(id, 0, p[0], p[2])
	w.drop(p[1])
	w.members(id, 0, p[0], p[2])
	w.told()
	w.nothingLeft()

	// If a session leaves and ends before anybody looks, that looks like a lost connection. A superfluous kept seat for
	// a minute is better than a missing one.
	w.host.PartyLeave(p[2], id)
	w.drop(p[2])
	w.members(id, 1, p[0])
}

// A socket that leaves and comes in again unseen is a member like any other.
func TestGrace_BackBySameSession(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 3, p...)
	w.host.PartyLeave(p[1], id)
	w.members(id, 0, p[0])
	w.must(w.join(p[1], id))
	w.drop(p[1])
	w.members(id, 1, p[0])
	w.told("away player2")
}

// A player whose older connection is still a member leaves with a newer one. No seat is kept when the older one has
// ended, and nobody is put back. An older device leaves only for itself. So does a newer one if the player then uses
// the older one, or asks to come back.
func TestGrace_LeftByAnotherSession(t *testing.T) {
	for name, c := range map[string]struct {
		leaver int // one of the user's three sessions; the second is the member
		then   func(w *world, member, waits party.Session)
		kept   bool
	}{
		"older": {0, nil, true}, "newer": {2, nil, false},
		"newer, and then a word of the member":     {2, func(w *world, member, _ party.Session) { w.admission.Settle(member) }, true},
		"newer, and then another word of it":       {2, func(w *world, _, waits party.Session) { w.admission.Settle(waits) }, false},
		"newer, which then asks to be let back in": {2, func(w *world, _, waits party.Session) { _, _ = w.resume(waits) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, partytest.NewTime().Now)
			p := w.host.Players(2)
			sessions := make([]party.Session, 3)
			for i := range sessions {
				sessions[i] = w.host.ConnectAs(p[1].UserID, uuid.Must(uuid.NewUUID()).String())
			}
			id := w.party(true, 3, p[0], sessions[1])
			waits := sessions[2]
			if got, err := w.resume(waits); err != nil || got.Joined {
				t.Fatalf("Resume = %+v, %v; want to wait", got, err)
			}
			w.leave(sessions[c.leaver], id)
			w.members(id, 0, p[0], sessions[1])
			if c.then != nil {
				c.then(w, sessions[1], waits)
			}
			w.drop(sessions[1])
			if !c.kept {
				w.members(id, 0, p[0])
				w.told()
				_, err := w.resume(waits)
				w.refused(err, party.PartyNotFound)
				w.must(w.join(waits, id)) // as a new member with a kept seat
				w.drop(waits)
				w.members(id, 1, p[0])
				return
			}
			w.members(id, 0, p[0], waits)
			w.told("away player2", "back player2")
		})
	}
}

// Another device may send a leave for a party in which it never was. That takes no seat from a connection that plays on
// for longer than the host needs to notice a dead one, with any grace.
func TestGrace_LeftByAnotherDeviceLongAgo(t *testing.T) {
	for _, c := range []struct {
		grace, after time.Duration
		told         []string
	}{{time.Hour, minute, []string{"away player2"}}, {10 * time.Second, 27 * time.Second, nil}} {
		clock := partytest.NewTime()
		w := newWorld(t, clock.Now)
		w.set(func(p *rules.Parties) { p.ReconnectGrace = c.grace })
		p := w.host.Players(2)
		older, leaves := w.host.ConnectAs(p[1].UserID, uuid.Must(uuid.NewUUID()).String()), w.host.ConnectAs(p[1].UserID, uuid.Must(uuid.NewUUID()).String())
		id := w.party(true, 3, p[0], older)
		w.leave(leaves, id)
		clock.Advance(c.after)
		w.drop(older)
		w.members(id, len(c.told), p[0])
		w.told(c.told...)
	}
}

func TestReturning(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	p := w.host.Players(3)
	id, other := w.party(true, 3, p...), w.party(true, 3, p[0])
	w.drop(p[1])
	for _, c := range []struct {
		id   party.ID
		user string
		want bool
	}{{id, p[1].UserID, true}, {other, p[1].UserID, false}, {id, p[2].UserID, false}, {id, "nobody", false}} {
		if look, err := w.admission.Look(t.Context(), c.id); err != nil || look.Returning(c.user) != c.want {
			t.Errorf("Returning(%v, %s) = %v, %v; want %v", c.id, c.user, !c.want, err, c.want)
		}
	}
	clock.Advance(minute)
	w.members(id, 0, p[0], p[2])
	if look, err := w.admission.Look(t.Context(), id); err != nil || look.Returning(p[1].UserID) {
		t.Error("Returning after the time is over")
	}
}

// The common footprint counts kept seats, once per user.
func TestGrace_Expected(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(true, 4, p...)
	w.must(w.admission.Hold(ctx, id, reserve.Hold{InviteID: "i", UserIDs: []string{p[1].UserID}, ExpiresAt: w.now().Add(time.Hour)}))
	w.drop(p[1])
	w.drop(p[2])
	look, err := w.admission.Look(ctx, id)
	expected := look.Expected
	slices.Sort(expected)
	want := []string{p[1].UserID, p[2].UserID}
	slices.Sort(want)
	if err != nil || !slices.Equal(expected, want) {
		t.Errorf("Expected = %q, %v; want who is away, %q", expected, err, want)
	}
	w.members(id, 2, p[0])
}

// The roster's listeners get the end of a session once, however it was found.
func TestGrace_ListenersHearOnce(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	var mu sync.Mutex
	heard := map[party.ChangeKind]int{}
	w.news.Subscribe(func(c party.Change) {
		mu.Lock()
		defer mu.Unlock()
		heard[c.Kind]++
	})
	p := w.host.Players(3)
	id := w.party(true, 3, p...)
	w.host.Disconnect(p[1])
	w.members(id, 1, p[0], p[2]) // a look
	w.must(w.ended(p[1]))
	w.must(w.ended(p[1]))
	if heard[party.MemberDropped] != 1 || heard[party.MemberLeft] != 0 {
		t.Errorf("listeners heard %v; want one drop", heard)
	}
	w.host.Disconnect(p[2]) // and the host never reports it
	w.must(w.admission.Sweep(t.Context()))
	w.must(w.admission.Sweep(t.Context()))
	if heard[party.MemberDropped] != 2 {
		t.Errorf("listeners heard %v; want two drops", heard)
	}
	w.leave(w.host.Connect(p[2].UserID), id)
	if heard[party.SeatsChanged] != 1 {
		t.Errorf("listeners heard %v; want to hear of the seat that was given up", heard)
	}
	w.drop(p[0]) // the last member
	if heard[party.MemberDropped] != 3 {
		t.Errorf("listeners heard %v; want three drops", heard)
	}
}

func TestGrace_OverHTTPTheNewest(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	w.mu.Lock()
	w.conf.Invites.SeveralSessions = rules.SeveralSessionsNewest
	w.mu.Unlock()
	p := w.host.Players(2)
	id := w.party(true, 3, p...)
	w.drop(p[1])
	var newest party.Session
	for range 3 {
		newest = w.host.ConnectAs(p[1].UserID, uuid.Must(uuid.NewUUID()).String())
	}
	got, err := w.grace.Resume(t.Context(), party.Caller{UserID: p[1].UserID})
	if err != nil || !got.Joined {
		t.Errorf("Resume = %+v, %v", got, err)
	}
	w.members(id, 0, p[0], newest)
}

// Two nodes change the seats of one party at the same time. They repeat what storage refuses.
func TestGrace_NodesRaceInStorage(t *testing.T) {
	w := newWorld(t, time.Now)
	p := w.host.Players(9)
	id := w.party(true, 9, p...)
	nodes := []node{w.node, w.newNode(), w.newNode()}
	for _, n := range nodes {
		if _, err := n.admission.Held(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range p[1:] {
		w.host.Disconnect(s)
	}
	race(len(p)-1, func(i int) { // each seen by only one node
		n, s := nodes[i%3], p[i+1]
		if err := n.grace.Ended(t.Context(), s); err != nil && party.ReasonOf(err) != party.Conflict {
			t.Error(err)
		}
	})
	for _, n := range nodes {
		if held, err := n.admission.Held(t.Context(), id); held != 8 || err != nil {
			t.Errorf("Held = %d, %v; want 8", held, err)
		}
	}
	away := map[string]int{}
	for _, m := range w.messages() {
		away[m.Event+" "+m.name]++
	}
	for what, n := range away {
		if n != 1 {
			t.Errorf("told %d times: %s", n, what)
		}
	}
	if len(away) != 8 {
		t.Errorf("told of %d; want 8", len(away))
	}
}

// The sweep removes what is left in storage after the party has ended on another node.
func TestGrace_SweepOfStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(3)
		id := w.party(true, 3, p...)
		w.drop(p[1])
		w.host.PartyClose(id)
		w.node = w.newNode()
		time.Sleep(2 * minute)
		w.must(w.admission.Sweep(t.Context()))
		w.nothingLeft()
	})
}

// outpacedStorage is storage in which another writer is always faster than the one who has just listed objects.
type outpacedStorage struct{ *partytest.Host }

func (o outpacedStorage) StorageList(ctx context.Context, callerID, userID, collection string, limit int, cursor string) ([]*api.StorageObject, string, error) {
	objects, next, err := o.Host.StorageList(ctx, callerID, userID, collection, limit, cursor)
	for _, object := range objects {
		err = errors.Join(err, o.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: collection, Key: object.Key}}))
	}
	return objects, next, err
}

// An object that is gone already is no failure of the sweep; operators would see one.
func TestGrace_SweepOvertaken(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	w.drop(p[1])
	w.host.PartyClose(id)
	w.restartWith(outpacedStorage{w.host}, w.host)
	w.must(w.admission.Sweep(t.Context()))
	w.nothingLeft()
}

// Objects that this module has not written.
func TestGrace_StrangeStorage(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 3, p...)
	stranger := w.host.Player("stranger")
	for _, value := range []string{`{}`, `{"parties":null}`, `{"parties":{"nonsense":9000000000000000000,"":1}}`, `{"parties":{"` + id.String() + `":9000000000000000000}}`} {
		_, err := w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: "partyline_away", Key: stranger.UserID, Value: value}})
		w.must(err)
		_, err = w.resume(stranger)
		w.refused(err, party.PartyNotFound)
	}
	for _, value := range []string{`{}`, `{"seats":null}`, `{"party_id":"nonsense","seats":{"u":{}}}`, `{"party_id":"` + id.String() + `","seats":{}}`} {
		_, err := w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: "partyline_seats", Key: id.UUID.String(), Value: value}})
		w.must(err)
		w.node = w.newNode()
		w.members(id, 0, p...)
		w.must(w.admission.Sweep(t.Context()))
	}
	for _, value := range []string{`{"seats":7}`, `{"parties":[]}`} {
		for _, collection := range []string{"partyline_seats", "partyline_away"} {
			_, err := w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: collection, Key: id.UUID.String(), Value: value}})
			w.must(err)
		}
		w.node = w.newNode()
		w.must(w.admission.Sweep(t.Context())) // the party stays
	}
}

// failingSender is a sender that fails or panics.
type failingSender struct{ panics atomic.Bool }

func (d *failingSender) StreamSendRaw(uint8, string, string, string, *rtapi.Envelope, []runtime.Presence, bool) error {
	if d.panics.Load() {
		panic("as asked")
	}
	return errors.New("nobody listens")
}

// Failures to send go to the log, and a panic in a timer's goroutine does not end the process.
func TestGrace_TellingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		sender := &failingSender{}
		w.restartWith(w.host, sender)
		p := w.host.Players(2)
		id := w.party(true, 3, p...)
		w.drop(p[1])
		sender.panics.Store(true)
		time.Sleep(2 * minute)
		synctest.Wait()
		w.members(id, 0, p[0])
		log := strings.Join(w.log.Lines(), "\n")
		for _, want := range []string{"nobody listens", "panic: as asked"} {
			if !strings.Contains(log, want) {
				t.Errorf("log = %s; want %q", log, want)
			}
		}
	})
}

// unreadableStorage is storage that fails to read.
type unreadableStorage struct{ party.Storage }

func (unreadableStorage) StorageRead(context.Context, []*runtime.StorageRead) ([]*api.StorageObject, error) {
	return nil, errStorage
}

func TestGrace_StorageDoesNotAnswer(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	w.restartWith(unreadableStorage{w.host}, w.host)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	_, err := w.resume(w.host.Player("stranger"))
	w.refused(err, party.Internal)
	w.host.Disconnect(p[1])
	w.refused(w.ended(p[1]), party.Internal)
	w.told("away player2")
	w.resumeInto(p[1].UserID, id)
	w.told("away player2", "back player2")
}

// downStorage is storage that fails to read while it is down.
type downStorage struct {
	party.Storage
	down *atomic.Bool
}

func (f downStorage) StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if f.down.Load() {
		return nil, errStorage
	}
	return f.Storage.StorageRead(ctx, reads)
}

// Storage does not answer at the end of a seat, and may never have had the seat. The sweep reports the end.
func TestGrace_StorageFailsAtTheEnd(t *testing.T) {
	for _, stored := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, time.Now)
			storage := downStorage{w.host, new(atomic.Bool)}
			w.restartWith(storage, w.host)
			p := w.host.Players(2)
			id := w.party(true, 4, p...)
			storage.down.Store(!stored)
			w.host.Disconnect(p[1])
			_ = w.ended(p[1])
			storage.down.Store(true)
			w.admission.HoldsChanged(id, true) // a look has to read
			time.Sleep(minute)
			synctest.Wait()
			w.told("away player2")
			storage.down.Store(false)
			time.Sleep(2 * minute)
			for range 2 {
				w.must(w.admission.Sweep(t.Context()))
			}
			w.told("away player2", "lost player2")
			w.members(id, 0, p[0])
			w.nothingLeft()
		})
	}
}

// A seat that was never reported is not reported when its time is over.
func TestGrace_UnheardAllItsTime(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	w.host.Disconnect(p[1])
	w.members(id, 1, p[0])
	clock.Advance(minute)
	w.must(w.ended(p[1]))
	w.members(id, 0, p[0])
	w.told()
	w.nothingLeft()
}

// The user joins in the normal way, after the seat was lost and before that is reported.
func TestGrace_JustTooLate(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	w.drop(p[1])
	clock.Advance(minute)
	late := w.host.Connect(p[1].UserID)
	w.must(w.join(late, id))
	w.told("away player2", "lost player2")
	w.members(id, 0, p[0], late)
	w.nothingLeft()
}

// The timer of an earlier kept seat must not end the next one.
func TestGrace_AnOldTimer(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	var first party.Seat
	w.news.Subscribe(func(c party.Change) {
		if c.Kind == party.SeatAway && first.ID.IsZero() {
			first = c.Seat
		}
	})
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	w.drop(p[1])
	clock.Advance(minute - 1)
	back := w.resumeInto(p[1].UserID, id)
	w.drop(back)
	clock.Advance(1)
	w.must(w.admission.Expire(t.Context(), first))
	w.told("away player2", "back player2", "away player2")
	w.members(id, 1, p[0])
	w.resumeInto(p[1].UserID, id)
}

// The node with the timer does not know that the seat ended on another node.
func TestGrace_EndedOnAnotherNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(3)
		id := w.party(true, 3, p...)
		here, there := w.node, w.newNode()
		w.drop(p[1])
		w.drop(p[2])
		w.node = there
		back := w.resumeInto(p[1].UserID, id)
		w.members(id, 1, p[0], back)
		w.kick(p[0], p[2], id)
		w.told("away player2", "away player3", "back player2", "lost player3", "removed player3")
		w.node = here
		time.Sleep(2 * minute) // its timers run
		synctest.Wait()
		w.told("away player2", "away player3", "back player2", "lost player3", "removed player3")
		w.members(id, 0, p[0], back)
		w.nothingLeft()
	})
}

// The same, with a look in between.
func TestGrace_KickedOnAnotherNode(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	here, there := w.node, w.newNode()
	w.drop(p[1])
	w.node = there
	w.kick(p[0], p[1], id)
	w.node = here
	w.members(id, 0, p[0])
	w.told("away player2", "lost player2", "removed player2")
	w.nothingLeft()
}

// contextStorage is storage that works only for callers who are still there.
type contextStorage struct{ *partytest.Host }

func (s contextStorage) StorageWrite(ctx context.Context, writes []*runtime.StorageWrite) ([]*api.StorageObjectAck, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.Host.StorageWrite(ctx, writes)
}

func (s contextStorage) StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.Host.StorageRead(ctx, reads)
}

// A player who gives up a seat may be gone before that is written.
func TestGrace_TheCallerIsGone(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	w.restartWith(contextStorage{w.host}, w.host)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	w.drop(p[1])
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.admission.Left(ctx, id, p[1])
	w.told("away player2", "lost player2")
	w.nothingLeft()
}

// A waiting session that ends first does not wait any more.
func TestGrace_TheWaiterEnds(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	waits := w.host.Connect(p[1].UserID)
	if got, err := w.resume(waits); err != nil || got.Joined {
		t.Fatalf("Resume = %+v, %v; want to wait", got, err)
	}
	w.drop(waits)
	w.nothingLeft()
	w.drop(p[1])
	w.members(id, 1, p[0])
	gone := w.host.Connect(p[0].UserID)
	w.host.Disconnect(gone)
	if _, err := w.resume(gone); err != nil {
		t.Errorf("Resume = %v", err)
	}
	if n := w.grace.Running(); n != 1 {
		t.Errorf("%d run; want the timer alone, a session that is gone does not wait", n)
	}
}

// If the clock is set back, the seat lasts longer, like everything with a time.
func TestGrace_TheClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var back atomic.Int64
		w := newWorld(t, func() time.Time { return time.Now().Add(-time.Duration(back.Load())) })
		p := w.host.Players(2)
		id := w.party(true, 2, p...)
		w.drop(p[1])
		back.Store(int64(minute / 2))
		time.Sleep(minute + minute/2 - time.Nanosecond)
		synctest.Wait()
		w.told("away player2")
		w.members(id, 1, p[0])
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		w.told("away player2", "lost player2")
		w.members(id, 0, p[0])
		w.nothingLeft()
	})
}

// A player is alone in a party of one, which only the client can create again, and in a party of four, whose founding
// fails once. The server tries the second one again.
func TestStarted_FaultBesideAPartyThatTheClientCreates(t *testing.T) {
	for _, oneFirst := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, time.Now)
			w.conf.Parties.ResumeOnConnect = true
			p := w.host.Players(1)[0]
			sizes := []int{4, 1}
			if oneFirst {
				sizes = []int{1, 4}
			}
			ids := map[int]party.ID{}
			for _, size := range sizes {
				ids[size] = w.party(true, size, p)
				time.Sleep(time.Second)
			}
			w.drop(p)
			tries := 0
			w.founds = func(f party.Facts) error {
				if f.MaxSize == 1 {
					return admission.ErrCannotFound
				}
				if tries++; tries == 1 {
					return errors.New("as asked")
				}
				return nil
			}
			again := w.host.Connect(p.UserID)
			_ = w.grace.Started(t.Context(), again)
			time.Sleep(20 * time.Second)
			synctest.Wait()
			if in := w.host.Members(w.admission.Current(ids[4])); !slices.Contains(in, again) {
				t.Errorf("the party of one first %v: not back after 20 s, the other was founded %d times", oneFirst, tries)
			}
			w.admission.Close()
			w.grace.Close()
		})
	}
}
