package reconnect_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/rules"
)

// A user who is out of the party for good is not put back by a crash long after.
func TestSurvive_OutStaysOut(t *testing.T) {
	for name, goes := range map[string]func(w *world, id party.ID, p []party.Session){
		"lost": func(w *world, id party.ID, p []party.Session) {
			w.disconnectUnreported(p[1], id)
			w.must(w.ended(p[1]))
		},
		"kicked_while_away": func(w *world, id party.ID, p []party.Session) {
			w.set(func(p *rules.Parties) { p.KickBan = 0 })
			w.disconnectUnreported(p[1], id)
			w.kick(p[0], p[1], id)
			w.must(w.ended(p[1]))
		},
		"taken_off_by_another_module": func(w *world, id party.ID, p []party.Session) {
			w.host.PartyLeave(p[1], id)
			_, err := w.admission.Look(t.Context(), id)
			w.must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			afterCrash(t, func(w *world, id party.ID, p []party.Session) {
				goes(w, id, p)
				time.Sleep(10 * time.Minute) // a kept seat is lost by then
				synctest.Wait()
				w.crash([]party.ID{id}, p...)
				_, err := w.resume(w.host.Connect(p[1].UserID))
				w.refused(err, party.PartyNotFound)
			})
		})
	}
}

// disconnectUnreported ends a member's connection, and looks before the host reports the end.
func (w *world) disconnectUnreported(s party.Session, id party.ID) {
	w.t.Helper()
	w.host.Disconnect(s)
	_, err := w.admission.Look(w.t.Context(), id)
	w.must(err)
	time.Sleep(time.Second) // the members are written
	synctest.Wait()
}

// The leader loses the connection, and the server crashes before that is reported. The record must have one leader.
func TestSurvive_OneLedBefore(t *testing.T) {
	led := map[string]int{}
	for range 40 {
		afterCrash(t, func(w *world, id party.ID, p []party.Session) {
			w.disconnectUnreported(p[0], id)
			w.crash([]party.ID{id}, p...)
			_, err := w.resume(w.host.Connect(p[2].UserID))
			w.must(err)
			for _, m := range w.messages() {
				i := slices.IndexFunc(p, func(s party.Session) bool { return s.UserID == m.Led })
				if m.Event == "back" && i >= 0 {
					led[p[i].Username]++
				}
			}
		})
	}
	if len(led) != 1 {
		t.Errorf("led then: %v; want the same each time", led)
	}
}

// The old native party is forgotten, even during the news of the next one.
func TestSurvive_OldPlaceIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.EveryoneAway = true })
		p := w.host.Players(2)
		id := w.party(true, 4, p...)
		w.drop(p[0])
		w.drop(p[1])
		free, slow := make(chan bool), make(chan bool)
		w.news.Subscribe(func(c party.Change) {
			switch {
			case c.Kind == party.PartyRestored: // a visit of the old place meanwhile, which delays the returning member
				in := make(chan bool)
				go w.admission.Briefly(id, func(*ledger.Visit) { close(in); <-free })
				<-in
			case c.Kind == party.SeatBack && c.Seat.Member.UserID == p[1].UserID:
				<-slow
			}
		})
		s0, s1 := w.host.Connect(p[0].UserID), w.host.Connect(p[1].UserID)
		go func() { _, _ = w.resume(s0) }()
		synctest.Wait()
		go func() { _, _ = w.resume(s1) }()
		synctest.Wait()
		close(free)
		synctest.Wait()
		close(slow)
		synctest.Wait()
		native := w.admission.Current(id)
		w.members(native, 0, s0, s1)
		for range 3 {
			time.Sleep(minute)
			w.must(w.admission.Sweep(t.Context()))
		}
		if slices.Contains(w.admission.Known(), id) {
			t.Errorf("%v is still known; it is %v by now", id, native)
		}
	})
}

// When a connection ends, the host takes the member off the party at once and reports it later. A crash in between
// keeps their seat, whatever else was written of the party.
func TestSurvive_CrashBeforeADropIsTold(t *testing.T) {
	for _, leaves := range []bool{false, true} {
		afterCrash(t, func(w *world, id party.ID, p []party.Session) {
			if leaves {
				w.leave(p[1], id)
			}
			w.host.Disconnect(p[1])
			w.must(w.admit(w.host.Player("newcomer"), id))
			time.Sleep(time.Second) // the members are written
			synctest.Wait()
			w.crash([]party.ID{id}, p...)
			back, err := w.resume(w.host.Connect(p[1].UserID))
			if leaves {
				w.refused(err, party.PartyNotFound)
			} else if w.must(err); !back.Joined {
				t.Errorf("back = %+v; want them in", back)
			}
		})
	}
}

// What members were told at the start stays true when the rules change, also if they keep no seats any more.
func TestSurvive_RestartOfNewRules(t *testing.T) {
	for _, grace := range []time.Duration{minute, 0} {
		for _, after := range []bool{false, true} { // whether a member is back already
			afterCrash(t, func(w *world, id party.ID, p []party.Session) {
				w.crash([]party.ID{id}, p...)
				if after {
					_, err := w.resume(w.host.Connect(p[0].UserID))
					w.must(err)
				}
				w.set(func(p *rules.Parties) { p.Survive.Restart, p.ReconnectGrace = 0, grace })
				time.Sleep(minute - time.Second)
				back, err := w.resume(w.host.Connect(p[1].UserID))
				if err != nil || !back.Joined {
					t.Errorf("grace %v, after %v: back = %+v, %v; want them in", grace, after, back, err)
				}
			})
		}
	}
}
