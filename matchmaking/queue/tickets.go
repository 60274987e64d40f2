package queue

import (
	"context"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// tickets are those of the book, with what ends when one does: its part of a proposal, and what is
// prepared for it. Safe for concurrent use.
type tickets struct {
	Deps
	book      *Book
	proposals *proposals
	barred    *pauses // users who did not accept, and may not queue
	prepared  *prepared
}

// end ends a ticket that the host does not have any more, and what was prepared for it. Should the
// host have been quicker, commit holds the seats again. by are the users whose doing it was, if anybody's.
func (ts *tickets) end(ctx context.Context, id string, by ...string) (Ticket, bool) {
	return ts.endIn(ctx, id, ts.book.End, by)
}

// endIn ends a ticket in one of the book's ways, and follows.
func (ts *tickets) endIn(ctx context.Context, id string, ends func(id string) (Ticket, bool), by []string) (Ticket, bool) {
	ts.bar(id, by)
	t, live := ends(id)
	if live {
		ts.takeOff(id, t.Queue)
	}
	ts.prepared.end(ctx, id)
	return t, live
}

// endAs ends a live ticket that the host does not have any more, and says what became of it.
func (ts *tickets) endAs(ctx context.Context, id string, what EventName, by ...string) {
	if t, live := ts.end(ctx, id, by...); live {
		ts.tell(ctx, t, what, NoReason)
	}
}

// drop ends a live ticket and says why; by are as with end.
func (ts *tickets) drop(ctx context.Context, id string, reason DropReason, by ...string) {
	ends := ts.book.Drop
	if reason == DropMembership || reason == DropInternal {
		ends = ts.book.End // the host does not have it any more
	}
	t, live := ts.endIn(ctx, id, ends, by)
	if !live {
		return
	}
	if reason == DropInternal || reason == DropMembership && !t.Solo() {
		ts.book.Keep(t, ts.Policy().Queues[t.Queue].MaxWait)
	}
	ts.Metrics.MetricsCounterAdd(MetricDropped, map[string]string{"queue": t.Queue, "reason": string(reason)}, 1)
	ts.tell(ctx, t, Dropped, reason)
}

// complete reports whether everybody whom a party's ticket ends with is still in the party, and drops it
// if not: the host ends a ticket when one leaves, in some ways without telling anybody.
func (ts *tickets) complete(ctx context.Context, t Ticket, v party.View) bool {
	for _, m := range t.endsWith() {
		if _, member := v.Session(m.SessionID); !member {
			ts.drop(ctx, t.ID, DropMembership, m.UserID)
			return false
		}
	}
	return true
}

// dropSolo drops the tickets that a user has alone.
func (ts *tickets) dropSolo(ctx context.Context, userID string) {
	for _, t := range ts.book.OfUser(userID) {
		if t.Solo() {
			ts.drop(ctx, t.ID, DropSolo, userID)
		}
	}
}

// cancelsSolo reports whether a party's ticket ends those its members have alone. Only a
// processor can ignore a ticket; the host's own matching refuses instead.
func (ts *tickets) cancelsSolo() bool {
	return ts.Processing && ts.Policy().Matchmaking.SoloTickets == rules.SoloTicketsCancel
}

// bar starts the cooldown of players who take a ticket off a match that is asked about, before it
// comes off.
func (ts *tickets) bar(ticket string, users []string) {
	t, live := ts.book.Get(ticket)
	if a := ts.Policy().Queues[t.Queue].Accept; live && a != nil && ts.proposals.state(ticket) != nil {
		for _, user := range users {
			ts.barred.begin(user, a.Cooldown)
		}
	}
}

// takeOff takes a ticket out of its proposal; a replacement is looked for as the queue says.
func (ts *tickets) takeOff(ticket, queue string) {
	var replace time.Duration
	if a := ts.Policy().Queues[queue].Accept; a != nil {
		replace = a.Replace
	}
	ts.proposals.remove(ticket, ts.Now().Add(replace))
}

// sendBack takes a ticket out of its proposal to wait for another match. Players who were asked are told.
func (ts *tickets) sendBack(ctx context.Context, ticket, queue string) {
	asked := ts.proposals.state(ticket) != nil
	ts.takeOff(ticket, queue)
	if t, live := ts.book.Get(ticket); live && asked {
		ts.announce(ctx, t, Event{Event: Queued, Queue: t.Queue, Ticket: t.ID})
	}
}

// Accept takes a player's answer to the match that was found for a ticket; one who does not accept
// takes it off. It refuses with ProposalGone where none is offered to this player any more.
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
