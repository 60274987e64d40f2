package queue

import (
	"cmp"
	"context"
	"slices"
	"time"

	"partyline/party"
)

// No news tells of a match that the host's own matching makes, nor of every way in which a ticket
// ends. So before a ticket stands in the way of another, the host is asked whether it has it.

const (
	// askedFor is how long an answer of the host is used again.
	askedFor = 250 * time.Millisecond
	// emptyAfter is from which age on a ticket is gone where the host has none: its answer is as of its
	// last pass, and by default there is one every 15 s.
	emptyAfter = 30 * time.Second
	// nativeWait is how long a ticket is taken to wait where the host matches by itself and the answer
	// leaves it open.
	nativeWait = 2 * time.Minute
)

// answer is what the host said of its matchmaker: when the oldest ticket was made that its last pass found, and
// when those were that it matched last.
type answer struct {
	oldest  time.Time
	matched []time.Time
	err     error
}

// hostHas asks the host, in a player's name. The log says once that it cannot be asked, until it can.
func (s *Service) hostHas(ctx context.Context, player party.Session) (answer, error) {
	a, err := s.answers.Get(ctx, struct{}{}, func(ctx context.Context) (a answer, _ error) {
		a.oldest, a.matched, a.err = s.Pool(ctx, player)
		if was := s.unasked.Swap(a.err != nil); a.err != nil && !was {
			s.Logger.Warn("matchmaker not asked error=%v", a.err)
		}
		return a, nil
	})
	return a, cmp.Or(err, a.err)
}

// gone reports whether the host does not have a ticket of the book any more. Where that stays open a ticket of the host's
// own matching is, after a while: nothing is refused for one that may have been matched long ago.
func (s *Service) gone(ctx context.Context, t Ticket) bool {
	if t.Removing {
		return true
	}
	made := func(at time.Time) bool { return !at.Before(t.Asked) && !at.After(t.Added) }
	host, err := s.hostHas(ctx, t.Members[0])
	age := s.Now().Sub(t.Added)
	switch {
	case err != nil:
	case host.oldest.After(t.Added), host.oldest.IsZero() && age > emptyAfter:
		return true
	case s.Processing: // its passes see the rest
		return false
	case slices.ContainsFunc(host.matched, made):
		return true
	case made(host.oldest):
		return false
	}
	return !s.Processing && age > nativeWait
}

// stillWaits asks the host whether a ticket of the book can still be there, and ends it if not.
func (s *Service) stillWaits(ctx context.Context, t Ticket) bool {
	return s.manned(ctx, t) && !s.lost(ctx, t)
}

// manned reports whether those on a ticket are still there, and ends it if not: news of sockets that
// closed comes late, and of some ways out of a party never.
func (s *Service) manned(ctx context.Context, t Ticket) bool {
	if !t.Solo() {
		v, err := s.Roster.View(ctx, t.Party)
		return err == nil && s.complete(ctx, t, v) || err != nil && party.ReasonOf(err) != party.PartyNotFound
	}
	sessions, err := s.Roster.Sessions(t.Session.UserID)
	if err == nil && !slices.ContainsFunc(sessions, func(l party.Session) bool { return l.SessionID == t.Session.SessionID }) {
		s.bar(t.ID, t.Session.UserID)
		s.end(ctx, t.ID)
		return false
	}
	return true
}

// complete reports whether everybody whom a party's ticket ends with is still in the party, and drops it
// if not: the host ends a ticket when one leaves, in some ways without telling anybody.
func (s *Service) complete(ctx context.Context, t Ticket, v party.View) bool {
	for _, m := range t.endsWith() {
		if _, member := v.Session(m.SessionID); !member {
			s.bar(t.ID, m.UserID)
			s.drop(ctx, t.ID, DropMembership)
			return false
		}
	}
	return true
}

// lost ends a ticket that is gone, and reports whether it was. Where nobody tells of matches it has most likely
// found one.
func (s *Service) lost(ctx context.Context, t Ticket) bool {
	switch {
	case !s.gone(ctx, t):
		return false
	case s.Processing || s.Policy().Matchmaking.CreateMatch:
		s.drop(ctx, t.ID, DropMembership)
	default:
		s.hasMatch(ctx, t.ID)
	}
	return true
}

// hasMatch ends a ticket that has found a match.
func (s *Service) hasMatch(ctx context.Context, ticket string) {
	if t, live := s.end(ctx, ticket); live {
		s.tell(ctx, t, Matched, NoReason)
	}
}

// Plays ends those tickets of a session that joins a match that the host does not have any more, for hosts whose matched
// hook is somebody else's. A match that is joined by a token is the matchmaker's own, any other may be one of any kind.
func (s *Service) Plays(ctx context.Context, session party.Session, byToken bool) {
	tickets := s.book.OfSession(session)
	for _, t := range tickets {
		if byToken && len(tickets) == 1 || s.gone(ctx, t) {
			s.hasMatch(ctx, t.ID)
		}
	}
}
