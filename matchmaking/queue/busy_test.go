package queue_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
	"partyline/party/ledger"
)

// A running match that does not answer delays the players of other matches only for a moment, in each kind of call.
func TestBusyMatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, configWithQueues())
		runningMatch(w, 0, 1)
		took := func(most time.Duration, do func()) {
			t.Helper()
			began := time.Now()
			do()
			if took := time.Since(began); took > most {
				t.Errorf("everybody has waited %v; want %v at most", took, most)
			}
		}
		w.launcher.busy = "running"
		late := w.player()
		w.queueSolo(late, rankedEU)
		for range 2 {
			duel(w)
			took(200*time.Millisecond, func() { // reserve
				if matches := w.process(); len(matches) != 1 || len(w.pool) != 1 {
					t.Errorf("matches = %v; want the one of others", matches)
				}
			})
		}
		if w.launcher.asked != 1 {
			t.Errorf("asked %d times; want once in a while", w.launcher.asked)
		}
		w.launcher.busy = ""
		w.clock.Advance(3 * time.Second)
		if groups := w.Process(t.Context(), w.poolEntries()); len(groups) != 1 {
			t.Fatalf("%d groups; want the one in the running match", len(groups))
		}
		w.launcher.busy = "running"
		duel(w)
		took(200*time.Millisecond, func() { // withdraws what the host did not collect, and does not ask again
			if groups := w.Process(t.Context(), w.poolEntries()); len(groups) != 1 {
				t.Errorf("%d groups; want the one of others", len(groups))
			}
		})
		w.launcher.busy = ""
		w.clock.Advance(10 * time.Second)
		w.pool = slices.DeleteFunc(w.pool, func(e *entry) bool { return e.session != late })
		groups := w.Process(t.Context(), w.poolEntries())
		if len(groups) != 1 {
			t.Fatalf("%d groups; want the one in the running match", len(groups))
		}
		w.launcher.busy = "running"
		took(2*2*time.Second, func() { // two tries to commit
			if match, err := w.Matched(t.Context(), groups[0]); match != "" || err == nil {
				t.Errorf("Matched = %q, %v; want an error", match, err)
			}
		})
		w.wantNotified(late, "matchmaking dropped internal")
	})
}

// If the host itself matches, a party whose record is being written delays neither its own match nor those of others.
// Friends who came in get seats too.
func TestMatched_NativeBusyParty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := native()
		cfg.Matchmaking.CreateMatch = true
		w := newWorld(t, cfg)
		busy, players := w.party(2)
		w.queueParty(busy, players[0], nil)
		w.must(w.admission.Admit(t.Context(), busy, w.player(), party.Grant{}, nil))
		w.queueSolo(w.player(), nil)
		written, visited := make(chan struct{}), make(chan error)
		go func() {
			visited <- w.admission.Visit(t.Context(), busy, func(*ledger.Visit) error {
				<-written
				return nil
			})
		}()
		synctest.Wait()
		began := time.Now()
		if match, err := w.Matched(t.Context(), w.poolEntries()); match != "match-0" || err != nil {
			t.Fatalf("Matched = %q, %v", match, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("everybody has waited %v for a party", took)
		}
		if claim := claimOf(t, w.launcher.launches[0], busy); len(claim.UserIDs) != 3 {
			t.Errorf("seats for %v; want one for the friend too", claim.UserIDs)
		}
		close(written)
		if err := <-visited; err != nil {
			t.Error(err)
		}
	})
}
