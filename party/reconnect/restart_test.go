package reconnect_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// A return that fails counts as one more lost connection: both members have their seats.
func TestSurvive_ReturnBreaksOff(t *testing.T) {
	for _, restart := range []time.Duration{0, minute} {
		for name, when := range map[string]func(*world, func()){
			"before it is in": func(w *world, end func()) { w.joining = end },
			"once it is in":   func(w *world, end func()) { w.leaving = end },
		} {
			t.Run(name, func(t *testing.T) { returnFails(t, restart, when) })
		}
	}
}

func returnFails(t *testing.T, restart time.Duration, when func(*world, func())) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = restart })
		p := w.host.Players(2)
		id := w.party(false, 3, p...)
		w.drop(p[0])
		w.drop(p[1])
		w.news.Subscribe(func(c party.Change) {
			if c.Kind == party.SeatLost || c.Kind == party.PartyEnded && c.Was == id {
				t.Errorf("news %+v; the party goes on, and keeps both seats", c)
			}
		})
		broken := w.host.Connect(p[0].UserID)
		told := make(chan error, 1)
		when(w, func() {
			w.host.Disconnect(broken)
			go func() { told <- w.ended(broken) }()
			time.Sleep(time.Second) // it has gone as far as it can
		})
		_, err := w.resume(broken)
		w.refused(err, party.NoLiveSession)
		w.joining, w.leaving = nil, nil
		w.must(<-told)
		look, err := w.admission.Look(t.Context(), id)
		w.refused(err, party.PartyAway)
		if !look.Returning(p[0].UserID) || !look.Returning(p[1].UserID) {
			t.Errorf("seats are kept for %v; want both", look.Away)
		}
		second := w.host.Connect(p[1].UserID)
		_, err = w.resume(second)
		w.must(err)
		now := w.admission.Current(id)
		w.members(now, 1, second)
		w.members(now, 0, second, w.resumeInto(p[0].UserID, now))
	})
}

// The members of the old party are not yet written when the new one is empty again, and that has not been reported.
func TestSurvive_DroppedRightAfterTheReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		time.Sleep(2 * minute) // the server has run for longer than members may come back after a crash
		p := w.host.Players(2)
		id := w.party(false, 3, p...)
		time.Sleep(time.Second)
		w.drop(p[0])
		w.drop(p[1])
		back := w.host.Connect(p[0].UserID)
		_, err := w.resume(back)
		w.must(err)
		w.host.Disconnect(back)
		time.Sleep(time.Second)
		synctest.Wait()
		look, err := w.admission.Look(t.Context(), id)
		w.refused(err, party.PartyAway)
		if !look.Returning(p[0].UserID) || !look.Returning(p[1].UserID) {
			t.Errorf("seats are kept for %v; want both", look.Away)
		}
		_, err = w.resume(w.host.Connect(p[1].UserID))
		w.must(err)
	})
}

// afterCrash makes a party whose members all lost the connection with their server.
func afterCrash(t *testing.T, do func(w *world, id party.ID, p []party.Session)) {
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

// Nobody has looked at the party since the server is back.
func TestSurvive_LeftAfterACrash(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		w.crash([]party.ID{id}, p...)
		for i := range p {
			s := w.host.Connect(p[i].UserID)
			w.leave(s, id)
			look, err := w.admission.Look(t.Context(), id)
			if want := len(p) - 1 - i; len(look.Away) != want || look.Returning(s.UserID) {
				t.Errorf("seats are kept for %v; want %d", look.Away, want)
			} else if want > 0 {
				w.refused(err, party.PartyAway)
			} else {
				w.refused(err, party.PartyNotFound)
			}
			_, err = w.resume(s)
			w.refused(err, party.PartyNotFound)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		w.nothingLeft()
	})
}

// A player who has not been back knows only the party's old ID.
func TestSurvive_LeftByTheOldID(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(false, 2, p...)
	w.drop(p[0])
	w.drop(p[1])
	first := w.host.Connect(p[0].UserID)
	_, err := w.resume(first)
	w.must(err)
	now := w.admission.Current(id)
	w.leave(first, id) // the old ID: the session is in the new one
	w.members(now, 1, first)
	second := w.host.Connect(p[1].UserID)
	w.leave(second, id)
	w.members(now, 0, first)
	_, err = w.resume(second)
	w.refused(err, party.PartyNotFound)
}

// The drop of the last member has not been reported. A player who leaves or moves on meanwhile ends only their own
// seat.
func TestSurvive_LeftBeforeAnybodyIsTold(t *testing.T) {
	for name, drops := range map[string]func(w *world, id party.ID, p []party.Session) (last party.Session){
		"by a stranger": func(w *world, id party.ID, p []party.Session) party.Session {
			w.host.Disconnect(p[0])
			w.host.Disconnect(p[1])
			w.leave(p[2], id)
			return p[1]
		},
		"by a stranger, by the old ID": func(w *world, id party.ID, p []party.Session) party.Session {
			w.drop(p[0])
			w.drop(p[1])
			back := w.host.Connect(p[1].UserID)
			_, err := w.resume(back)
			w.must(err)
			w.host.Disconnect(back)
			w.leave(p[2], id)
			return back
		},
		"by a member who is away": func(w *world, id party.ID, p []party.Session) party.Session {
			w.drop(p[0])
			w.host.Disconnect(p[1])
			w.leave(w.host.Connect(p[0].UserID), id)
			return p[1]
		},
		"into another party": func(w *world, _ party.ID, p []party.Session) party.Session {
			w.drop(p[0])
			w.host.Disconnect(p[1])
			w.must(w.admit(w.host.Connect(p[0].UserID), w.party(true, 4, p[2])))
			return p[1]
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, partytest.NewTime().Now)
			w.set(func(p *rules.Parties) { p.OnePerUser = rules.OnePartyOnly })
			w.news.Subscribe(func(c party.Change) {
				if c.Kind == party.PartyEnded {
					t.Errorf("party %s has ended; a seat is kept there", c.ID)
				}
			})
			p := w.host.Players(3)
			id := w.party(true, 4, p[:2]...)
			last := drops(w, id, p)
			w.must(w.ended(last))
			_, err := w.admission.Look(t.Context(), id)
			w.refused(err, party.PartyAway)
			if got, err := w.resume(w.host.Connect(last.UserID)); err != nil || !got.Joined {
				t.Errorf("Resume = %+v, %v; want the party that was", got, err)
			}
		})
	}
}

func TestSurvive_EnteredAnotherAfterACrash(t *testing.T) {
	for _, rule := range []rules.OnePerUser{rules.OnePartyOnly, rules.LeavePrevious} {
		afterCrash(t, func(w *world, id party.ID, p []party.Session) {
			w.set(func(p *rules.Parties) { p.OnePerUser = rule })
			w.crash([]party.ID{id}, p...)
			s := w.host.Connect(p[0].UserID)
			other := w.party(false, 4, s)
			if got, err := w.resume(s); err != nil || got.PartyID != other.String() {
				t.Errorf("Resume = %+v, %v; want %v, where the player is", got, err, other)
			}
			w.members(other, 0, s)
			back := w.host.Connect(p[1].UserID)
			_, err := w.resume(back)
			w.must(err)
			w.members(w.admission.Current(id), 1, back) // for the third player
		})
	}
}

// The record is stored under the party's first ID.
func TestSurvive_CrashAfterAReturn(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		for _, s := range p {
			w.drop(s)
		}
		for i, s := range p {
			p[i] = w.host.Connect(s.UserID)
			_, err := w.resume(p[i])
			w.must(err)
		}
		last := w.admission.Current(id)
		time.Sleep(time.Second)
		synctest.Wait()
		w.crash([]party.ID{last}, p...)
		_, err := w.admission.Look(t.Context(), party.ID{Node: partytest.Node})
		w.refused(err, party.PartyNotFound)
		w.refused(w.join(w.host.Player("stranger"), last), party.PartyAway)
		w.leave(w.host.Connect(p[2].UserID), last) // nobody has used another ID since
		look, err := w.admission.Look(t.Context(), last)
		w.refused(err, party.PartyAway)
		if len(look.Away) != 2 || look.Returning(p[2].UserID) || look.Origin != id {
			t.Errorf("the look is %+v; want two seats in %s", look, id)
		}
		first := w.host.Connect(p[0].UserID)
		_, err = w.resume(first)
		w.must(err)
		now := w.admission.Current(last)
		w.members(now, 1, first)
		if w.admission.Current(id) != now {
			t.Errorf("the first ID leads to %s; want %s", w.admission.Current(id), now)
		}
		w.drop(first)
		time.Sleep(2 * minute)
		synctest.Wait()
		for _, old := range []party.ID{id, last, now} {
			_, err := w.admission.Look(t.Context(), old)
			w.refused(err, party.PartyNotFound)
			if to := w.admission.Current(old); to != old {
				t.Errorf("%s still leads to %s, which is over", old, to)
			}
		}
	})
}

// The process knows one of the parties already.
func TestSurvive_SeveralAfterACrash(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		other := w.party(false, 4, p[0])
		time.Sleep(time.Second)
		synctest.Wait()
		w.crash([]party.ID{id, other}, p...)
		back := w.host.Connect(p[1].UserID)
		_, err := w.resume(back)
		w.must(err)
		s := w.host.Connect(p[0].UserID)
		_, err = w.resume(s)
		w.must(err)
		w.members(w.admission.Current(id), 1, back, s)
		w.members(w.admission.Current(other), 0, s)
	})
}

// Data from before survive.restart was switched off puts nobody back into a party.
func TestSurvive_SwitchedOff(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		switches := func(restart time.Duration) {
			w.set(func(p *rules.Parties) { p.Survive.Restart = restart })
			w.admission.Recorder.RulesLoaded()
			time.Sleep(time.Second)
			synctest.Wait()
		}
		switches(0)
		w.nothingLeft()
		w.leave(p[2], id)
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute }) // before the start
		w.crash([]party.ID{id}, p...)
		_, err := w.resume(w.host.Connect(p[2].UserID))
		w.refused(err, party.PartyNotFound)

		p = []party.Session{w.host.Connect(p[0].UserID), w.host.Connect(p[1].UserID)}
		id = w.party(true, 4, p...)
		switches(0)
		switches(minute)
		w.crash([]party.ID{id}, p...)
		w.resumeAnywhere(p[1])
	})
}

// The timer ends it, without a sweep.
func TestSurvive_LostAfterACrash(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		w.drop(p[2])
		w.crash([]party.ID{id}, p...)
		_, err := w.resume(w.host.Connect(p[0].UserID))
		w.must(err)
		told := len(w.heardEvents())
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
	got := w.heardEvents()[before:]
	if slices.Sort(got); !slices.Equal(got, want) {
		w.t.Errorf("the party was told %q; want %q", got, want)
	}
}

// A seat held for a player on the wait list is held again when a member is back.
func TestSurvive_LineAfterACrash(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		w.must(w.admission.Visit(t.Context(), id, func(v *ledger.Visit) error {
			w.must(v.Look())
			waiter := v.Book.Join("waiter", "", time.Now())
			waiter.Until = time.Now().Add(10 * time.Second)
			v.Book.Waiting["waiter"] = waiter
			return v.WriteWaitlist(func(r reserve.Record) { r.Waiting["waiter"] = waiter })
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

// A party that is away stays so when the rules change.
func TestSurvive_RulesChange(t *testing.T) {
	for name, change := range map[string]func(*rules.Parties){
		"no grace":               func(p *rules.Parties) { p.ReconnectGrace = 0 },
		"not with everyone away": func(p *rules.Parties) { p.Survive.EveryoneAway = false },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				p := w.host.Players(2)
				id := w.party(false, 3, p...)
				w.drop(p[0])
				w.drop(p[1])
				w.set(change)
				_, err := w.admission.Look(t.Context(), id)
				w.refused(err, party.PartyAway)
				first := w.host.Connect(p[0].UserID)
				_, err = w.resume(first)
				w.must(err)
				now := w.admission.Current(id)
				w.members(now, 1, first)
				time.Sleep(minute + time.Second)
				synctest.Wait()
				w.members(now, 0, first)
				w.drop(first) // after the change no seat is kept
				_, err = w.admission.Look(t.Context(), id)
				w.refused(err, party.PartyNotFound)
				w.nothingLeft()
			})
		})
	}
}

// A seat kept before the crash stays for as long as its player was told. It does not matter whether anybody looks at
// the party in the time that the members have.
func TestSurvive_ASeatKeptBeforeTheCrash(t *testing.T) {
	for _, looked := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, time.Now)
			w.set(func(p *rules.Parties) { p.ReconnectGrace, p.Survive.Restart = minute, 5*time.Second })
			p := w.host.Players(3)
			id := w.party(true, 4, p...)
			time.Sleep(2 * time.Second) // its members are stored
			w.drop(p[2])
			time.Sleep(time.Second)
			w.crash([]party.ID{id}, p[0], p[1])
			if looked {
				_, err := w.admission.Look(t.Context(), id)
				w.refused(err, party.PartyAway)
			}
			time.Sleep(9 * time.Second)
			_, err := w.resume(w.host.Connect(p[0].UserID))
			w.refused(err, party.PartyNotFound) // too late for the members at the crash
			back := w.host.Connect(p[2].UserID)
			_, err = w.resume(back)
			w.must(err)
			w.members(w.admission.Current(id), 0, back)
			w.admission.Close()
			w.grace.Close()
		})
	}
}

// Entering another party gives up a seat kept before a restart, even if the rules now keep seats for a shorter time.
func TestSurvive_GivenUpUnderAShorterGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.set(func(p *rules.Parties) { p.ReconnectGrace, p.OnePerUser = 2*minute, rules.LeavePrevious })
		p := w.host.Players(2)
		id := w.party(true, 3, p...)
		w.drop(p[0])
		w.drop(p[1])
		w.crash(nil)
		w.set(func(p *rules.Parties) { p.ReconnectGrace = time.Second })
		time.Sleep(10 * time.Second)
		back := w.host.Connect(p[0].UserID)
		w.leave(back, w.party(true, 2, back))
		_, err := w.resume(back)
		w.refused(err, party.PartyNotFound)
		other := w.host.Connect(p[1].UserID)
		_, err = w.resume(other)
		w.must(err)
		w.members(w.admission.Current(id), 0, other)
		w.admission.Close()
		w.grace.Close()
	})
}

// If the rules stop keeping seats, promised seats stay, and so does a party whose last member drops.
func TestSurvive_GraceSetToZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(true, 3, p...)
		w.drop(p[1])
		w.set(func(p *rules.Parties) { p.ReconnectGrace = 0 })
		w.drop(p[0])
		_, err := w.resume(w.host.Connect(p[0].UserID))
		w.refused(err, party.PartyNotFound)
		back := w.host.Connect(p[1].UserID)
		_, err = w.resume(back)
		w.must(err)
		w.members(w.admission.Current(id), 0, back)
		w.admission.Close()
		w.grace.Close()
	})
}
