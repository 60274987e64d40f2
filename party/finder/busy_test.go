package finder_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/finder"
)

// stall lets the leader of a party kick a user while storage does not answer until release.
func (w *world) stall(id party.ID, leader, kicked party.Session) (release func()) {
	gate := make(chan struct{})
	w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
		if slices.ContainsFunc(writes, func(o *runtime.StorageWrite) bool { return o.Key == id.UUID.String() }) {
			<-gate
		}
		return nil
	}
	w.must(w.admission.BeginKick(context.Background(), id, kicked, leader))
	w.must(w.host.PartyRemove(leader, kicked, id))
	go func() { _ = w.admission.Kicked(context.Background(), id, kicked) }()
	synctest.Wait()
	return func() {
		close(gate)
		synctest.Wait()
	}
}

// A party whose write hangs does not hide the other parties, and is found again after the write.
func TestFind_BesideABusyParty(t *testing.T) {
	for name, searched := range map[string]bool{"known": true, "not indexed yet": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.conf.Parties.KickBan = 1
				p := w.host.Players(6)
				busy := w.party(p[0], true, 4, `{"mode":"duo"}`)
				w.join(p[1], busy)
				idle := w.party(p[2], true, 4, `{"mode":"trio"}`)
				if searched {
					w.finds(p[3], `{"free_seats":1}`, busy, idle)
				}
				w.join(p[4], busy)
				release := w.stall(busy, p[0], p[1])
				w.finds(p[3], `{"label":{"mode":"trio"}}`, idle)
				w.finds(p[3], `{"free_seats":1}`, idle)
				w.finds(p[3], `{"label":{"mode":"duo"}}`)
				if joined, err := w.quick(p[3], `{}`); err != nil || joined.PartyID != idle.String() {
					t.Errorf("quick join beside a busy party: %+v, %v; want the other", joined, err)
				}
				w.must(w.finder.Sweep(t.Context()))
				type answer struct {
					finder.Joined
					error
				}
				waits := make(chan answer, 1)
				go func() {
					joined, err := w.quick(p[5], `{"mode":"duo"}`)
					waits <- answer{joined, err}
				}()
				time.Sleep(4 * time.Second) // as long as a write may take
				release()
				if a := <-waits; a.error != nil || a.PartyID != busy.String() {
					t.Errorf("quick join where the busy party alone fits: %+v; want it", a)
				}
				both := []party.ID{busy, idle}
				if !searched { // the player was told later
					slices.Reverse(both)
				}
				w.finds(p[1], `{"free_seats":1}`, both...)
			})
		})
	}
}

// News of seats that comes after a party's end is ignored.
func TestFind_NewsBehindTheEnd(t *testing.T) {
	w := newWorld(t)
	w.conf.Parties.ReconnectGrace = 1
	p := w.host.Players(2)
	for range 5 {
		id := w.party(p[0], true, 4, `{}`)
		w.host.PartyClose(id)
		w.admission.Closed(t.Context(), id)
		w.admission.HoldsChanged(id, false)
		w.admission.Stored(id, "i")
		w.must(w.admission.Expire(t.Context(), party.Seat{ID: id, Member: p[0]}))
	}
	lives := w.party(p[1], true, 4, `{}`)
	w.must(w.finder.Sweep(t.Context())) // nobody has searched
	if n := w.finder.Kept(); n != 1 {
		t.Errorf("%d parties are kept; want the one that lives", n)
	}
	w.host.PartyClose(lives)
	w.admission.Closed(t.Context(), lives)
	before, _ := w.host.Calls()
	w.finds(p[1], `{"free_seats":0}`)
	if reads, _ := w.host.Calls(); reads > before {
		t.Errorf("searches read storage %d times for parties that have ended", reads-before)
	}
}
