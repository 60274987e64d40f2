package queue

import (
	"context"

	"partyline/party"
	"partyline/party/rules"
)

// tickets manages the tickets of the book. When one ends, so does its part of a proposal and what is prepared for it.
// Safe for concurrent use.
type tickets struct {
	Deps
	book      *Book
	proposals *proposals
	barred    *pauses // users who did not accept and may not queue for now
	leaves    *pauses // parties that a member has just left
	prepared  *prepared
}

// end ends a ticket, and what was prepared for it. If the host has made the match already, commit holds the seats again.
// by are the users who caused the end, if any.
func (ts *tickets) end(ctx context.Context, id string, by ...string) (Ticket, bool) {
	ts.bar(id, by)
	t, live := ts.book.End(id)
	if live {
		ts.proposals.remove(id, ts.Now())
	}
	ts.prepared.end(ctx, id)
	return t, live
}

// endAs ends a live ticket that the host no longer has, and tells what became of it.
func (ts *tickets) endAs(ctx context.Context, id string, what EventName, by ...string) {
	if t, live := ts.end(ctx, id, by...); live {
		ts.tell(ctx, t, what, NoReason)
	}
}

// drop ends a live ticket and tells why. by is as for end.
func (ts *tickets) drop(ctx context.Context, id string, reason DropReason, by ...string) {
	t, live := ts.end(ctx, id, by...)
	if !live {
		return
	}
	if reason == DropInternal || reason == DropMembership && !t.Solo() {
		ts.book.KeepAge(t, ts.Policy().Queues[t.Queue].MaxWait)
	}
	ts.Metrics.MetricsCounterAdd(MetricDropped, map[string]string{"queue": t.Queue, "reason": string(reason)}, 1)
	ts.tell(ctx, t, Dropped, reason)
}

// complete reports whether everybody is still in the party whose end would end its ticket. If not, it drops the ticket:
// the host ends it when one of them leaves, sometimes without telling anybody.
func (ts *tickets) complete(ctx context.Context, t Ticket, v party.View) bool {
	for _, m := range t.allSessions() {
		if _, member := v.Session(m.SessionID); !member {
			ts.drop(ctx, t.ID, DropMembership, m.UserID)
			return false
		}
	}
	return true
}

// dropSolo drops a user's solo tickets.
func (ts *tickets) dropSolo(ctx context.Context, userID string) {
	for _, t := range ts.book.OfUser(userID) {
		if t.Solo() {
			ts.drop(ctx, t.ID, DropSolo, userID)
		}
	}
}

// cancelsSolo reports whether a party's ticket ends the solo tickets of its members. Only a processor can ignore a
// ticket. If the host itself matches, the check refuses the second ticket instead.
func (ts *tickets) cancelsSolo() bool {
	return ts.Processing && ts.Policy().Matchmaking.SoloTickets == rules.SoloTicketsCancel
}

// bar starts the cooldown of users who take a ticket off a proposal. It runs before the ticket is taken off.
func (ts *tickets) bar(ticket string, users []string) {
	t, live := ts.book.Get(ticket)
	if a := ts.Policy().Queues[t.Queue].Accept; live && a != nil && ts.proposals.state(ticket) != nil {
		for _, user := range users {
			ts.barred.begin(user, a.Cooldown)
		}
	}
}

// sendBack takes a ticket off its proposal, to wait for another match. It tells players who were asked.
func (ts *tickets) sendBack(ctx context.Context, ticket string) {
	asked := ts.proposals.state(ticket) != nil
	ts.proposals.remove(ticket, ts.Now())
	if t, live := ts.book.Get(ticket); live && asked {
		ts.announce(ctx, t, Event{Event: Queued, Queue: t.Queue, Ticket: t.ID})
	}
}

// Accept takes a player's answer to the match that was found for a ticket. A refusal drops the ticket. Accept refuses
// with ProposalGone if no match is offered to this player any more.
func (s *Service) Accept(ctx context.Context, caller party.Caller, ticket string, accept bool) (party.ProposalState, error) {
	ts := s.tickets
	state, known := ts.proposals.answer(ts.Now(), ticket, caller.UserID, accept)
	if !known {
		return state, party.Refuse(party.ProposalGone, "This match is not offered to you any more.")
	}
	if !accept {
		ts.drop(ctx, ticket, DropDeclined, caller.UserID)
	}
	return state, nil
}
