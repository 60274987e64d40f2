package queue_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/matchmaking"
	"partyline/matchmaking/queue"
	"partyline/party"
	"partyline/party/rules"
)

// askingWorld is a world in which queue duo, two teams of two, asks its players about a match.
func askingWorld(t tester) *world {
	cfg := configWithQueues()
	q := cfg.Queues["duo"]
	accept := rules.DefaultOf[rules.Accept]()
	accept.Cooldown = time.Minute
	q.Accept = &accept
	cfg.Queues["duo"] = q
	return newWorld(t, cfg)
}

// queueSolos queues n lone players.
func (w *world) queueSolos(n int) (players []party.Session, tickets []string) {
	w.t.Helper()
	for range n {
		s := w.player()
		players, tickets = append(players, s), append(tickets, w.queueSolo(s, text("queue", "duo")))
		w.clock.Advance(time.Second)
	}
	return players, tickets
}

func (w *world) accepts(s party.Session, ticket string) party.ProposalState {
	w.t.Helper()
	state, err := w.Accept(w.t.Context(), callerOf(s), ticket, true)
	w.must(err)
	return state
}

// notified returns the notifications to a user, as "code event reason".
func (w *world) notified(s party.Session) (got []string) {
	for _, n := range w.notices.sent {
		if n.UserID != s.UserID {
			continue
		}
		line := n.Subject
		for _, key := range []string{"event", "reason"} {
			if text, _ := n.Content[key].(string); text != "" {
				line += " " + text
			}
		}
		got = append(got, line)
	}
	return got
}

func (w *world) wantNotified(s party.Session, want ...string) {
	w.t.Helper()
	if got := w.notified(s); !slices.Equal(got, want) {
		w.t.Errorf("%s was notified of %q; want %q", s.Username, got, want)
	}
}

func TestAccept_Everybody(t *testing.T) {
	w := askingWorld(t)
	id, players := w.party(2)
	ticket := w.queueParty(id, players[0], text("queue", "duo"))
	alone, tickets := w.queueSolos(2)
	for range 2 {
		if matches := w.process(); len(matches) != 0 || len(w.launcher.launches) != 0 {
			t.Fatalf("a match before anybody accepted: %v", matches)
		}
	}
	w.wantEvents(id, "queued duo", "found duo")
	w.wantNotified(alone[0], "match_found")
	by := w.clock.Now().Add(15 * time.Second).Unix()
	for i, want := range []int{1, 1, 2} { // the same player twice counts once
		if got := w.accepts(players[i/2], ticket); got != (party.ProposalState{Accepted: want, Needed: 4, AcceptBy: by}) {
			t.Errorf("answer %d = %+v; want %d of 4 by %d", i, got, want, by)
		}
	}
	w.accepts(alone[0], tickets[0])
	if matches := w.process(); len(matches) != 0 {
		t.Fatalf("a match before the last one accepted: %v", matches)
	}
	w.accepts(alone[1], tickets[1])
	if matches := w.process(); len(matches["match-0"]) != 4 {
		t.Fatalf("matches = %v; want one of all four", matches)
	}
	w.wantEvents(id, "queued duo", "found duo", "matched duo")
	_, err := w.Accept(t.Context(), callerOf(alone[1]), tickets[1], true)
	w.wantReason(err, party.ProposalGone)
	w.wantQuiet()
}

// Players who are asked are told, even if the pass is over: a player who hears nothing is barred for not answering.
func TestAccept_ToldByAPassThatIsOver(t *testing.T) {
	w := askingWorld(t)
	alone, _ := w.queueSolos(4)
	ctx, over := context.WithCancel(t.Context())
	over()
	w.Process(ctx, w.poolEntries())
	for _, s := range alone {
		w.wantNotified(s, "match_found")
	}
}

// A match that everybody has accepted does not wait because other matches take long to make.
func TestAccept_MadeWhateverTheTime(t *testing.T) {
	w := askingWorld(t)
	alone, tickets := w.queueSolos(8)
	w.process()
	for i, s := range alone {
		w.accepts(s, tickets[i])
	}
	w.launcher.fail = func(matchmaking.Launch) error {
		w.clock.Advance(2 * w.cfg.Matchmaking.PassBudget)
		return nil
	}
	if matches := w.process(); len(matches) != 2 {
		t.Errorf("matches = %v; want both", matches)
	}
}

func TestAccept_Refusals(t *testing.T) {
	w := askingWorld(t)
	alone, tickets := w.queueSolos(4)
	say := func(s party.Session, ticket string) error {
		_, err := w.Accept(t.Context(), callerOf(s), ticket, true)
		return err
	}
	w.wantReason(say(alone[0], tickets[0]), party.ProposalGone) // nobody was asked
	w.process()
	w.wantReason(say(alone[0], tickets[1]), party.ProposalGone) // another player's ticket
	w.wantReason(say(alone[0], "nothing"), party.ProposalGone)
	w.clock.Advance(15 * time.Second)
	w.wantReason(say(alone[0], tickets[0]), party.ProposalGone) // too late
}

// One player replaces a player who does not take part. All others keep age and answer, and play two passes after the
// newcomer is found.
func TestAccept_FindOne(t *testing.T) {
	outs := map[string]struct {
		out  func(w *world, s party.Session, ticket string)
		told []string
	}{
		"silent": {func(w *world, _ party.Session, _ string) { w.clock.Advance(15 * time.Second) }, []string{"match_found", "matchmaking dropped no_answer"}},
		"declines": {func(w *world, s party.Session, ticket string) {
			_, err := w.Accept(w.t.Context(), callerOf(s), ticket, false)
			w.must(err)
		}, []string{"match_found", "matchmaking dropped declined"}},
		"cancels": {func(w *world, s party.Session, ticket string) {
			w.removeTicket(ticket)
			w.TicketCancelled(w.t.Context(), s, ticket)
		}, []string{"match_found"}},
		"drops": {func(w *world, s party.Session, ticket string) { w.removeTicket(ticket); w.Ended(w.t.Context(), s) }, []string{"match_found"}},
	}
	for name, tt := range outs {
		t.Run(name, func(t *testing.T) {
			w := askingWorld(t)
			alone, tickets := w.queueSolos(4)
			w.process()
			for i := range 3 {
				w.accepts(alone[i], tickets[i])
			}
			tt.out(w, alone[3], tickets[3])
			if matches := w.process(); len(matches) != 0 {
				t.Fatalf("matches = %v", matches)
			}
			w.wantNotified(alone[3], tt.told...)
			w.removeTicket(tickets[3]) // as its client should
			_, err := w.addSolo(alone[3], text("queue", "duo"))
			w.wantReason(err, party.RateLimited)
			late := w.player()
			lateTicket := w.queueSolo(late, text("queue", "duo", "join_in_progress", "no")) // this match has not begun
			w.process()
			w.wantNotified(late, "match_found")
			w.wantNotified(alone[0], "match_found", "matchmaking replaced")
			w.accepts(late, lateTicket)
			matches := w.process()
			if len(matches["match-0"]) != 4 {
				t.Fatalf("matches = %v; want the three and the newcomer", matches)
			}
			w.clock.Advance(time.Minute)
			w.queueSolo(alone[3], text("queue", "duo")) // the cooldown is over
		})
	}
}

// If no replacement is found, everybody is back in the queue with the age of their wait, and may be matched again.
func TestAccept_NoReplacement(t *testing.T) {
	w := askingWorld(t)
	id, players := w.party(2)
	ticket := w.queueParty(id, players[0], text("queue", "duo"))
	alone, tickets := w.queueSolos(2)
	w.process()
	w.accepts(players[0], ticket)
	w.accepts(players[1], ticket)
	w.accepts(alone[0], tickets[0])
	_, err := w.Accept(t.Context(), callerOf(alone[1]), tickets[1], false)
	w.must(err)
	w.removeTicket(tickets[1])
	w.clock.Advance(30 * time.Second)
	w.process()
	w.wantEvents(id, "queued duo", "found duo")
	w.clock.Advance(time.Second)
	w.process()
	w.wantEvents(id, "queued duo", "found duo", "queued duo: no_replacement")
	w.wantNotified(alone[0], "match_found", "matchmaking queued no_replacement")
	w.queueSolos(1)
	w.process()
	w.wantEvents(id, "queued duo", "found duo", "queued duo: no_replacement", "found duo")
	status, err := w.Status(t.Context(), callerOf(players[1]), id.String())
	w.must(err)
	reports := w.Report()
	if r := reports[slices.IndexFunc(reports, func(r party.QueueReport) bool { return r.Queue == "duo" })]; r.Proposals != 1 || r.Needed != 4 || r.Accepted != 0 || r.Tickets != 3 || !slices.Equal(r.Sizes, []party.QueueSize{{Seats: 1, Tickets: 2}, {Seats: 2, Tickets: 1}}) {
		t.Errorf("report = %+v; want three tickets, one of them of two, in one proposal to four players", r)
	}
	if len(status.Tickets) != 1 || status.Tickets[0].WaitedSec < 30 || status.Tickets[0].Proposal == nil || status.Tickets[0].Proposal.Accepted != 0 {
		t.Errorf("status = %+v; want the age kept and nobody's old answer", status)
	}
}

// Who may not queue for the cooldown is told why, also a leader who accepted and then removed a member.
func TestPropose_CooldownInWords(t *testing.T) {
	w := askingWorld(t)
	id, players := w.party(2)
	ticket := w.queueParty(id, players[0], text("queue", "duo"))
	other, others := w.party(2)
	w.queueParty(other, others[0], text("queue", "duo"))
	w.process()
	w.accepts(players[0], ticket)
	w.accepts(players[1], ticket)
	w.kick(id, players[0], players[1])
	err := w.MayQueue(t.Context(), callerOf(players[0]), party.View{}, "duo")
	if want := "rate_limited: You took a ticket off a match that was found; wait before you look for another one, retry_after_sec="; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("alone: %v; want %q", err, want)
	}
	err = w.MayQueue(t.Context(), callerOf(players[0]), w.view(id), "duo")
	if want := "rate_limited: Somebody in your party took a ticket off"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("as a party: %v; want %q", err, want)
	}
}

// A whole ticket leaves with the member who declines, and only that member is barred.
func TestAccept_PartyStaysWhole(t *testing.T) {
	w := askingWorld(t)
	id, players := w.party(2)
	ticket := w.queueParty(id, players[0], text("queue", "duo"))
	other, others := w.party(2)
	otherTicket := w.queueParty(other, others[0], text("queue", "duo"))
	w.process()
	w.accepts(players[0], ticket)
	w.accepts(players[1], ticket)
	w.accepts(others[0], otherTicket)
	state, err := w.Accept(t.Context(), callerOf(players[1]), ticket, false)
	w.must(err)
	if state.Accepted != 1 || state.Needed != 4 {
		t.Errorf("the one who declines is told %+v; want the other ticket's answer, of four", state)
	}
	w.wantEvents(id, "queued duo", "found duo", "dropped duo: declined")
	w.removeTicket(ticket)
	_, err = w.addParty(id, players[0], text("queue", "duo"))
	w.wantReason(err, party.RateLimited)
	w.leave(id, players[0])
	w.queueSolo(players[0], text("queue", "duo"))
	w.wantEvents(other, "queued duo", "found duo")
}

func TestAccept_WhileAsked(t *testing.T) {
	ask := func(t *testing.T) (*world, []party.ID, [][]party.Session, []string) {
		w := askingWorld(t)
		ids, players, tickets := duel(w)
		w.process()
		return w, ids, players, tickets
	}
	everybody := func(w *world, players [][]party.Session, tickets []string) {
		for i, of := range players {
			for _, s := range of {
				w.accepts(s, tickets[i])
			}
		}
	}
	t.Run("a_wait_does_not_end", func(t *testing.T) {
		w, ids, players, tickets := ask(t)
		everybody(w, players, tickets)
		w.blocks.err = errBroken
		w.clock.Advance(11 * time.Minute)
		w.process()
		w.blocks.err = nil
		if matches := w.process(); len(matches["match-0"]) != 4 { // an acceptance stays
			t.Errorf("matches = %v", matches)
		}
		w.wantEvents(ids[0], "queued duo", "found duo", "matched duo")
	})
	t.Run("a_party_grows", func(t *testing.T) {
		w, ids, players, tickets := ask(t)
		everybody(w, players, tickets)
		w.must(w.admission.Admit(t.Context(), ids[0], w.player(), party.Grant{}, nil))
		if matches := w.process(); len(matches) != 0 {
			t.Errorf("matches = %v; want none of a party that is too large", matches)
		}
		w.wantEvents(ids[0], "queued duo", "found duo", "dropped duo: party_too_large")
	})
	t.Run("a_party_needs_more_seats", func(t *testing.T) {
		w := askingWorld(t)
		id, leader := w.party(1)
		ticket := w.queueParty(id, leader[0], text("queue", "duo"))
		w.queueSolos(3)
		w.process()
		w.accepts(leader[0], ticket)
		w.must(w.admission.Admit(t.Context(), id, w.player(), party.Grant{}, nil))
		w.process()
		w.wantEvents(id, "queued duo", "found duo", "queued duo")
		_, err := w.Accept(t.Context(), callerOf(leader[0]), ticket, true)
		w.wantReason(err, party.ProposalGone)
	})
	t.Run("nobody_is_asked_any_more", func(t *testing.T) {
		w, ids, _, _ := ask(t)
		q := w.cfg.Queues["duo"]
		q.Accept = nil
		w.cfg.Queues["duo"] = q
		if matches := w.process(); len(matches["match-0"]) != 4 {
			t.Errorf("matches = %v; want one without asking", matches)
		}
		w.wantEvents(ids[0], "queued duo", "found duo", "queued duo: no_replacement", "matched duo")
	})
	t.Run("the_queue_is_gone", func(t *testing.T) {
		w, ids, players, tickets := ask(t)
		delete(w.cfg.Queues, "duo")
		w.process()
		w.wantEvents(ids[0], "queued duo", "found duo", "dropped duo: unknown_queue")
		_, err := w.Accept(t.Context(), callerOf(players[0][0]), tickets[0], true)
		w.wantReason(err, party.ProposalGone)
	})
	t.Run("the_host_has_one_less", func(t *testing.T) {
		w, ids, players, tickets := ask(t)
		everybody(w, players, tickets)
		groups := w.Process(t.Context(), w.poolEntries())
		if len(groups) != 1 {
			t.Fatalf("%d groups; want 1", len(groups))
		}
		w.TicketCancelled(t.Context(), players[0][0], tickets[0])
		w.removeTicket(tickets[0])
		third, thirds := w.party(2)
		thirdTicket := w.queueParty(third, thirds[0], text("queue", "duo"))
		w.process()
		for _, s := range thirds {
			w.accepts(s, thirdTicket)
		}
		w.process()
		w.wantEvents(ids[1], "queued duo", "found duo", "replaced duo", "matched duo") // is not asked again
		w.wantEvents(third, "queued duo", "found duo", "matched duo")
	})
	t.Run("blocks_cannot_be_read", func(t *testing.T) {
		w, ids, players, tickets := ask(t)
		everybody(w, players, tickets)
		w.blocks.err = errBroken
		if matches := w.process(); len(matches) != 0 {
			t.Errorf("matches = %v", matches)
		}
		w.blocks.err = nil
		if matches := w.process(); len(matches["match-0"]) != 4 { // nobody is asked again
			t.Errorf("matches = %v; want one of all four", matches)
		}
		w.wantEvents(ids[0], "queued duo", "found duo", "matched duo")
	})
	t.Run("a_party_cannot_be_read", func(t *testing.T) {
		w, ids, players, tickets := ask(t)
		everybody(w, players, tickets)
		w.partyErr = errBroken
		if matches := w.process(); len(matches) != 0 {
			t.Errorf("matches = %v", matches)
		}
		w.partyErr = nil
		w.process()
		w.wantEvents(ids[0], "queued duo", "found duo", "matched duo")
	})
	t.Run("somebody_blocks", func(t *testing.T) {
		w, ids, players, tickets := ask(t)
		everybody(w, players, tickets)
		w.blocks.block(players[0][0], players[1][0])
		for range 2 {
			if matches := w.process(); len(matches) != 0 {
				t.Errorf("matches = %v", matches)
			}
		}
		told := slices.Sorted(slices.Values(slices.Concat(w.events(ids[0]), w.events(ids[1]))))
		if want := []string{"found duo", "found duo", "queued duo", "queued duo", "queued duo"}; !slices.Equal(told, want) { // told once
			t.Errorf("the parties were told %q; want %q", told, want)
		}
	})
}

// Whatever players do: nobody plays without accepting, nobody who accepted is taken off for not answering, and nobody
// is asked about two matches at once.
func TestAccept_Properties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := askingWorld(t)
		type mine struct {
			ticket  string
			members []party.Session
		}
		var all []mine
		accepted := map[string]string{} // the ticket for which the user last accepted a match
		ended := map[string]bool{}
		pick := func() (mine, party.Session) {
			m := all[rapid.IntRange(0, len(all)-1).Draw(t, "ticket")]
			return m, m.members[rapid.IntRange(0, len(m.members)-1).Draw(t, "member")]
		}
		answer := func(yes bool) func(*rapid.T) {
			return func(t *rapid.T) {
				if len(all) == 0 {
					return
				}
				m, s := pick()
				if _, err := w.Accept(w.t.Context(), callerOf(s), m.ticket, yes); err == nil {
					if accepted[s.UserID] = m.ticket; !yes {
						ended[m.ticket] = true
						w.removeTicket(m.ticket)
					}
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"queue": func(t *rapid.T) {
				id, members := w.party(rapid.IntRange(1, 2).Draw(t, "size"))
				all = append(all, mine{w.queueParty(id, members[0], text("queue", "duo")), members})
			},
			"yes": answer(true), "yes_": answer(true), "yes__": answer(true), "no": answer(false),
			"cancel": func(t *rapid.T) {
				if len(all) > 0 {
					m, s := pick()
					w.removeTicket(m.ticket)
					w.TicketCancelled(w.t.Context(), s, m.ticket)
					ended[m.ticket] = true
				}
			},
			"pass": func(t *rapid.T) {
				w.clock.Advance(time.Duration(rapid.IntRange(1, 16).Draw(t, "seconds")) * time.Second)
				for _, entries := range w.process() {
					if len(entries) != 4 {
						t.Fatalf("a match of %d", len(entries))
					}
					for _, e := range entries {
						if accepted[e.session.UserID] != e.ticket || ended[e.ticket] {
							t.Fatalf("%s plays without having accepted", e.session.Username)
						}
					}
					for _, e := range entries {
						ended[e.ticket] = true
					}
				}
			},
			"": func(t *rapid.T) {
				if twice := queue.AskedTwice(w.Service); twice != "" {
					t.Fatalf("user %s is asked about two matches", twice)
				}
			},
		})
	})
}

// The log warns once if passes are too rare for queues that ask their players.
func TestAccept_WarnsOfRarePasses(t *testing.T) {
	for name, tt := range map[string]struct {
		interval time.Duration
		asks     bool
		want     int
	}{"rare": {6 * time.Second, true, 1}, "often": {5 * time.Second, true, 0}, "nobody_asks": {6 * time.Second, false, 0}} {
		t.Run(name, func(t *testing.T) {
			w := askingWorld(t)
			if !tt.asks {
				w = newWorld(t, configWithQueues())
			}
			w.queueSolos(1)
			for range 8 {
				w.process()
				w.clock.Advance(tt.interval)
			}
			lines := slices.DeleteFunc(w.log.Lines(), func(line string) bool { return !strings.Contains(line, "interval_sec") })
			if len(lines) != tt.want {
				t.Errorf("warned %q; want %d warnings", lines, tt.want)
			}
		})
	}
}

// A player who has seen the proposal by party_queue accepts it while the others are told of it. It is for the race
// detector.
func TestPropose_AcceptWhileTold(t *testing.T) {
	w := askingWorld(t)
	alone, tickets := w.queueSolos(4)
	var once sync.Once
	var answers sync.WaitGroup
	w.notices.hook = func() {
		once.Do(func() {
			for i := range alone {
				answers.Go(func() { _, _ = w.Accept(t.Context(), callerOf(alone[i]), tickets[i], true) })
			}
		})
	}
	w.process()
	answers.Wait()
}
