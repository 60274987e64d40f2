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

// The host does not report the matches of its own matching, nor every way in which a ticket ends. So before a ticket
// blocks another one, the module asks the host whether it still has the ticket.

const (
	// askedFor is how long one answer of the host is used.
	askedFor = 250 * time.Millisecond
	// openFor is how long a ticket counts as waiting if nothing is known of it. The host's answer describes its last
	// pass, and the host runs a pass within that time.
	openFor = 2 * time.Minute
)

// hostAnswer is what the host said about its last pass: when the oldest ticket was made, and when the tickets were made
// that it matched last.
type hostAnswer struct {
	oldest  time.Time
	matched []time.Time
	err     error
}

// liveness finds out whether tickets of the book still wait. News of the end of a ticket comes late, or never.
type liveness struct {
	*tickets
	answers    *cache.Cache[struct{}, hostAnswer] // of the host
	unanswered atomic.Bool                        // the host does not answer
}

// askHost asks the host in one player's name, and the answer counts for all players. It does not end when that player
// stops waiting. It logs once that the host does not answer, until the host answers again.
func (l *liveness) askHost(ctx context.Context, player party.Session) (hostAnswer, error) {
	a, err := l.answers.Get(context.WithoutCancel(ctx), struct{}{}, func(ctx context.Context) (a hostAnswer, _ error) {
		a.oldest, a.matched, a.err = l.LastPass(ctx, player)
		if was := l.unanswered.Swap(a.err != nil); a.err != nil && !was {
			l.Logger.Warn("matchmaker did not answer error=%v", a.err)
		}
		return a, nil
	})
	return a, cmp.Or(err, a.err)
}

// isGone reports whether the host no longer has a ticket of the book. Two things prove that: the host's oldest ticket
// is younger, or the host made a match and no other ticket can be meant. If neither is known and the host does not
// report matches, the ticket counts as gone after openFor. The host may have matched it long ago, and such a ticket
// must not make the module refuse another one.
func (l *liveness) isGone(ctx context.Context, t Ticket) bool {
	had, err := l.askHost(ctx, t.Members[0])
	old := l.Now().Sub(t.Added) > openFor
	switch {
	case err != nil:
		return old && !l.HostReportsMatches
	case had.oldest.After(t.Added):
		return true
	case l.HostReportsMatches: // matches are reported, so only another end of the ticket may be unknown
		return old && had.oldest.IsZero()
	case t.mayBeMadeAt(had.oldest) && !slices.ContainsFunc(had.matched, had.oldest.Equal): // it was there when the pass began
		return false
	}
	return old || slices.ContainsFunc(had.matched, func(at time.Time) bool { return t.mayBeMadeAt(at) && l.book.MadeAt(at) == 1 })
}

// Queued reports whether the party has a ticket that waits.
func (l *liveness) Queued(ctx context.Context, id party.ID) (bool, error) {
	return slices.ContainsFunc(l.book.OfParty(id), func(t Ticket) bool { return l.stillWaits(ctx, t) }), nil
}

// stillWaits reports whether a ticket of the book can still be there. It asks the host, and ends the ticket if not.
func (l *liveness) stillWaits(ctx context.Context, t Ticket) bool {
	return l.membersPresent(ctx, t) && !l.endIfGone(ctx, t)
}

// membersPresent reports whether the members of a ticket are still connected and in the party. If not, it ends the
// ticket. News of closed sockets comes late, and for some ways of leaving a party there is none.
func (l *liveness) membersPresent(ctx context.Context, t Ticket) bool {
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

// endIfGone ends a ticket that the host no longer has, and reports whether it did. If the host does not report matches,
// the ticket has most likely found one.
func (l *liveness) endIfGone(ctx context.Context, t Ticket) bool {
	switch {
	case !l.isGone(ctx, t):
		return false
	case l.HostReportsMatches:
		l.drop(ctx, t.ID, DropMembership)
	default:
		l.endAs(ctx, t.ID, Matched)
	}
	return true
}

// JoinsMatch is called when a session joins a match. It ends the tickets of the session that the host no longer has. It
// is for hosts in which another module has the matched hook. The match that is joined proves nothing: a player may join
// a match found earlier while the next search runs.
func (l *liveness) JoinsMatch(ctx context.Context, session party.Session) {
	for _, t := range l.book.OfSession(session) {
		l.endIfGone(ctx, t)
	}
}
