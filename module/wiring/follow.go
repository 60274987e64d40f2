package wiring

import (
	"context"
	"time"

	"partyline/matchmaking/queue"
	"partyline/party"
)

// matchTimeout limits how long a message waits for a match.
const matchTimeout = 2 * time.Second

// updateSeats applies changes of a party to its seats in a match. Who left or was kicked loses a held seat, the seat of
// a member who lost the connection is held for the grace, and all follow the party to a new native one.
func (m *Module) updateSeats(c party.Change) {
	ctx, cancel := context.WithTimeout(context.Background(), matchTimeout)
	defer cancel()
	switch {
	case c.Kind == party.PartyRestored:
		m.retrier.Follow(ctx, c.Was)
	case c.Kind == party.SeatAway:
		if err := m.matches.Away(ctx, c.ID, c.Seat.Member.UserID); err != nil {
			m.logger.Warn("seat not held for the grace party=%s user=%s error=%v", c.ID, c.Seat.Member.UserID, err)
		}
	case c.Kind == party.SeatGivenUp:
		m.retrier.Release(ctx, c.ID, c.Seat.Member.UserID)
	case c.Kind == party.MemberLeft && !c.Moved:
		m.retrier.Release(ctx, c.ID, c.Session.UserID)
	}
}

// extendSeat holds the seat of a friend whose game makes progress longer.
func (m *Module) extendSeat(id party.ID, userID string) {
	ctx, cancel := context.WithTimeout(context.Background(), matchTimeout)
	defer cancel()
	if err := m.matches.Extend(ctx, id, userID); err != nil {
		m.logger.Warn("seat not held longer party=%s user=%s error=%v", id, userID, err)
	}
}

// ticketChanged handles events of a party's ticket. Who was ready for one queue is not ready for the next.
func (m *Module) ticketChanged(id party.ID, what queue.EventName) {
	if what == queue.Queued {
		m.status.Queued(id)
	} else {
		m.status.QueueChanged(id, what == queue.Dropped)
	}
	m.share.Refresh(id)
	if what == queue.Matched {
		ctx, cancel := context.WithTimeout(context.Background(), matchTimeout)
		defer cancel()
		m.invites.CountMatched(ctx, id)
	}
}

// inviteOver handles an invite that is over, or that a user declined.
func (m *Module) inviteOver(inviteID, userID string) {
	m.status.InviteOver(inviteID, userID)
	m.share.InviteOver(inviteID, userID)
	m.waitlist.InviteOver(inviteID, userID)
}
