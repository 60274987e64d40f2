package reconnect_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/ledger"
	"partyline/party/rules"
)

// Who has lost the seat that was kept does not get it back by a crash long after.
func TestSurvive_LostSeatStaysLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		p := w.host.Players(3)
		id := w.party(true, 4, p...)
		time.Sleep(time.Second)
		synctest.Wait()
		w.host.Disconnect(p[1])
		_, err := w.admission.Look(t.Context(), id) // somebody looks before the host tells
		w.must(err)
		time.Sleep(time.Second)
		synctest.Wait()
		w.must(w.ended(p[1]))
		time.Sleep(10 * time.Minute) // the seat is lost
		synctest.Wait()
		w.crash([]party.ID{id}, p...)
		back, err := w.resume(w.host.Connect(p[1].UserID))
		if party.ReasonOf(err) != party.PartyNotFound {
			t.Errorf("back = %+v, %v; want refused", back, err)
		}
	})
}

// Another module takes a member off the party: who has left is not put back by a crash.
func TestSurvive_LeftWithoutAHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		p := w.host.Players(3)
		id := w.party(true, 4, p...)
		time.Sleep(time.Second)
		synctest.Wait()
		w.host.PartyLeave(p[1], id)
		_, err := w.admission.Look(t.Context(), id)
		w.must(err)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		w.crash([]party.ID{id}, p...)
		back, err := w.resume(w.host.Connect(p[1].UserID))
		if party.ReasonOf(err) != party.PartyNotFound {
			t.Errorf("back = %+v, %v; want refused", back, err)
		}
	})
}

// Kicked while away, where kicks ban nobody.
func TestSurvive_KickedWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute; p.KickBan = 0 })
		p := w.host.Players(3)
		id := w.party(true, 4, p...)
		time.Sleep(time.Second)
		synctest.Wait()
		w.host.Disconnect(p[1])
		_, err := w.admission.Look(t.Context(), id)
		w.must(err)
		time.Sleep(time.Second)
		synctest.Wait()
		_ = w.admission.Before(t.Context(), kickOf(id, p[0], p[1]), nil)
		w.must(w.ended(p[1]))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		w.crash([]party.ID{id}, p...)
		back, err := w.resume(w.host.Connect(p[1].UserID))
		if party.ReasonOf(err) != party.PartyNotFound {
			t.Errorf("back = %+v, %v; want refused", back, err)
		}
	})
}

func kickOf(id party.ID, leader, target party.Session) admission.Message {
	return admission.Message{Kind: admission.Remove, Party: id, Sender: leader, Target: target, CID: "7"}
}

// The leader loses the connection, and before that is told the server crashes: one member led then.
func TestSurvive_OneLedBefore(t *testing.T) {
	led := map[string]int{}
	for range 40 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, time.Now)
			defer func() { w.admission.Close(); w.grace.Close() }()
			w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
			p := w.host.Players(3)
			id := w.party(true, 4, p...)
			time.Sleep(time.Second)
			synctest.Wait()
			w.host.Disconnect(p[0])
			_, err := w.admission.Look(t.Context(), id)
			w.must(err)
			time.Sleep(time.Second)
			synctest.Wait()
			w.crash([]party.ID{id}, p...)
			_, err = w.resume(w.host.Connect(p[2].UserID))
			w.must(err)
			for _, m := range w.messages() {
				if m.Event == "back" {
					for i := range p {
						if m.Led == p[i].UserID {
							led[p[i].Username]++
						}
					}
				}
			}
		})
	}
	if len(led) != 1 {
		t.Errorf("led then: %v; want the same each time", led)
	}
}

// What was known of the native party before is forgotten, also while somebody is told the news of the next one.
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
			case c.Kind == party.PartyRestored: // somebody deals with the old one meanwhile, and keeps who returns for a moment
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

// What members were told at the start stays true when the rules change, also where those keep no seats any more.
func TestSurvive_RestartOfRulesWithoutSeats(t *testing.T) {
	for _, after := range []bool{false, true} { // somebody is back already
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, time.Now)
			defer func() { w.admission.Close(); w.grace.Close() }()
			w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
			p := w.host.Players(2)
			id := w.party(false, 4, p...)
			time.Sleep(time.Second)
			synctest.Wait()
			w.crash([]party.ID{id}, p...)
			if after {
				_, err := w.resume(w.host.Connect(p[0].UserID))
				w.must(err)
			}
			w.set(func(p *rules.Parties) { p.Survive.Restart, p.ReconnectGrace = 0, 0 })
			time.Sleep(minute / 2)
			back, err := w.resume(w.host.Connect(p[1].UserID))
			if err != nil || !back.Joined {
				t.Errorf("after %v: back = %+v, %v; want them in", after, back, err)
			}
		})
	}
}
