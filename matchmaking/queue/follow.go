package queue

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/rules"
)

// The methods here are called after the host has done its part.

// PartyQueued follows a party's ticket; add is what the host was given. Who has come or gone since the check may
// have ended it already, and the news of that may be over.
func (s *Service) PartyQueued(ctx context.Context, id party.ID, by party.Session, ticket string, add *rtapi.PartyMatchmakerAdd) error {
	t := Ticket{ID: ticket, Party: id, Session: by, Members: s.claims.of(by.SessionID).Members}
	if len(t.Members) == 0 {
		v, err := s.Roster.View(ctx, id)
		if err != nil {
			return err // gone with its ticket
		}
		t.Members = sessions(v)
	}
	if !s.follow(&t, add.GetStringProperties(), add.GetNumericProperties()) {
		return nil
	}
	s.tell(ctx, t, Queued, NoReason) // first of all: what ends the ticket meanwhile is told at once
	v, err := s.Roster.View(ctx, id)
	if err != nil {
		if party.ReasonOf(err) == party.PartyNotFound {
			s.end(ctx, t.ID)
		}
		return err
	}
	if in := sessions(v); len(in) != len(t.Members) || slices.ContainsFunc(in, func(m party.Session) bool { return !t.has(m.SessionID) }) {
		s.drop(ctx, t.ID, DropMembership)
		return nil
	}
	s.readBlocks(ctx, t)
	if s.cancelsSolo() {
		for _, user := range users(t.Members) {
			s.dropSolo(ctx, user)
		}
	}
	return nil
}

// SoloQueued follows the ticket of a player without a party. A ticket that the player's
// party has got meanwhile ends it, where the rules cancel such tickets.
func (s *Service) SoloQueued(ctx context.Context, by party.Session, ticket string, add *rtapi.MatchmakerAdd) {
	t := Ticket{ID: ticket, Session: by, Members: []party.Session{by}}
	if !s.follow(&t, add.GetStringProperties(), add.GetNumericProperties()) {
		return
	}
	s.readBlocks(ctx, t)
	if s.cancelsSolo() && slices.ContainsFunc(s.book.OfUser(by.UserID), func(o Ticket) bool { return !o.Solo() }) {
		s.drop(ctx, t.ID, DropSolo)
	}
}

// follow reads back what the check filled in and has the book follow a ticket in place of the claim to
// it, before anybody is told: what they do then finds the one or the other. False for a ticket that has ended.
func (s *Service) follow(t *Ticket, texts map[string]string, numbers map[string]float64) bool {
	t.Added = s.Now()
	t.Asked, t.Since = cmp.Or(s.claims.of(t.Session.SessionID).Added, t.Added), t.Added
	if s.Processing {
		t.Queue, t.Since = texts[PropertyQueue], time.UnixMilli(int64(math.Round(numbers[PropertySince]*1000)))
	}
	live := s.book.Add(*t)
	s.claims.end(t.Session.SessionID)
	return live
}

// cancelsSolo reports whether a party's ticket ends those its members have alone. Only a
// processor can ignore a ticket; the host's own matching refuses instead.
func (s *Service) cancelsSolo() bool {
	return s.Processing && s.Policy().Matchmaking.SoloTickets == rules.SoloTicketsCancel
}

func (s *Service) dropSolo(ctx context.Context, userID string) {
	for _, t := range s.book.OfUser(userID) {
		if t.Solo() {
			s.bar(t.ID, userID)
			s.drop(ctx, t.ID, DropSolo)
		}
	}
}

// TicketCancelled follows a leader who cancels the party's ticket, or a player their own.
func (s *Service) TicketCancelled(ctx context.Context, by party.Session, ticket string) {
	s.book.Removed(ticket)
	s.bar(ticket, by.UserID)
	if t, live := s.end(ctx, ticket); live {
		s.tell(ctx, t, Cancelled, NoReason)
	}
}

// Removing comes before the host removes a party's ticket, or with the zero ID that of a player alone.
func (s *Service) Removing(by party.Session, id party.ID, ticket string) {
	s.book.Removing(ticket, id, by)
}

// Answered comes before a message of the session: what it asked for before has its answer.
func (s *Service) Answered(session party.Session) { s.claims.end(session.SessionID) }

// Changed handles a change of a party; it is for [party.News].
func (s *Service) Changed(c party.Change) {
	switch c.Kind {
	case party.MemberEntered:
		if !c.Native { // entering by an invite ends no ticket
			s.book.Late(c.ID, c.Session)
			break
		}
		s.membersChanged(c.ID, "", func(t Ticket) bool { return !t.has(c.Session.SessionID) }) // one made since is one the newcomer is on
	case party.MemberLeft, party.MemberDropped:
		s.membersChanged(c.ID, cmp.Or(c.By, c.Session.UserID), func(t Ticket) bool { return t.has(c.Session.SessionID) })
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
			s.bar(t.ID, c.By)
			s.end(context.Background(), t.ID)
		}
		s.book.Forget(c.ID.String(), 0)
	}
}

// membersChanged drops the party's tickets that a change of its members has ended. by is the member whose
// doing it was, "" for nobody's.
func (s *Service) membersChanged(id party.ID, by string, ended func(Ticket) bool) {
	s.book.Gone(id.String())
	for _, t := range s.book.OfParty(id) {
		if ended(t) {
			s.bar(t.ID, by)
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
		s.bar(t.ID, session.UserID)
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
