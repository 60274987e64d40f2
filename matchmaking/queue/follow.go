package queue

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/rules"
)

// The methods here are called after the host has done its part.

// PartyQueued follows a party's ticket; add is what the host was given.
func (s *Service) PartyQueued(ctx context.Context, id party.ID, by party.Session, ticket string, add *rtapi.PartyMatchmakerAdd) error {
	v, err := s.Roster.View(ctx, id)
	if err != nil {
		s.claims.end(by.SessionID)
		return err // gone with its ticket
	}
	t := Ticket{ID: ticket, Party: id, Session: by, Members: sessions(v), Added: s.Now()}
	t.Queue, t.Since = s.placeOf(t.Added, add.GetStringProperties(), add.GetNumericProperties())
	if !s.follow(t) {
		return nil
	}
	s.readBlocks(ctx, t)
	s.tell(ctx, t, Queued, "")
	s.endSolo(ctx, v)
	return nil
}

// SoloQueued follows the ticket of a player without a party. A ticket that the player's
// party has got meanwhile ends it, where the rules cancel such tickets.
func (s *Service) SoloQueued(ctx context.Context, by party.Session, ticket string, add *rtapi.MatchmakerAdd) {
	t := Ticket{ID: ticket, Session: by, Members: []party.Session{by}, Added: s.Now()}
	t.Queue, t.Since = s.placeOf(t.Added, add.GetStringProperties(), add.GetNumericProperties())
	if !s.follow(t) {
		return
	}
	s.readBlocks(ctx, t)
	if s.cancelsSolo() && slices.ContainsFunc(s.book.OfUser(by.UserID), func(o Ticket) bool { return !o.Solo() }) {
		s.drop(ctx, t.ID, DropSolo)
	}
}

// follow has the book follow a ticket in place of the claim to it, before anybody is told: what they
// do then finds the one or the other. False for a ticket that has ended.
func (s *Service) follow(t Ticket) bool {
	defer s.claims.end(t.Session.SessionID)
	return s.book.Add(t)
}

// cancelsSolo reports whether a party's ticket ends those its members have alone. Only a
// processor can ignore a ticket; the host's own matching refuses instead.
func (s *Service) cancelsSolo() bool {
	return s.Processing && s.Policy().Matchmaking.SoloTickets == rules.SoloTicketsCancel
}

// placeOf reads back what the check filled in.
func (s *Service) placeOf(added time.Time, texts map[string]string, numbers map[string]float64) (queue string, since time.Time) {
	if !s.Processing {
		return "", added
	}
	return texts[PropertyQueue], time.UnixMilli(int64(math.Round(numbers[PropertySince] * 1000)))
}

// endSolo drops what the party's members wait for alone, where the rules cancel it.
func (s *Service) endSolo(ctx context.Context, v party.View) {
	if !s.cancelsSolo() {
		return
	}
	for _, user := range users(sessions(v)) {
		s.dropSolo(ctx, user)
	}
}

func (s *Service) dropSolo(ctx context.Context, userID string) {
	for _, t := range s.book.OfUser(userID) {
		if t.Solo() {
			s.drop(ctx, t.ID, DropSolo)
		}
	}
}

// PartyCancelled follows a leader who cancels the party's ticket.
func (s *Service) PartyCancelled(ctx context.Context, ticket string) {
	s.book.Removed(ticket)
	if t, live := s.end(ctx, ticket); live {
		s.tell(ctx, t, Cancelled, "")
	}
}

// SoloCancelled follows a player who cancels their ticket.
func (s *Service) SoloCancelled(ctx context.Context, ticket string) {
	s.book.Removed(ticket)
	s.end(ctx, ticket)
}

// Plays ends the tickets of a session that joins a match. It is for hosts whose matched hook is
// somebody else's: nothing else shows then that they have found one.
func (s *Service) Plays(ctx context.Context, session party.Session) {
	for _, t := range s.book.OfSession(session) {
		if t, live := s.end(ctx, t.ID); live {
			s.tell(ctx, t, Matched, "")
		}
	}
}

// entered ends the party's tickets, as a join through the engine does; entering by an invite
// does not.
func (s *Service) entered(ctx context.Context, id party.ID, session party.Session) {
	s.book.Gone(id.String())
	for _, t := range s.book.OfParty(id) {
		if !t.has(session.SessionID) { // a ticket made since is one the newcomer is on
			s.drop(ctx, t.ID, DropMembership)
		}
	}
}

// Changed handles a change of a party; it is for [party.News].
func (s *Service) Changed(c party.Change) {
	switch c.Kind {
	case party.MemberEntered:
		if c.Native {
			s.entered(context.Background(), c.ID, c.Session)
		}
	case party.MemberLeft, party.MemberDropped:
		s.memberLeft(c.ID, c.Session)
		s.forget(c.ID, c.Kind == party.MemberDropped)
	case party.PartyRestored:
		s.book.Rename(c.Was.String(), c.ID.String())
		for queue, waited := range c.Queued { // what a restart has forgotten
			if s.book.Waited(c.ID.String(), queue) == 0 {
				s.book.Keep(Ticket{Queue: queue, Party: c.ID, Since: s.Now().Add(-waited)}, s.Policy().Queues[queue].MaxWait)
			}
		}
	case party.PartyClosed:
		s.book.Gone(c.ID.String())
		for _, t := range s.book.OfParty(c.ID) {
			s.end(context.Background(), t.ID)
		}
		s.book.Forget(c.ID.String(), 0)
	}
}

// memberLeft drops the tickets the session was on; one made before it came in ends in the next pass.
func (s *Service) memberLeft(id party.ID, session party.Session) {
	s.book.Gone(id.String())
	for _, t := range s.book.OfParty(id) {
		if t.has(session.SessionID) {
			s.drop(context.Background(), t.ID, DropMembership)
		}
	}
}

// forget drops the ages of a party that has ended with its last member; one that is kept
// for those whose connection was lost has them for as long.
func (s *Service) forget(id party.ID, dropped bool) {
	if !s.book.Aged(id.String()) {
		return
	}
	if _, err := s.Roster.View(context.Background(), id); party.ReasonOf(err) != party.PartyNotFound {
		return
	}
	within := time.Duration(0)
	if dropped {
		within = s.Policy().Parties.ReconnectGrace
	}
	s.book.Forget(id.String(), within)
}

// Ended handles the end of a socket: the host has removed all it was on.
func (s *Service) Ended(ctx context.Context, session party.Session) error {
	s.claims.end(session.SessionID)
	s.book.Gone(session.SessionID)
	for _, t := range s.book.OfSession(session) {
		if t.Solo() {
			s.end(ctx, t.ID)
			continue
		}
		s.drop(ctx, t.ID, DropMembership)
	}
	return nil
}

func sessions(v party.View) []party.Session {
	members := make([]party.Session, len(v.Members))
	for i, m := range v.Members {
		members[i] = m.Session
	}
	return members
}
