package wiring

import (
	"context"
	"time"

	"partyline/internal/bounded"
	"partyline/matchmaking/queue"
	"partyline/party"
)

// matchTimeout bounds how long a message waits for a match.
const matchTimeout = 2 * time.Second

// seatsFollow has the seats in a party's match follow the party: who has left it or was kicked
// loses the seat that is held, and all go with it to a new native party. That of a member who lost the connection
// is held for the grace.
func (m *Module) seatsFollow(c party.Change) {
	ctx, cancel := bounded.Context(context.Background(), matchTimeout)
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

// progressed holds the seat of a friend whose progress moves longer.
func (m *Module) progressed(id party.ID, userID string) {
	ctx, cancel := bounded.Context(context.Background(), matchTimeout)
	defer cancel()
	if err := m.matches.Extend(ctx, id, userID); err != nil {
		m.logger.Warn("seat not held longer party=%s user=%s error=%v", id, userID, err)
	}
}

// ticketMoved hears what becomes of a party's ticket: what was ready for one queue is not
// for the next, and while the party waits it may be locked.
func (m *Module) ticketMoved(id party.ID, what queue.EventName) {
	if what != queue.Queued {
		m.status.QueueChanged(id)
	}
	m.share.Refresh(id)
	if what == queue.Matched {
		ctx, cancel := bounded.Context(context.Background(), matchTimeout)
		defer cancel()
		m.invites.Matched(ctx, id)
	}
}

// inviteOver follows an invite that is over, or that a user declined.
func (m *Module) inviteOver(inviteID, userID string) {
	m.status.InviteOver(inviteID, userID)
	m.share.InviteOver(inviteID, userID)
	m.line.InviteOver(inviteID, userID)
}
