package queue

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"partyline/internal/cache"
	"partyline/party"
)

// No news tells of a match that the host's own matching makes, nor of every way in which a ticket
// ends. So before a ticket stands in the way of another, the host is asked whether it has it.

const (
	// askedFor is how long an answer of the host is used again.
	askedFor = 250 * time.Millisecond
	// openFor is how long a ticket is taken to wait that nothing is known of. The host's answer is as of its
	// last pass, and there is one in that time.
	openFor = 2 * time.Minute
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
	answers *cache.Cache[struct{}, answer] // of the host
	unasked atomic.Bool                    // it does not answer
}

// ask asks the host, in a player's name but for all: the answer does not depend on how long that player waits for it.
// The log says once that it cannot be asked, until it can.
func (l *liveness) ask(ctx context.Context, player party.Session) (answer, error) {
	a, err := l.answers.Get(context.WithoutCancel(ctx), struct{}{}, func(ctx context.Context) (a answer, _ error) {
		a.oldest, a.matched, a.err = l.Pool(ctx, player)
		if was := l.unasked.Swap(a.err != nil); a.err != nil && !was {
			l.Logger.Warn("matchmaker not asked error=%v", a.err)
		}
		return a, nil
	})
	return a, cmp.Or(err, a.err)
}

// gone reports whether the host does not have a ticket of the book any more. Only what proves it counts: that its
// oldest ticket is younger, or a match in which no other ticket can be meant. Of what stays open a ticket of the host's
// own matching is taken to be gone after a while: nothing is refused for one that may have been matched long ago.
func (l *liveness) gone(ctx context.Context, t Ticket) bool {
	had, err := l.ask(ctx, t.Members[0])
	old := l.Now().Sub(t.Added) > openFor
	switch {
	case err != nil:
		return old && !l.Hears
	case had.oldest.After(t.Added):
		return true
	case l.Hears: // only what else ends a ticket may have gone unheard
		return old && had.oldest.IsZero()
	case t.made(had.oldest) && !slices.ContainsFunc(had.matched, had.oldest.Equal): // the oldest was there when the pass began
		return false
	}
	return old || slices.ContainsFunc(had.matched, func(at time.Time) bool { return t.made(at) && l.book.MadeAt(at) == 1 })
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
		v, err := l.Roster.View(ctx, t.Party)
		return err == nil && l.complete(ctx, t, v) || err != nil && party.ReasonOf(err) != party.PartyNotFound
	}
	sessions, err := l.Roster.Sessions(t.Session.UserID)
	if err == nil && !slices.ContainsFunc(sessions, func(on party.Session) bool { return on.SessionID == t.Session.SessionID }) {
		l.end(ctx, t.ID, t.Session.UserID)
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
	case l.Hears:
		l.drop(ctx, t.ID, DropMembership)
	default:
		l.endAs(ctx, t.ID, Matched)
	}
	return true
}

// Plays ends those tickets of a session that joins a match that the host does not have any more, for hosts whose matched
// hook is somebody else's. Which match it is proves nothing: one that was found may be joined in the midst of the next search.
func (l *liveness) Plays(ctx context.Context, session party.Session) {
	for _, t := range l.book.OfSession(session) {
		l.lost(ctx, t)
	}
}
