package reconnect_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// race starts n calls of f at once and waits for them.
func race(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// Fifty players want the seat of a member while the member drops and comes back.
func TestRace_FiftyForTheKeptSeat(t *testing.T) {
	for round := range 20 {
		w := newWorld(t, time.Now)
		p := w.host.Players(3)
		id := w.party(true, 3, p...)
		racers := w.host.Players(50)
		w.host.Disconnect(p[1]) // and the host has not reported it
		var back party.Session
		race(len(racers)+2, func(i int) {
			switch {
			case i == len(racers):
				back = w.host.Connect(p[1].UserID)
				if got, err := w.resume(back); err != nil || !got.Joined {
					t.Errorf("round %d: Resume = %+v, %v; want the seat", round, got, err)
				}
			case i == len(racers)+1:
				if err := w.ended(p[1]); err != nil {
					t.Error(err)
				}
			case i%3 == 0:
				w.refused(w.join(racers[i], id), party.PartyFull)
			case i%3 == 1:
				w.refused(w.admit(racers[i], id), party.PartyFull)
			default:
				_, err := w.resume(racers[i])
				w.refused(err, party.PartyNotFound)
			}
		})
		w.members(id, 0, p[0], p[2], back)
		w.nothingLeft()
	}
}

// Two sessions of one user come back at once, again and again.
func TestRace_OneUserManySessions(t *testing.T) {
	for range 30 {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(true, 4, p...)
		w.drop(p[1])
		var in atomic.Int32
		race(10, func(int) {
			got, err := w.resume(w.host.Connect(p[1].UserID))
			switch {
			case err != nil || got.PartyID != id.String():
				t.Errorf("Resume = %+v, %v; want to be in or to wait", got, err)
			case got.Joined:
				in.Add(1)
			}
		})
		if in.Load() != 1 || len(w.host.Members(id)) != 2 {
			t.Errorf("%d came back, %d members; want 1 and 2", in.Load(), len(w.host.Members(id)))
		}
	}
}

// Everybody was away, and a user comes back in two ways at once. The second way finds the party under its new ID, and
// must not leave it as another party.
func TestRace_TwoWaysBack(t *testing.T) {
	for _, rule := range []rules.OnePerUser{rules.Default().Parties.OnePerUser, rules.OnePartyOnly, rules.LeavePrevious} {
		for range 30 {
			w := newWorld(t, time.Now)
			w.set(func(c *rules.Parties) { c.OnePerUser = rule })
			p := w.host.Player("alone")
			id := w.party(false, 4, p)
			w.host.Disconnect(p)
			w.must(w.ended(p))
			again := w.host.Connect(p.UserID)
			race(4, func(i int) {
				err := error(nil)
				if i%2 == 0 {
					_, err = w.resume(again)
				} else {
					err = w.admit(again, id)
				}
				if err != nil {
					t.Errorf("%s, way %d: %v", rule, i, err)
				}
			})
			w.members(w.admission.Current(id), 0, again)
		}
	}
}

// A hundred members of twenty-five parties drop and come back at once, while strangers try all ways in. One member of
// each party stays.
func TestRace_Storm(t *testing.T) {
	const parties, size, strangers = 25, 5, 2
	w := newWorld(t, time.Now)
	w.set(func(c *rules.Parties) { c.ResumeOnConnect = true })
	type seat struct {
		id party.ID
		s  party.Session
	}
	var ids []party.ID
	var stays, drops []party.Session
	home := map[string]party.ID{}
	var outside []seat
	for range parties {
		p := w.host.Players(size)
		id := w.party(len(ids)%2 == 0, size, p...)
		ids = append(ids, id)
		stays = append(stays, p[0])
		for _, s := range p[1:] {
			drops = append(drops, s)
			home[s.UserID] = id
		}
		for _, s := range w.host.Players(strangers) {
			outside = append(outside, seat{id, s})
		}
	}
	var wg sync.WaitGroup
	for _, o := range outside {
		wg.Go(func() {
			for range 5 {
				w.refused(w.admit(o.s, o.id), party.PartyFull)
				w.refused(w.admission.BeginJoin(t.Context(), o.id, o.s), party.PartyFull)
			}
		})
	}
	race(len(drops), func(i int) {
		s := drops[i]
		w.host.Disconnect(s)
		var both sync.WaitGroup
		both.Go(func() {
			if err := w.ended(s); err != nil {
				t.Error(err)
			}
		})
		again := w.host.Connect(s.UserID)
		if i%2 == 0 {
			both.Go(func() {
				if err := w.grace.Started(t.Context(), again); err != nil {
					t.Error(err)
				}
			})
		}
		got, err := w.resume(again)
		if want := (party.Resumption{PartyID: home[s.UserID].String(), Joined: true}); err != nil || got != want {
			t.Errorf("Resume = %+v, %v; want %+v", got, err, want)
		}
		both.Wait()
	})
	wg.Wait()
	for i, id := range ids {
		members := w.host.Members(id)
		if len(members) != size || members[0] != stays[i] {
			t.Errorf("members = %v; want all five", members)
		}
		for _, m := range members[1:] {
			if home[m.UserID] != id {
				t.Errorf("%v came back into another party", m)
			}
		}
		if ghosts := w.host.Ghosts(id); len(ghosts) > 0 {
			t.Errorf("ghosts = %v; want none", ghosts)
		}
		if held, err := w.admission.Held(t.Context(), id); held != 0 || err != nil {
			t.Errorf("Held = %d, %v; want none", held, err)
		}
	}
	if again := w.heardEvents(); len(again)%2 != 0 {
		t.Errorf("%d messages; want a back for each away", len(again))
	}
	w.nothingLeft()
}

// Everybody drops: the parties end, and nothing is left.
func TestRace_StormWithoutSurvivors(t *testing.T) {
	w := newWorld(t, time.Now)
	w.set(func(p *rules.Parties) { p.Survive.EveryoneAway = false })
	var all []party.Session
	var ids []party.ID
	for range 20 {
		p := w.host.Players(5)
		ids = append(ids, w.party(true, 5, p...))
		all = append(all, p...)
	}
	race(len(all), func(i int) {
		w.host.Disconnect(all[i])
		if err := w.ended(all[i]); err != nil {
			t.Error(err)
		}
		// The user is back before the others have gone, or after the party has ended.
		again := w.host.Connect(all[i].UserID)
		if _, err := w.resume(again); err != nil {
			w.refused(err, party.PartyNotFound)
		}
		w.host.Disconnect(again)
		if err := w.ended(again); err != nil {
			t.Error(err)
		}
	})
	if err := w.admission.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	for _, id := range ids {
		if members := w.host.Members(id); len(members) > 0 {
			t.Errorf("members = %v; want none", members)
		}
	}
	if n := w.grace.Running(); n != 0 {
		t.Errorf("%d timers left; want none", n)
	}
	w.nothingLeft()
}

// A kick and a return happen at once. Either the kick finds the user away, and the user stays out. Or the user is in
// first, and the host decides about the new session.
func TestRace_KickAndReturn(t *testing.T) {
	for range 50 {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(true, 2, p...)
		w.drop(p[1])
		again := w.host.Connect(p[1].UserID)
		var failed error
		race(2, func(i int) {
			if i == 0 {
				if err := w.admission.BeginKick(t.Context(), id, p[1], p[0]); err != nil {
					t.Error(err)
				}
				return
			}
			_, failed = w.resume(again)
		})
		in := slices.Contains(w.host.Members(id), again)
		removed := w.admission.Stats().Kicks > 0
		if in == removed || in != (failed == nil) {
			t.Errorf("kicked: %v, in: %v, %v", removed, in, failed)
		}
		w.nothingLeft()
	}
}
