package reconnect_test

import (
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
