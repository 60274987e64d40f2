package reconnect_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/rules"
)

// withFaults runs a test in a bubble, with resume_on_connect and storage that fails while down is true.
func withFaults(t *testing.T, run func(t *testing.T, w *world, down *atomic.Bool)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.set(func(p *rules.Parties) { p.ResumeOnConnect, p.Survive.Restart = true, minute })
		down := new(atomic.Bool)
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			if down.Load() {
				return errStorage
			}
			return nil
		}
		w.restartWith(downStorage{w.host, down}, w.host)
		defer func() { w.admission.Close(); w.grace.Close() }()
		run(t, w, down)
	})
}

// connectDuringFault starts a new session of the user while the server fails.
func (w *world) connectDuringFault(userID string) party.Session {
	w.t.Helper()
	s := w.host.Connect(userID)
	w.refused(w.grace.Started(w.t.Context(), s), party.Internal)
	return s
}

// wantNoRetries checks that no session waits or is tried again.
func (w *world) wantNoRetries() {
	w.t.Helper()
	if n := w.grace.Running(); n != 0 {
		w.t.Errorf("%d tries, waiters and kept seats; want none", n)
	}
}

// With resume_on_connect the game does not ask again if a fault keeps a player out of the seat. The server tries until
// the fault is over, and no longer.
func TestFault_OnConnect(t *testing.T) {
	for _, lasts := range []time.Duration{time.Millisecond, 5 * time.Second, 45 * time.Second} {
		for _, crash := range []bool{false, true} {
			withFaults(t, func(t *testing.T, w *world, down *atomic.Bool) {
				p := w.host.Players(2)
				id := w.party(false, 4, p...)
				time.Sleep(time.Second)
				synctest.Wait()
				if crash {
					w.crash([]party.ID{id}, p...)
					w.grace.Close()
					w.restartWith(downStorage{w.host, down}, w.host)
					defer func() { w.admission.Close(); w.grace.Close() }()
					down.Store(true)
				} else {
					w.drop(p[0])
					down.Store(true)
					w.host.Disconnect(p[1])
					w.refused(w.ended(p[1]), party.Internal)
				}
				first, second := w.connectDuringFault(p[0].UserID), w.connectDuringFault(p[1].UserID)
				time.Sleep(lasts)
				down.Store(false)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				now := w.admission.Current(id)
				if in := w.host.Members(now); len(in) != 2 || !slices.Contains(in, first) || !slices.Contains(in, second) {
					t.Errorf("crash %v, %v of a fault: members = %v; want both", crash, lasts, in)
				}
				if told := w.heardEvents(); slices.ContainsFunc(told, func(s string) bool { return s[:4] == "lost" }) {
					t.Errorf("the party was told %q", told)
				}
				w.wantNoRetries()
			})
		}
	}
}

// A session that waits for the end of an older connection is also put back after a fault at that end.
func TestFault_AtTheEndOfTheOlderConnection(t *testing.T) {
	withFaults(t, func(t *testing.T, w *world, down *atomic.Bool) {
		p := w.host.Player("alone")
		id := w.party(false, 4, p)
		again := w.host.Connect(p.UserID)
		w.must(w.grace.Started(t.Context(), again))
		down.Store(true)
		w.host.Disconnect(p)
		w.refused(w.ended(p), party.Internal)
		down.Store(false)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		w.members(w.admission.Current(id), 0, again)
		w.wantNoRetries()
	})
}

// An ended session is not tried again, and no user is taken out of a party entered since.
func TestFault_InVain(t *testing.T) {
	withFaults(t, func(t *testing.T, w *world, down *atomic.Bool) {
		w.set(func(p *rules.Parties) { p.OnePerUser = rules.LeavePrevious })
		p := w.host.Players(3)
		id := w.party(true, 4, p[:2]...)
		time.Sleep(time.Second)
		synctest.Wait()
		w.crash([]party.ID{id}, p[:2]...)
		w.grace.Close()
		w.restartWith(downStorage{w.host, down}, w.host)
		defer func() { w.admission.Close(); w.grace.Close() }()
		other := w.party(true, 4, p[2])
		down.Store(true)
		gone, moved := w.connectDuringFault(p[0].UserID), w.connectDuringFault(p[1].UserID)
		w.must(w.join(moved, other))
		w.drop(gone)
		down.Store(false)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		w.members(other, 0, p[2], moved)
		w.wantNoRetries()
		_, err := w.admission.Look(t.Context(), id)
		w.refused(err, party.PartyAway)
	})
}

// If the game has to create the party, that is no fault.
func TestFault_LeftToTheGame(t *testing.T) {
	withFaults(t, func(t *testing.T, w *world, _ *atomic.Bool) {
		w.clients = true
		p := w.host.Player("alone")
		w.party(true, 4, p)
		w.drop(p)
		again := w.host.Connect(p.UserID)
		w.refused(w.grace.Started(t.Context(), again), party.PartyAway)
		if n := w.grace.Running(); n != 1 {
			t.Errorf("%d timers run; want that of the kept seat alone", n)
		}
	})
}
