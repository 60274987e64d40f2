package queue_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"partyline/matchmaking"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/rules"
)

// A player who reconnects before the news of the lost connection does not avoid the cooldown.
func TestAccept_CooldownBeforeTheNews(t *testing.T) {
	w := askingWorld(t)
	alone, _ := w.queueSolos(4)
	w.process()
	w.host.Disconnect(alone[3])
	_, err := w.addSolo(w.host.Connect(alone[3].UserID), text("queue", "duo"))
	w.wantReason(err, party.RateLimited)
}

// The same holds after a pass without the ticket, and before the news of its end.
func TestAccept_CooldownAfterAPassWithoutTheTicket(t *testing.T) {
	w := askingWorld(t)
	alone, tickets := w.queueSolos(4)
	w.process()
	w.host.Disconnect(alone[3])
	w.removeTicket(tickets[3])
	w.process()
	w.must(w.Ended(t.Context(), alone[3]))
	_, err := w.addSolo(w.host.Connect(alone[3].UserID), text("queue", "duo"))
	w.wantReason(err, party.RateLimited)
}

// A shorter cooldown of another queue does not shorten a cooldown.
func TestAccept_CooldownsOfTwoQueues(t *testing.T) {
	w := askingWorld(t)
	quick := w.cfg.Queues["duo"]
	accept := *quick.Accept
	accept.Cooldown = time.Second
	quick.Accept = &accept
	w.cfg.Queues["quick"] = quick
	alone, tickets := w.queueSolos(4)
	tickets = append(tickets, w.queueSolo(alone[3], text("queue", "quick")))
	for range 3 {
		w.queueSolo(w.player(), text("queue", "quick"))
	}
	for _, ticket := range tickets[3:] {
		w.process()
		_, err := w.Accept(t.Context(), callerOf(alone[3]), ticket, false)
		w.must(err)
	}
	w.clock.Advance(2 * time.Second)
	w.wantReason(w.MayQueue(t.Context(), callerOf(alone[3]), party.View{}, "duo"), party.RateLimited)
}

// The cooldown is only for the player who takes a party's ticket off, in any way.
func TestAccept_CooldownOfAParty(t *testing.T) {
	ways := map[string]struct {
		out  func(w *world, id party.ID, players []party.Session, ticket string)
		bars int // index of the barred player; -1 for nobody
	}{
		"cancelled": {func(w *world, id party.ID, players []party.Session, ticket string) {
			w.must(w.host.PartyPromote(players[0], players[1], id))
			w.admission.Promoted(w.t.Context(), id, players[1])
			w.TicketCancelled(w.t.Context(), players[1], ticket)
		}, 1},
		"left":    {func(w *world, id party.ID, players []party.Session, _ string) { w.leave(id, players[1]) }, 1},
		"dropped": {func(w *world, id party.ID, players []party.Session, _ string) { drop(w, id, players[1]) }, 1},
		"socket_ended": {func(w *world, _ party.ID, players []party.Session, _ string) {
			w.must(w.Ended(w.t.Context(), players[1]))
		}, 1},
		"kicked":        {func(w *world, id party.ID, players []party.Session, _ string) { w.kick(id, players[0], players[1]) }, 0},
		"somebody_came": {func(w *world, id party.ID, _ []party.Session, _ string) { w.join(id, w.player()) }, -1},
		"closed": {func(w *world, id party.ID, players []party.Session, _ string) {
			w.host.PartyClose(id)
			w.must(w.admission.After(w.t.Context(), admission.Message{Kind: admission.Close, Party: id, Sender: players[0]}))
		}, 0},
		"news_is_late_to_a_pass": {func(w *world, _ party.ID, players []party.Session, _ string) {
			w.host.Disconnect(players[1])
			w.process()
		}, 1},
		"news_is_late_to_a_pass_without_the_ticket": {func(w *world, _ party.ID, players []party.Session, ticket string) {
			w.host.Disconnect(players[1])
			w.removeTicket(ticket)
			w.process()
			w.must(w.Ended(w.t.Context(), players[1]))
		}, 1},
		"news_is_late_to_a_check": {func(w *world, id party.ID, players []party.Session, _ string) {
			w.host.Disconnect(players[1])
			w.queued(id)
		}, 1},
	}
	for name, tt := range ways {
		for _, asked := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/asked_%v", name, asked), func(t *testing.T) {
				w := askingWorld(t)
				id, players := w.party(2)
				ticket := w.queueParty(id, players[0], text("queue", "duo"))
				other, others := w.party(2)
				if asked {
					w.queueParty(other, others[0], text("queue", "duo"))
					w.process()
					w.wantEvents(other, "queued duo", "found duo")
				}
				tt.out(w, id, players, ticket)
				if n := w.Waiting(); asked && n != 1 || !asked && n != 0 {
					t.Errorf("%d tickets wait; want the other party's", n)
				}
				for i, s := range append(players, others...) {
					if asked && i > 1 {
						continue // wait
					}
					want := party.Reason("")
					if asked && i == tt.bars {
						want = party.RateLimited
					}
					w.wantReason(w.MayQueue(t.Context(), callerOf(s), party.View{}, "duo"), want)
				}
				if asked {
					w.wantEvents(other, "queued duo", "found duo")
				}
			})
		}
	}
}

// Players who replace a group of friends must satisfy parity as in a new match.
func TestAccept_ReplacedByTheirLike(t *testing.T) {
	w := askingWorld(t)
	q := w.cfg.Queues["duo"]
	q.Parity = &rules.Parity{Mode: rules.ParityRequire}
	w.cfg.Queues["duo"] = q
	ids, players, tickets := duel(w)
	w.process()
	_, err := w.Accept(t.Context(), callerOf(players[1][0]), tickets[1], false)
	w.must(err)
	w.removeTicket(tickets[1])
	alone, _ := w.queueSolos(2)
	w.process()
	for _, s := range alone {
		w.wantNotified(s)
	}
	third, thirds := w.party(2)
	w.queueParty(third, thirds[0], text("queue", "duo"))
	w.process()
	w.wantEvents(third, "queued duo", "found duo")
	w.wantEvents(ids[0], "queued duo", "found duo", "replaced duo")
}

// A player who has not answered yet gets a new deadline when somebody is replaced, and is told that deadline.
func TestAccept_ReplacedSaysHowLong(t *testing.T) {
	w := askingWorld(t)
	alone, tickets := w.queueSolos(4)
	w.process()
	w.accepts(alone[0], tickets[0])
	w.accepts(alone[1], tickets[1])
	w.clock.Advance(10 * time.Second)
	_, err := w.Accept(t.Context(), callerOf(alone[3]), tickets[3], false)
	w.must(err)
	late, lateTicket := w.queueSolos(1)
	w.process()
	by := w.clock.Now().Add(15 * time.Second).Unix()
	for _, s := range alone[:3] {
		w.wantNotified(s, "match_found", "matchmaking replaced")
		status, err := w.Status(t.Context(), callerOf(s), "")
		w.must(err)
		if got := status.Tickets[0].Proposal; got.AcceptBy != by {
			t.Errorf("%s has until %d; want %d", s.Username, got.AcceptBy, by)
		}
	}
	for _, n := range w.notices.sent {
		if n.Content["event"] == "replaced" && n.Content["accept_by"] != float64(by) {
			t.Errorf("told %v; want %d", n.Content["accept_by"], by)
		}
	}
	w.clock.Advance(14 * time.Second)
	w.process()
	w.accepts(alone[2], tickets[2])
	w.accepts(late[0], lateTicket[0])
	if matches := w.process(); len(matches["match-0"]) != 4 {
		t.Errorf("matches = %v; want one of all four", matches)
	}
}

// If nobody was asked, nobody hears that another player who waited for the game server has left.
func TestFleet_TellsNobodyWhoWasNotAsked(t *testing.T) {
	cfg := configWithQueues()
	q := cfg.Queues["duo"]
	q.Match = rules.FleetMatch
	cfg.Queues["duo"] = q
	w := newWorld(t, cfg)
	ids, players, tickets := duel(w)
	w.process() // orders the server
	w.removeTicket(tickets[0])
	w.TicketCancelled(t.Context(), players[0][0], tickets[0])
	w.process()
	w.wantEvents(ids[1], "queued duo")
	third, thirds := w.party(2)
	w.queueParty(third, thirds[0], text("queue", "duo"))
	w.process()
	w.clock.Advance(2 * time.Minute)
	w.process()
	w.wantEvents(ids[1], "queued duo", "queued duo: no_capacity")
	w.wantEvents(third, "queued duo", "queued duo: no_capacity")
}

// Tickets whose players are asked count in the queue like all others, until they end.
func TestStatus_CountsWhoIsAsked(t *testing.T) {
	w := askingWorld(t)
	alone, tickets := w.queueSolos(4)
	fifth := w.player()
	w.blocks.block(fifth, alone[1])
	w.queueSolo(fifth, text("queue", "duo"))
	w.process()
	want := func(pool, waiting, blocks int) {
		t.Helper()
		for _, s := range []party.Session{alone[0], fifth} {
			status, err := w.Status(t.Context(), callerOf(s), "")
			w.must(err)
			got := map[string]int{}
			for _, h := range status.Tickets[0].HoldingBack {
				got[h.Reason] = h.Tickets
			}
			hold := map[string]int{"waiting": pool - 1}
			if s == fifth {
				hold = map[string]int{"waiting": waiting, "blocks": blocks}
			}
			maps.DeleteFunc(hold, func(_ string, n int) bool { return n == 0 })
			if q := status.Tickets[0]; q.Pool != pool || !maps.Equal(got, hold) {
				t.Errorf("%s: a pool of %d, held back by %v; want %d, %v", s.Username, q.Pool, got, pool, hold)
			}
		}
	}
	want(5, 3, 1)
	w.process() // the proposal goes on
	want(5, 3, 1)
	w.Measure()
	if got := w.metrics.sum["partyline_queue_tickets duo"]; got != 5 {
		t.Errorf("the gauge says %v; want 5", got)
	}
	w.TicketCancelled(t.Context(), alone[1], tickets[1])
	want(5, 3, 1) // an answer given since the last pass is not computed again
	w.process()
	w.TicketCancelled(t.Context(), alone[2], tickets[2])
	want(3, 2, 0) // the first answer after a pass leaves out tickets that ended since
}

// A player without a party hears by a notification that a block took their ticket off.
func TestAccept_APlayerAloneBlocks(t *testing.T) {
	w := askingWorld(t)
	alone, tickets := w.queueSolos(4)
	w.process()
	for i := range alone {
		w.accepts(alone[i], tickets[i])
	}
	w.blocks.block(alone[3], alone[0])
	for range 2 {
		w.process()
	}
	w.wantNotified(alone[3], "match_found", "matchmaking queued")
	w.wantNotified(alone[0], "match_found")
}

// A party keeps its seats in a match that was found, even if its friends come or go meanwhile.
func TestAccept_FriendsComeAndGo(t *testing.T) {
	w := askingWorld(t)
	q := w.cfg.Queues["duo"]
	q.HoldInvited = true
	w.cfg.Queues["duo"] = q
	w.incoming = 1
	id, leader := w.party(1)
	ticket := w.queueParty(id, leader[0], text("queue", "duo"))
	w.clock.Advance(time.Second)
	other, others := w.party(1)
	otherTicket := w.queueParty(other, others[0], text("queue", "duo"))
	w.process()
	w.incoming = 0
	friend := w.player()
	w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil)) // one friend has come, one has not
	w.process()
	w.incoming = 2
	w.process()
	w.accepts(leader[0], ticket)
	w.accepts(others[0], otherTicket)
	if matches := w.process(); len(matches["match-0"]) != 2 {
		t.Fatalf("matches = %v; want one of both parties", matches)
	}
	w.wantEvents(id, "queued duo", "found duo", "matched duo")
	w.wantEvents(other, "queued duo", "found duo", "matched duo")
	if c := w.launcher.launches[0].Claims; len(c[0].UserIDs) != 2 || c[0].Spares != 0 || len(c[1].UserIDs) != 1 || c[1].Spares != 1 {
		t.Errorf("seats = %+v; want one for the friend, and one kept", c)
	}
}

// A party's ticket, which ends the solo tickets of its members, does not help a player avoid an answer.
func TestAccept_AskedAloneAndThenByAParty(t *testing.T) {
	w := askingWorld(t)
	w.cfg.Matchmaking.SoloTickets = rules.SoloTicketsCancel
	alone, _ := w.queueSolos(4)
	w.process()
	id := w.partyOf(alone[3])
	_, err := w.addParty(id, alone[3], rankedEU)
	w.wantReason(err, party.NotReady)
	w.wantNotified(alone[3], "match_found")

	waits, leader := w.party(1)
	w.queueParty(waits, leader[0], rankedEU)
	w.must(w.admission.Admit(t.Context(), waits, alone[2], party.Grant{}, nil)) // into a party that waits
	w.process()
	w.wantNotified(alone[2], "match_found", "matchmaking dropped party_queued")
	w.leave(waits, alone[2])
	w.wantReason(w.MayQueue(t.Context(), callerOf(alone[2]), party.View{}, "duo"), party.RateLimited)
}

// A match that everybody has accepted but that cannot be made holds nobody. Its players wait on with their age, are
// free to leave, and are asked again only after a while. Other matches of the queue are made meanwhile.
func TestAccept_AMatchThatCannotBeMade(t *testing.T) {
	w := askingWorld(t)
	var ids []party.ID
	var players [][]party.Session
	var tickets []string
	accept := func() { // for all who are asked
		for i := range ids {
			for _, s := range players[i] {
				_, _ = w.Accept(t.Context(), callerOf(s), tickets[i], true)
			}
		}
	}
	for range 4 {
		two, of, their := duel(w)
		ids, players, tickets = append(ids, two...), append(players, of...), append(tickets, their...)
		w.clock.Advance(time.Second)
		w.process()
	}
	accept()
	made := []string{ids[6].String(), ids[7].String()}
	w.launcher.fail = func(l matchmaking.Launch) error {
		if slices.Contains(made, l.Claims[0].PartyID) {
			return nil
		}
		return errBroken
	}
	w.clock.Advance(time.Second)
	if matches := w.process(); len(matches["match-0"]) != 4 {
		t.Fatalf("matches = %v; want the one that can be made", matches)
	}
	w.wantEvents(ids[6], "queued duo", "found duo", "matched duo")
	for i := range 6 {
		w.wantEvents(ids[i], "queued duo", "found duo", "queued duo")
		_, err := w.Accept(t.Context(), callerOf(players[i][0]), tickets[i], false)
		w.wantReason(err, party.ProposalGone)
	}
	w.TicketCancelled(t.Context(), players[4][0], tickets[4])
	w.removeTicket(tickets[4])
	w.wantReason(w.MayQueue(t.Context(), callerOf(players[4][0]), w.view(ids[4]), "duo"), "") // no cooldown

	w.clock.Advance(29 * time.Second)
	w.process()
	w.wantEvents(ids[0], "queued duo", "found duo", "queued duo")
	status, err := w.Status(t.Context(), callerOf(players[0][0]), "")
	w.must(err)
	if got := status.Tickets[0]; got.Pool != 5 || got.WaitedSec != 34 || got.Proposal != nil {
		t.Errorf("status = %+v; want a wait of 34 s in a pool of 5, and no proposal", got)
	}
	w.clock.Advance(time.Second)
	w.process()
	w.wantEvents(ids[0], "queued duo", "found duo", "queued duo", "found duo")
	accept()
	if matches := w.process(); len(matches) != 0 {
		t.Errorf("matches = %v", matches)
	}
	w.clock.Advance(10 * time.Minute)
	w.process()
	w.wantEvents(ids[0], "queued duo", "found duo", "queued duo", "found duo", "queued duo", "dropped duo: expired")
}

// A match is not made if the rules of its queue have changed. Its players are asked again, by the new rules.
func TestAccept_OtherRules(t *testing.T) {
	regions := func(names ...string) *rules.Latency { return &rules.Latency{Regions: names, Start: 50} }
	for name, tt := range map[string]struct {
		before *rules.Latency
		change func(q *rules.Queue)
		found  bool // by the new rules
	}{
		"smaller":       {nil, func(q *rules.Queue) { q.TeamSize.Max = 1 }, true},
		"larger":        {nil, func(q *rules.Queue) { q.TeamSize.Max = 3 }, false},
		"more_teams":    {nil, func(q *rules.Queue) { q.Teams = 3 }, false},
		"regions":       {nil, func(q *rules.Queue) { q.Latency = regions("eu") }, true},
		"other_regions": {regions("eu", "us"), func(q *rules.Queue) { q.Latency = regions("us") }, true},
		"no_regions":    {regions("eu"), func(q *rules.Queue) { q.Latency = nil }, true},
		"backfill":      {nil, func(q *rules.Queue) { q.Backfill = true }, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := askingWorld(t)
			change := func(by func(*rules.Queue)) {
				q := w.cfg.Queues["duo"]
				by(&q)
				w.cfg.Queues["duo"] = q
			}
			change(func(q *rules.Queue) { q.Latency, q.Backfill = tt.before, false })
			var alone []party.Session
			var tickets []string
			for range 4 {
				s, ticket := w.queueFrom(map[string]float64{"latency_eu": 20, "latency_us": 40})
				alone, tickets = append(alone, s), append(tickets, ticket)
				w.clock.Advance(time.Second)
			}
			w.process()
			for i := range alone {
				w.accepts(alone[i], tickets[i])
			}
			change(tt.change)
			if matches := w.process(); len(matches) != 0 {
				t.Errorf("matches = %v", matches)
			}
			want := []string{"match_found", "matchmaking queued no_replacement"}
			if tt.found {
				want = append(want, "match_found")
			}
			w.wantNotified(alone[0], want...)
			w.wantQuiet()
		})
	}
}

// Before its first pass a ticket has the start window of its queue and waits for that pass.
func TestStatus_BeforeAPass(t *testing.T) {
	w := newWorld(t, configWithQueues())
	texts := map[string]string{"queue": "ranked", "region": "eu"}
	for earlier := range 2 {
		s := w.player()
		w.queueSolo(s, texts)
		status, err := w.Status(t.Context(), callerOf(s), "")
		w.must(err)
		got := status.Tickets[0]
		want := []party.HoldingBack{}
		if earlier > 0 {
			want = append(want, party.HoldingBack{Reason: "waiting", Tickets: earlier})
		}
		if got.Pool != earlier+1 || got.InReach != 0 || !slices.Equal(got.HoldingBack, want) || got.Window.Skill == nil || *got.Window.Skill != 100 {
			t.Errorf("%d earlier: %+v; want them to be waiting, and a window of 100", earlier, got)
		}
		w.process()
	}
}
