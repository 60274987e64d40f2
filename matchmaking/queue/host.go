package queue

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"partyline/internal/cache"
	"partyline/party"
	"partyline/party/roster"
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

// liveness finds out whether tickets of the book still wait: news of their ends come late, or never.
type liveness struct {
	*tickets
	roster  *roster.Roster
	pool    func(ctx context.Context, player party.Session) (oldest time.Time, matched []time.Time, err error)
	answers *cache.Cache[struct{}, answer] // of the host
	unasked atomic.Bool                    // it does not answer
}

// ask asks the host, in a player's name. The log says once that it cannot be asked, until it can.
func (l *liveness) ask(ctx context.Context, player party.Session) (answer, error) {
	a, err := l.answers.Get(ctx, struct{}{}, func(ctx context.Context) (a answer, _ error) {
		a.oldest, a.matched, a.err = l.pool(ctx, player)
		if was := l.unasked.Swap(a.err != nil); a.err != nil && !was {
			l.logger.Warn("matchmaker not asked error=%v", a.err)
		}
		return a, nil
	})
	return a, cmp.Or(err, a.err)
}

// gone reports whether the host does not have a ticket of the book any more. Where that stays open a ticket of the host's
// own matching is, after a while: nothing is refused for one that may have been matched long ago.
func (l *liveness) gone(ctx context.Context, t Ticket) bool {
	if t.Removing {
		return true
	}
	made := func(at time.Time) bool { return !at.Before(t.Asked) && !at.After(t.Added) }
	had, err := l.ask(ctx, t.Members[0])
	age := l.now().Sub(t.Added)
	switch {
	case err != nil:
	case had.oldest.After(t.Added), had.oldest.IsZero() && age > emptyAfter:
		return true
	case l.processing: // its passes see the rest
		return false
	case slices.ContainsFunc(had.matched, made):
		return true
	case made(had.oldest):
		return false
	}
	return !l.processing && age > nativeWait
}

// Queued reports whether the party has a ticket that waits.
func (l *liveness) Queued(ctx context.Context, id party.ID) (bool, error) {
	return slices.ContainsFunc(l.book.OfParty(id), func(t Ticket) bool { return l.stillWaits(ctx, t) }), nil
}

// stillWaits asks the host whether a ticket of the book can still be there, and ends it if not.
func (l *liveness) stillWaits(ctx context.Context, t Ticket) bool {
	return l.manned(ctx, t) && !l.lost(ctx, t)
}

// manned reports whether those on a ticket are still there, and ends it if not: news of sockets that
// closed comes late, and of some ways out of a party never.
func (l *liveness) manned(ctx context.Context, t Ticket) bool {
	if !t.Solo() {
		v, err := l.roster.View(ctx, t.Party)
		return err == nil && l.complete(ctx, t, v) || err != nil && party.ReasonOf(err) != party.PartyNotFound
	}
	sessions, err := l.roster.Sessions(t.Session.UserID)
	if err == nil && !slices.ContainsFunc(sessions, func(on party.Session) bool { return on.SessionID == t.Session.SessionID }) {
		l.bar(t.ID, t.Session.UserID)
		l.end(ctx, t.ID)
		return false
	}
	return true
}

// lost ends a ticket that is gone, and reports whether it was. Where nobody tells of matches it has most likely
// found one.
func (l *liveness) lost(ctx context.Context, t Ticket) bool {
	switch {
	case !l.gone(ctx, t):
		return false
	case l.processing || l.policy().Matchmaking.CreateMatch:
		l.drop(ctx, t.ID, DropMembership)
	default:
		l.endAs(ctx, t.ID, Matched)
	}
	return true
}

// Plays ends those tickets of a session that joins a match that the host does not have any more, for hosts whose matched
// hook is somebody else's. A match that is joined by a token is the matchmaker's own, any other may be one of any kind.
func (l *liveness) Plays(ctx context.Context, session party.Session, byToken bool) {
	tickets := l.book.OfSession(session)
	for _, t := range tickets {
		if byToken && len(tickets) == 1 || l.gone(ctx, t) {
			l.endAs(ctx, t.ID, Matched)
		}
	}
}
