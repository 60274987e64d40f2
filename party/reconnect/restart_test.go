package reconnect_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// crashed is a party whose members all lost the connection with their server.
func crashed(t *testing.T, do func(w *world, id party.ID, p []party.Session)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		p := w.host.Players(3)
		id := w.party(false, 4, p...)
		time.Sleep(time.Second) // the members are written
		synctest.Wait()
		do(w, id, p)
	})
}

// No sweep has to find it.
func TestSurvive_LostAfterACrash(t *testing.T) {
	crashed(t, func(w *world, id party.ID, p []party.Session) {
		w.drop(p[2])
		w.crash([]party.ID{id}, p...)
		_, err := w.resume(w.host.Connect(p[0].UserID))
		w.must(err)
		told := len(w.heard())
		time.Sleep(minute - time.Second)
		synctest.Wait()
		w.toldSince(told)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		w.toldSince(told, "lost "+p[1].Username, "lost "+p[2].Username)
		if n := w.grace.Running(); n != 0 {
			t.Errorf("%d timers left; want none", n)
		}
	})
}

func (w *world) toldSince(before int, want ...string) {
	w.t.Helper()
	got := w.heard()[before:]
	if slices.Sort(got); !slices.Equal(got, want) {
		w.t.Errorf("the party was told %q; want %q", got, want)
	}
}

// The seat held for somebody in line is held again once a member is back.
func TestSurvive_LineAfterACrash(t *testing.T) {
	crashed(t, func(w *world, id party.ID, p []party.Session) {
		w.must(w.admission.Visit(t.Context(), id, func(v *ledger.Visit) error {
			w.must(v.Look())
			waiter := v.Book.Join("waiter", time.Now())
			waiter.Until = time.Now().Add(10 * time.Second)
			v.Book.Waiting["waiter"] = waiter
			return v.WriteLine(func(r reserve.Record) { r.Waiting["waiter"] = waiter })
		}))
		w.crash([]party.ID{id}, p...)
		time.Sleep(20 * time.Second)
		_, err := w.resume(w.host.Connect(p[0].UserID))
		w.must(err)
		if look, err := w.admission.Look(t.Context(), id); err != nil || look.Waiting != 1 {
			t.Errorf("%d wait, %v; want 1", look.Waiting, err)
		}
	})
}
