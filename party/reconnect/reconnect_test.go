package reconnect_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

func TestGrace_AwayAndBack(t *testing.T) {
	for _, open := range []bool{true, false} {
		w := newWorld(t, partytest.NewTime().Now)
		p := w.host.Players(4)
		id := w.party(open, 3, p[0], p[1], p[2])
		w.drop(p[1])
		w.told("away player2")
		if until := w.messages()[0].Until; until != w.now().Add(minute).Unix() {
			t.Errorf("until = %d; want a minute from now", until)
		}
		w.members(id, 1, p[0], p[2])
		w.refused(w.join(p[3], id), party.PartyFull)
		back := w.resumeInto(p[1].UserID, id)
		w.told("away player2", "back player2")
		w.members(id, 0, p[0], p[2], back)
		w.nothingLeft()
		// A returned member is a member like any other.
		if got, err := w.resume(back); err != nil || !got.Joined || got.PartyID != id.String() {
			t.Errorf("Resume of a member = %+v, %v; want the same answer", got, err)
		}
		w.drop(back)
		w.resumeInto(p[1].UserID, id)
		w.told("away player2", "back player2", "away player2", "back player2")
	}
}

// The kept seat is not free for others, by any way in.
func TestGrace_NobodyElseTakesTheSeat(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(5)
	id := w.party(false, 2, p[0], p[1])
	other := w.party(true, 2, p[2], p[3])
	w.drop(p[1])
	w.drop(p[3])
	w.refused(w.admit(p[4], id), party.PartyFull)
	w.refused(w.check(p[4], id), party.PartyFull)
	w.refused(w.accept(p[0], p[4], id), party.PartyFull)
	w.refused(w.join(p[4], id), party.PartyFull) // may not even ask
	w.refused(w.join(p[4], other), party.PartyFull)
	w.refused(w.admission.Hold(ctx, id, reserve.Hold{InviteID: "i", UserIDs: []string{p[4].UserID}, ExpiresAt: w.now().Add(minute)}), party.PartyFull)
	w.refused(w.admission.Admit(ctx, id, p[4], party.Grant{Back: true}, nil), party.PartyNotFound)
	w.refused(w.admission.Admit(ctx, id, p[3], party.Grant{Back: true}, nil), party.PartyNotFound) // is away from another party
	_, err := w.resume(p[4])
	w.refused(err, party.PartyNotFound)
	w.members(id, 1, p[0])
	w.members(other, 1, p[2])
}

// The user gets their own seat by any way in.
func TestGrace_AnyDoorLeadsToTheSeat(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	open := w.party(true, 2, p[0], p[1])
	w.drop(p[1])
	natively := w.host.Connect(p[1].UserID)
	w.must(w.join(natively, open))
	w.told("away player2", "back player2")
	w.members(open, 0, p[0], natively)
	w.drop(natively)
	invited := w.host.Connect(p[1].UserID)
	w.must(w.admit(invited, open))
	w.members(open, 0, p[0], invited)
	w.leave(invited, open)

	closed := w.party(false, 2, p[0], invited)
	w.drop(invited)
	asks := w.host.Connect(p[1].UserID)
	w.must(w.join(asks, closed))
	w.members(closed, 1, p[0])
	w.must(w.accept(p[0], asks, closed))
	w.members(closed, 0, p[0], asks)
	w.told("away player2", "back player2", "away player2", "back player2", "away player2", "back player2")
	w.nothingLeft()
}

func TestGrace_LeavingOnPurposeKeepsNothing(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(true, 3, p...)
	w.leave(p[1], id)
	w.drop(p[1])
	w.told()
	w.members(id, 0, p[0], p[2])

	// From another way in, after the connection was lost.
	w.drop(p[2])
	later := w.host.Connect(p[2].UserID)
	w.leave(later, id)
	w.told("away player3", "lost player3")
	_, err := w.resume(later)
	w.refused(err, party.PartyNotFound)
	w.members(id, 0, p[0])
	w.nothingLeft()
}

// The hook of a leave may come after the report of the session's end.
func TestGrace_LeaveOvertakenByTheEndOfTheSession(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 3, p...)
	w.drop(p[1])
	w.leave(p[1], id)
	w.told("away player2", "lost player2")
	w.members(id, 0, p[0])
	w.nothingLeft()
}

func TestGrace_KickedKeepsNothing(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(true, 3, p...)
	w.kick(p[0], p[1], id)
	w.drop(p[1])
	w.told("removed player2")
	again := w.host.Connect(p[1].UserID)
	_, err := w.resume(again)
	w.refused(err, party.PartyNotFound)
	w.refused(w.join(again, id), party.Banned)
	w.members(id, 0, p[0], p[2])
	w.nothingLeft()
}

func TestGrace_KickOfSomebodyAway(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(true, 3, p...)
	w.drop(p[1])
	w.kick(p[2], p[1], id) // is not the leader
	w.members(id, 1, p[0], p[2])
	w.told("away player2")
	if n := acknowledged(w, "7"); n != 0 {
		t.Errorf("%d answers to a user who may not kick; want none", n)
	}
	w.kick(p[0], p[1], id)
	w.told("away player2", "lost player2", "removed player2")
	if n := acknowledged(w, "7"); n != 1 {
		t.Errorf("%d answers to the leader; want 1", n)
	}
	w.members(id, 0, p[0], p[2])
	again := w.host.Connect(p[1].UserID)
	_, err := w.resume(again)
	w.refused(err, party.PartyNotFound)
	w.refused(w.join(again, id), party.Banned)
	w.nothingLeft()
	w.kick(p[0], p[2], id) // the host handles members itself
	w.members(id, 0, p[0])
}

// acknowledged counts the empty answers sent to sockets.
func acknowledged(w *world, cid string) (n int) {
	for _, s := range w.host.Sent() {
		if s.Mode == 0 && s.Envelope.GetCid() == cid && s.Envelope.GetMessage() == nil {
			n++
		}
	}
	return n
}

// A kick and a lost connection may happen at once: the host has removed the member, the connection ends, and then the
// hook of the kick runs.
func TestGrace_KickOvertakenByTheEndOfTheSession(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 3, p...)
	w.host.PartyLeave(p[1], id)
	w.drop(p[1])
	w.must(w.admission.Kicked(t.Context(), id, p[1]))
	w.told("away player2", "removed player2", "lost player2")
	w.refused(w.join(w.host.Connect(p[1].UserID), id), party.Banned)
	w.nothingLeft()
}

// One node has kicked the member, and another has missed the member without knowing of the kick.
func TestGrace_ABanKeepsOut(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	p := w.host.Players(2)
	id := w.party(true, 3, p...)
	clock.Advance(time.Second)
	here, there := w.node, w.newNode()
	w.node = there
	w.members(id, 0, p...)
	w.host.PartyLeave(p[1], id)
	w.must(there.admission.Kicked(t.Context(), id, p[1]))
	w.node = here
	w.drop(p[1])
	w.told("removed player2")
	_, err := w.resume(w.host.Connect(p[1].UserID))
	w.refused(err, party.PartyNotFound)
	w.refused(w.join(w.host.Connect(p[1].UserID), id), party.Banned)
	w.members(id, 0, p[0])
	w.nothingLeft()
}

// A player who was let in again after a kick is a member like any other.
func TestGrace_AfterAnOlderKick(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	w.set(func(c *rules.Parties) { c.KickBanJoins = false })
	p := w.host.Players(2)
	id := w.party(true, 3, p...)
	w.kick(p[0], p[1], id)
	clock.Advance(time.Second)
	again := w.host.Connect(p[1].UserID)
	w.must(w.join(again, id))
	w.drop(again)
	w.members(id, 1, p[0])
	w.resumeInto(p[1].UserID, id)
}

func TestGrace_ALockDoesNotKeepOut(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(true, 4, p[0], p[1])
	w.drop(p[1])
	w.lock = party.Refuse(party.PartyLocked, "This party is in a match.")
	w.refused(w.admit(p[2], id), party.PartyLocked)
	back := w.resumeInto(p[1].UserID, id)
	w.drop(back)
	natively := w.host.Connect(p[1].UserID)
	w.must(w.join(natively, id))
	w.members(id, 0, p[0], natively)
}

// The host passes leadership on at once, and closes a party with its last member.
func TestGrace_TheLeaderDrops(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(true, 3, p...)
	w.drop(p[0])
	w.members(id, 1, p[1], p[2])
	if lead := w.host.Leader(id); lead != p[1] {
		t.Errorf("leader = %v; want the longest-standing member", lead)
	}
	back := w.resumeInto(p[0].UserID, id)
	w.members(id, 0, p[1], p[2], back) // as the latest to join
}

func TestGrace_TheLastMemberDrops(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	w.set(func(p *rules.Parties) { p.Survive.EveryoneAway = false })
	w.party(true, 3, p...)
	w.drop(p[1])
	w.drop(p[2])
	w.told("away player2", "away player3")
	w.drop(p[0])
	w.told("away player2", "away player3") // there is no member left to be told
	for _, s := range p {
		_, err := w.resume(w.host.Connect(s.UserID))
		w.refused(err, party.PartyNotFound)
	}
	w.must(w.admission.Sweep(t.Context()))
	w.nothingLeft()
}

func TestGrace_ThePartyEndsMeanwhile(t *testing.T) {
	ends := map[string]func(w *world, id party.ID, leader party.Session){
		"closed": func(w *world, id party.ID, _ party.Session) {
			w.host.PartyClose(id)
			w.admission.Closed(w.t.Context(), id)
		},
		"left":    func(w *world, id party.ID, leader party.Session) { w.leave(leader, id) },
		"dropped": func(w *world, _ party.ID, leader party.Session) { w.drop(leader) },
		"unheard": func(w *world, id party.ID, _ party.Session) {
			w.host.PartyClose(id)
			w.must(w.admission.Sweep(w.t.Context()))
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				w.set(func(p *rules.Parties) { p.Survive.EveryoneAway = false })
				p := w.host.Players(3)
				id := w.party(true, 3, p...)
				w.drop(p[1])
				w.drop(p[2])
				end(w, id, p[0])
				if n := w.grace.Running(); n != 0 {
					t.Errorf("%d timers left; want none", n)
				}
				_, err := w.resume(w.host.Connect(p[1].UserID))
				w.refused(err, party.PartyNotFound)
				time.Sleep(2 * minute)
				synctest.Wait()
				w.must(w.admission.Sweep(t.Context()))
				w.nothingLeft()
				w.told("away player2", "away player3")
			})
		})
	}
}

func TestGrace_TimeRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(4)
		id := w.party(true, 3, p[:3]...)
		w.drop(p[1])
		time.Sleep(minute / 2)
		w.drop(p[2])
		time.Sleep(minute/2 - 1)
		synctest.Wait()
		w.members(id, 2, p[0])
		w.told("away player2", "away player3")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		w.told("away player2", "away player3", "lost player2")
		w.members(id, 1, p[0])
		w.must(w.join(p[3], id))
		late := w.host.Connect(p[1].UserID)
		_, err := w.resume(late)
		w.refused(err, party.PartyNotFound)
		w.refused(w.join(late, id), party.PartyFull)
		back := w.resumeInto(p[2].UserID, id)
		w.members(id, 0, p[0], p[3], back)
		time.Sleep(minute)
		synctest.Wait()
		w.told("away player2", "away player3", "lost player2", "back player3")
		w.nothingLeft()
	})
}

// The seat is free at the promised second, even if the timer is late.
func TestGrace_TheClockDecidesAndNotTheTimer(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	p := w.host.Players(3)
	id := w.party(true, 2, p[0], p[1])
	w.drop(p[1])
	clock.Advance(minute - 1)
	w.refused(w.join(p[2], id), party.PartyFull)
	clock.Advance(1)
	w.must(w.join(p[2], id))
	_, err := w.resume(w.host.Connect(p[1].UserID))
	w.refused(err, party.PartyNotFound)
	w.members(id, 0, p[0], p[2])
}

func TestGrace_NoneWithoutTheRule(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	w.set(func(c *rules.Parties) { c.ReconnectGrace, c.ResumeOnConnect = 0, true })
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	w.drop(p[1])
	w.told()
	again := w.host.Connect(p[1].UserID)
	w.must(w.grace.Started(t.Context(), again))
	w.members(id, 0, p[0])
	_, err := w.resume(again)
	w.refused(err, party.PartyNotFound)
	w.must(w.join(again, id))
	if _, writes := w.host.Calls(); writes != 0 {
		t.Errorf("%d writes; want none", writes)
	}
}

// A promised time stays. A reload counts for members who drop after it.
func TestGrace_RulesChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(4)
		id := w.party(true, 4, p...)
		w.drop(p[1])
		w.set(func(c *rules.Parties) { c.ReconnectGrace = 5 * minute })
		w.drop(p[2])
		w.set(func(c *rules.Parties) { c.ReconnectGrace = 0 })
		w.drop(p[3])
		w.members(id, 2, p[0])
		time.Sleep(minute)
		synctest.Wait()
		w.told("away player2", "away player3", "lost player2")
		w.members(id, 1, p[0])
		back := w.resumeInto(p[2].UserID, id)
		w.members(id, 0, p[0], back)
		w.nothingLeft()

		// Members who came in before the rules kept any seats have one now.
		w.set(func(c *rules.Parties) { c.ReconnectGrace = minute })
		w.drop(back)
		w.members(id, 1, p[0])
	})
}

// A player who gives up a kept seat, by a leave or for another party, has left. So everything else that the party
// reserves for them ends as well. It does not for a player who did not come back in time.
func TestGrace_GivingUpIsLeaving(t *testing.T) {
	for name, does := range map[string]func(w *world, id party.ID, s party.Session){
		"leaves":      func(w *world, id party.ID, s party.Session) { w.leave(w.host.Connect(s.UserID), id) },
		"plays_on":    func(w *world, _ party.ID, s party.Session) { w.party(true, 2, w.host.Connect(s.UserID)) },
		"is_kicked":   func(w *world, id party.ID, s party.Session) { w.kick(w.host.Members(id)[0], s, id) },
		"never_comes": func(*world, party.ID, party.Session) { time.Sleep(time.Hour) },
		"comes_back":  func(w *world, id party.ID, s party.Session) { w.resumeInto(s.UserID, id) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				w.set(func(c *rules.Parties) { c.OnePerUser = rules.LeavePrevious })
				var left []party.Session
				w.admission.News.Subscribe(func(c party.Change) {
					switch c.Kind {
					case party.MemberLeft:
						left = append(left, c.Session)
					case party.SeatGivenUp:
						left = append(left, c.Seat.Member)
					}
				})
				p := w.host.Players(2)
				id := w.party(true, 3, p...)
				w.drop(p[1])
				does(w, id, p[1])
				synctest.Wait()
				want := []party.Session{p[1]}
				if name == "never_comes" || name == "comes_back" {
					want = nil
				}
				if !slices.Equal(left, want) {
					t.Errorf("left: %v; want %v", left, want)
				}
				w.admission.Close()
				w.grace.Close()
			})
		})
	}
}

// A leave counts, even if the module puts the member back while the host handles it.
func TestGrace_LeavesWhilePutBack(t *testing.T) {
	w := newWorld(t, time.Now)
	p := w.host.Players(2)
	id := w.party(true, 3, p...)
	w.drop(p[1])
	back := w.host.Connect(p[1].UserID)
	w.host.PartyLeave(back, id)
	_, err := w.resume(back)
	w.must(err)
	w.admission.Left(t.Context(), id, back)
	w.members(id, 0, p[0])
	_, err = w.resume(w.host.Connect(p[1].UserID))
	w.refused(err, party.PartyNotFound)
}

func TestGrace_ResumeOnConnect(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	w.drop(p[1])
	idle := w.host.Connect(p[1].UserID)
	w.must(w.grace.Started(t.Context(), idle)) // the rules let the game resume
	w.members(id, 1, p[0])
	w.set(func(c *rules.Parties) { c.ResumeOnConnect = true })
	again := w.host.Connect(p[1].UserID)
	w.must(w.grace.Started(t.Context(), again))
	w.members(id, 0, p[0], again)
	w.told("away player2", "back player2")
	w.must(w.grace.Started(t.Context(), w.host.Player("stranger")))
	gone := w.host.Connect(p[1].UserID)
	w.drop(again)
	w.host.Disconnect(gone) // the report of its start comes after its end
	w.refused(w.grace.Started(t.Context(), gone), party.NoLiveSession)
	w.members(id, 1, p[0])
}

// The host reports the end of a session late, sometimes by ten seconds. Nobody gets in meanwhile, and the user may be
// back before.
func TestGrace_BeforeTheHostTells(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(true, 2, p[0], p[1])
	w.host.Disconnect(p[1])
	w.refused(w.join(p[2], id), party.PartyFull)
	w.members(id, 1, p[0])
	w.told()
	back := w.resumeInto(p[1].UserID, id)
	w.must(w.ended(p[1])) // the report arrives now
	w.members(id, 0, p[0], back)
	w.told() // nothing has been noticed
	w.nothingLeft()
}

// Nobody has looked, and the user is back at once.
func TestGrace_BackBeforeAnybodyLooked(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	w.host.Disconnect(p[1])
	back := w.resumeInto(p[1].UserID, id)
	w.must(w.ended(p[1]))
	w.members(id, 0, p[0], back)
	w.told()
}

// The host's queue of events is bounded, and drops events when it is full.
func TestGrace_TheHostNeverTells(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 2, p...)
	w.host.Disconnect(p[1])
	w.must(w.admission.Sweep(t.Context()))
	w.told("away player2")
	w.members(id, 1, p[0])
	w.resumeInto(p[1].UserID, id)
}

func TestGrace_TheOlderConnectionStillStands(t *testing.T) {
	t.Run("move", func(t *testing.T) {
		for size := 2; size <= 3; size++ {
			w := newWorld(t, partytest.NewTime().Now)
			w.set(func(c *rules.Parties) { c.SecondSocket = rules.SecondSocketMove })
			p := w.host.Players(2)
			id := w.party(true, size, p...)
			back := w.resumeInto(p[1].UserID, id)
			w.members(id, 0, p[0], back)
			w.drop(p[1])
			w.told()
			w.members(id, 0, p[0], back)
			leads := w.resumeInto(p[0].UserID, id)
			w.drop(p[0])
			w.members(id, 0, back, leads)
			w.told()
			w.nothingLeft()
		}
	})
	t.Run("move_alone", func(t *testing.T) {
		w := newWorld(t, partytest.NewTime().Now)
		w.set(func(c *rules.Parties) { c.SecondSocket = rules.SecondSocketMove })
		p := w.host.Players(1)
		id := w.party(false, 4, p[0])
		back := w.resumeInto(p[0].UserID, id)
		w.drop(p[0])
		w.members(id, 0, back)
	})
	t.Run("wait", func(t *testing.T) {
		w := newWorld(t, partytest.NewTime().Now)
		p := w.host.Players(3)
		id := w.party(true, 2, p[0], p[1])
		waits := w.host.Connect(p[1].UserID)
		for range 2 {
			if got, err := w.resume(waits); err != nil || got != (party.Resumption{PartyID: id.String()}) {
				t.Fatalf("Resume = %+v, %v; want the party, not joined yet", got, err)
			}
		}
		w.members(id, 0, p[0], p[1])
		w.drop(p[1])
		w.members(id, 0, p[0], waits)
		w.told("away player2", "back player2")
		w.nothingLeft()
	})
	t.Run("wait_in_vain", func(t *testing.T) {
		clock := partytest.NewTime()
		w := newWorld(t, clock.Now)
		p := w.host.Players(2)
		id := w.party(true, 2, p...)
		waits := w.host.Connect(p[1].UserID)
		if got, err := w.resume(waits); err != nil || got.Joined {
			t.Fatalf("Resume = %+v, %v; want to wait", got, err)
		}
		clock.Advance(minute) // another device, not a lost connection
		w.drop(p[1])
		w.members(id, 1, p[0])
		w.drop(waits)
		w.resumeInto(p[1].UserID, id)
		w.nothingLeft()
	})
	t.Run("connect_waits", func(t *testing.T) {
		w := newWorld(t, partytest.NewTime().Now)
		w.set(func(c *rules.Parties) { c.SecondSocket, c.ResumeOnConnect = rules.SecondSocketMove, true })
		p := w.host.Players(2)
		id := w.party(true, 2, p...)
		again := w.host.Connect(p[1].UserID)
		w.must(w.grace.Started(t.Context(), again))
		w.members(id, 0, p[0], p[1]) // it may be a second device
		w.drop(p[1])
		w.members(id, 0, p[0], again)
		w.nothingLeft()
	})
	t.Run("no_grace", func(t *testing.T) {
		w := newWorld(t, partytest.NewTime().Now)
		w.set(func(c *rules.Parties) { c.ReconnectGrace = 0 })
		p := w.host.Players(2)
		id := w.party(true, 2, p...)
		_, err := w.resume(w.host.Connect(p[1].UserID))
		w.refused(err, party.AlreadyMember)
		w.members(id, 0, p[0], p[1])
	})
	t.Run("move_to_somebody_gone", func(t *testing.T) {
		w := newWorld(t, partytest.NewTime().Now)
		w.set(func(c *rules.Parties) { c.SecondSocket = rules.SecondSocketMove })
		p := w.host.Players(2)
		id := w.party(true, 2, p...)
		gone := w.host.Connect(p[1].UserID)
		w.host.Disconnect(gone)
		_, err := w.resume(gone)
		w.refused(err, party.NoLiveSession)
		// The older one had to leave first, because the party was full. Its seat is still the user's.
		w.members(id, 1, p[0])
		w.resumeInto(p[1].UserID, id)
	})
}

func TestGrace_OverHTTP(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 3, p...)
	call := party.Caller{UserID: p[1].UserID}
	resume := func() (party.Resumption, error) { return w.grace.Resume(ctx, call) }
	if got, err := resume(); err != nil || got != (party.Resumption{PartyID: id.String(), Joined: true}) {
		t.Errorf("Resume of the member = %+v, %v", got, err)
	}
	w.drop(p[1])
	_, err := resume()
	w.refused(err, party.NoLiveSession)
	first, second := w.host.Connect(p[1].UserID), w.host.Connect(p[1].UserID)
	_, err = resume()
	w.refused(err, party.SessionAmbiguous)
	w.host.Disconnect(second)
	if got, err := resume(); err != nil || !got.Joined {
		t.Errorf("Resume = %+v, %v; want the one game that runs", got, err)
	}
	w.members(id, 0, p[0], first)
}

func TestGrace_SeveralParties(t *testing.T) {
	w := newWorld(t, time.Now)
	p := w.host.Players(3)
	first, second := w.party(true, 3, p[0], p[2]), w.party(true, 3, p[1], p[2])
	w.drop(p[2])
	w.drop(w.resumeInto(p[2].UserID, second)) // the party entered last
	back := w.resumeInto(p[2].UserID, second) // and still the last one after a return
	w.members(first, 0, p[0], back)
	w.members(second, 0, p[1], back)
	if in, err := w.roster.PartiesOf(t.Context(), back.UserID); err != nil || len(in) != 2 || in[0].ID != second {
		t.Errorf("in %v, %v; want %v first", in, err, second)
	}
	w.nothingLeft()
}

func TestGrace_OnePartyPerUser(t *testing.T) {
	for _, rule := range []rules.OnePerUser{rules.OnePartyOnly, rules.LeavePrevious} {
		t.Run(string(rule), func(t *testing.T) {
			clock := partytest.NewTime()
			w := newWorld(t, clock.Now)
			w.set(func(c *rules.Parties) { c.OnePerUser = rule })
			p := w.host.Players(4)
			first, second := w.party(true, 3, p[0], p[2]), w.party(true, 3, p[1])
			w.drop(p[2])
			again := w.host.Connect(p[2].UserID)
			w.must(w.join(again, second)) // a kept seat does not count as being in a party
			w.told("away player3", "lost player3")
			w.members(first, 0, p[0])
			if got, err := w.resume(again); err != nil || got.PartyID != second.String() {
				t.Errorf("Resume = %+v, %v; want the party it is in", got, err)
			}
			w.drop(again)
			own := w.host.Connect(p[2].UserID)
			w.must(w.admission.MayCreate(t.Context(), own))
			third := w.party(true, 3, own)
			w.told("away player3", "lost player3", "away player3", "lost player3")
			w.members(second, 0, p[1])
			w.members(third, 0, own)

			// Dropped without a report, and in another party before anybody looks.
			w.must(w.admit(p[3], third))
			w.host.Disconnect(p[3])
			moved := w.host.Connect(p[3].UserID)
			w.must(w.admit(moved, first))
			w.must(w.ended(p[3]))
			w.members(third, 0, own)
			w.nothingLeft()
		})
	}
}

// After a change of the rules, a user who may be in one party can have several kept seats.
func TestGrace_OnePartyPerUserWithTwoSeats(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	p := w.host.Players(3)
	first := w.party(true, 3, p[0], p[2])
	clock.Advance(time.Second)
	second := w.party(true, 3, p[1], p[2])
	w.drop(p[2])
	w.set(func(c *rules.Parties) { c.OnePerUser = rules.LeavePrevious })
	back := w.resumeInto(p[2].UserID, second)
	w.members(first, 0, p[0])
	w.members(second, 0, p[1], back)
	w.nothingLeft()
}

// A seat is kept per user: if a second device is a member, none is kept.
func TestGrace_AnotherSessionIsIn(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 4, p...)
	second := w.host.Connect(p[1].UserID)
	w.must(w.host.PartyJoin(second, id)) // as if the module were not there
	w.drop(p[1])
	w.told()
	w.members(id, 0, p[0], second)
}

// Let in by another module, without any hook.
func TestGrace_BackByAnotherModule(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 4, p...)
	w.drop(p[1])
	again := w.host.Connect(p[1].UserID)
	w.must(w.host.PartyJoin(again, id))
	w.members(id, 0, p[0], again)
	w.told("away player2", "back player2")
	w.nothingLeft()
}

func TestGrace_StorageFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(4)
		id := w.party(true, 3, p[:3]...)
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error { return errStorage }
		for _, s := range p[1:3] {
			w.host.Disconnect(s)
			if err := w.ended(s); party.ReasonOf(err) != party.Internal {
				t.Errorf("Ended = %v; want what storage said", err)
			}
		}
		w.told("away player2", "away player3")
		w.refused(w.join(p[3], id), party.PartyFull)
		w.resumeInto(p[1].UserID, id)
		time.Sleep(minute)
		synctest.Wait()
		w.told("away player2", "away player3", "back player2", "lost player3")
		w.nothingLeft()
	})
}

// Everything that the seat needs is in storage and on the host's streams.
func TestGrace_AnotherNode(t *testing.T) {
	ctx := t.Context()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(3)
		id := w.party(true, 2, p[0], p[1])
		here, there := w.node, w.newNode()
		w.node = there
		w.members(id, 0, p[0], p[1]) // this node has looked, and knows nothing
		w.node = here
		w.drop(p[1])
		w.node = there
		w.refused(w.join(p[2], id), party.PartyFull)
		back := w.resumeInto(p[1].UserID, id)
		w.told("away player2", "back player2")
		w.members(id, 0, p[0], back)
		w.node = here
		w.members(id, 0, p[0], back)
		time.Sleep(2 * minute)
		synctest.Wait()
		w.told("away player2", "back player2")
		w.nothingLeft()

		// Both nodes see the same member drop.
		w.host.Disconnect(back)
		w.members(id, 1, p[0])
		w.node = there
		w.members(id, 1, p[0])
		w.must(w.ended(back))
		w.node = here
		w.must(w.admission.Sweep(context.WithoutCancel(ctx)))
		w.told("away player2", "back player2", "away player2")
		time.Sleep(2 * minute)
		synctest.Wait()
		w.told("away player2", "back player2", "away player2", "lost player2")
		w.node = there
		w.nothingLeft()
	})
}

// The node that kept the seat has ended, and its timers too.
func TestGrace_TheNodeDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(4)
		id := w.party(true, 3, p[:3]...)
		w.drop(p[1])
		w.drop(p[2])
		w.grace.Close()
		w.node = w.newNode()
		w.refused(w.join(p[3], id), party.PartyFull)
		back := w.resumeInto(p[1].UserID, id)
		time.Sleep(minute + time.Second)
		synctest.Wait()
		w.must(w.join(p[3], id))
		w.told("away player2", "away player3", "back player2", "lost player3")
		time.Sleep(minute + 1)
		w.must(w.admission.Sweep(t.Context()))
		w.must(w.admission.Sweep(t.Context()))
		w.must(w.admission.Sweep(t.Context()))
		w.told("away player2", "away player3", "back player2", "lost player3")
		w.members(id, 0, p[0], back, p[3])
		w.nothingLeft()
	})
}

func TestGrace_CloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(3)
		w.party(true, 3, p...)
		w.drop(p[1])
		waits := w.host.Connect(p[2].UserID)
		if _, err := w.resume(waits); err != nil {
			t.Fatal(err)
		}
		w.grace.Close()
		if n := w.grace.Running(); n != 0 {
			t.Errorf("%d left; want none", n)
		}
		w.drop(p[2])
		if n := w.grace.Running(); n != 0 {
			t.Errorf("%d begun after the end; want none", n)
		}
		w.grace.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		w.told("away player2", "away player3")
	})
}

func TestGrace_NobodyInAPartyCostsNothing(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	w.party(true, 4, w.host.Players(4)...)
	s := w.host.Player("stranger")
	w.drop(s)
	if reads, writes := w.host.Calls(); reads+writes != 0 {
		t.Errorf("%d reads, %d writes; want none", reads, writes)
	}
	w.told()
}
