package reconnect_test

import (
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
	"partyline/party/admission"
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
