package queue_test

import (
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/matchmaking/queue"
	"partyline/party"
	"partyline/party/rules"
)

// Between a check and its after-hook nobody knows whether the host has the ticket. Until the host must have answered, a
// ticket that excludes it is refused.
func TestChecks_WhileTheHostAnswers(t *testing.T) {
	byQueues, native := configWithQueues(), rules.Default()
	for name, cfg := range map[string]*rules.Config{"queues": byQueues, "native": &native} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cfg)
			id, players := w.party(3)
			partyAsks := func(by party.Session) error {
				return w.CheckParty(t.Context(), id, by, &rtapi.PartyMatchmakerAdd{MinCount: 2, MaxCount: 8, StringProperties: rankedEU})
			}
			soloAsks := func(by party.Session) error {
				return w.CheckSolo(t.Context(), by, &rtapi.MatchmakerAdd{MinCount: 2, MaxCount: 8, StringProperties: rankedEU})
			}
			later := func() { w.clock.Advance(5 * time.Second) }

			w.must(partyAsks(players[0]))
			w.wantReason(soloAsks(players[1]), party.NotReady)
			w.wantReason(w.MayQueue(t.Context(), party.Caller{UserID: players[1].UserID}, party.View{}, "ranked"), party.NotReady)
			w.must(partyAsks(players[0])) // the host has refused the first ticket, or it would not read this message
			w.wantReason(soloAsks(players[1]), party.NotReady)
			later()
			w.must(soloAsks(players[1]))
			w.wantReason(partyAsks(players[0]), party.NotReady)
			w.must(w.Ended(t.Context(), players[1]))
			w.must(partyAsks(players[0]))
			later()

			w.must(partyAsks(players[1])) // not the leader: the host will refuse the ticket
			w.must(soloAsks(players[2]))
			w.wantReason(partyAsks(players[0]), party.NotReady)
			later()

			// The session's next message shows that the host has answered.
			w.must(soloAsks(players[1]))
			w.BeforeMessage(players[2])
			w.wantReason(partyAsks(players[0]), party.NotReady)
			w.BeforeMessage(players[1])
			w.must(partyAsks(players[0]))
			w.BeforeMessage(players[0])

			// Nothing is left of a refused ticket.
			w.wantReason(w.CheckParty(t.Context(), id, players[0], &rtapi.PartyMatchmakerAdd{MinCount: 2, MaxCount: 2, StringProperties: text("queue", "duo")}), party.PartyTooLarge)
			w.must(soloAsks(players[1]))
		})
	}
}

// A claim lasts as long as its check takes, and the check sees who comes into the party meanwhile.
func TestChecks_WhileSkillIsRead(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	meanwhile := func(do func()) {
		w.accounts.meanwhile = func() {
			w.accounts.meanwhile = nil
			w.clock.Advance(3 * time.Second)
			do()
		}
	}
	partyAsks := func() error {
		return w.CheckParty(t.Context(), id, players[0], &rtapi.PartyMatchmakerAdd{StringProperties: rankedEU})
	}
	soloAsks := func() error {
		return w.CheckSolo(t.Context(), players[1], &rtapi.MatchmakerAdd{StringProperties: rankedEU})
	}
	meanwhile(func() { w.wantReason(partyAsks(), party.NotReady) })
	w.must(soloAsks())
	w.wantReason(partyAsks(), party.NotReady)
	w.BeforeMessage(players[1])

	meanwhile(func() { w.wantReason(soloAsks(), party.NotReady) })
	w.must(partyAsks())
	w.BeforeMessage(players[0])

	meanwhile(func() { // the news of a member whom the check knows comes late
		w.Changed(party.Change{Kind: party.MemberEntered, ID: id, Session: players[1], Native: true})
	})
	w.must(partyAsks())
	w.BeforeMessage(players[0])

	meanwhile(func() { w.join(id, w.player()) })
	w.wantReason(partyAsks(), party.NotReady)
	w.must(soloAsks()) // nothing is left of the refused ticket
	w.BeforeMessage(players[1])
	w.must(partyAsks())
}

// If a party's ticket cancels the solo tickets of its members, it does so in either order of the host's answers.
func TestChecks_SoloTicketHeardOfLate(t *testing.T) {
	cfg := configWithQueues()
	cfg.Matchmaking.SoloTickets = rules.SoloTicketsCancel
	w := newWorld(t, cfg)
	id, players := w.party(2)
	solo := &rtapi.MatchmakerAdd{StringProperties: text("queue", "duo")}
	w.must(w.CheckSolo(t.Context(), players[1], solo))
	w.queueParty(id, players[0], rankedEU)
	ticket := w.enter("", players[1:], solo.GetStringProperties(), solo.GetNumericProperties())
	w.SoloQueued(t.Context(), players[1], ticket, solo)
	if len(w.notices.sent) != 1 {
		t.Errorf("%d players were told that their ticket is dropped; want 1", len(w.notices.sent))
	}
	if !w.queued(id) {
		t.Error("the party's ticket went")
	}
}

// A member who hears that the party waits, and leaves it at once, may queue alone.
func TestChecks_OnceTheTicketIsTold(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	var alone []error
	w.Told = func(_ party.ID, what queue.EventName) {
		if what == queue.Queued {
			w.leave(id, players[1])
			alone = append(alone, w.CheckSolo(t.Context(), players[1], &rtapi.MatchmakerAdd{MinCount: 2, MaxCount: 8, StringProperties: rankedEU}))
		}
	}
	w.queueParty(id, players[0], rankedEU)
	if len(alone) != 1 || alone[0] != nil {
		t.Errorf("alone they hear %v; want to be let in, once", alone)
	}
}
