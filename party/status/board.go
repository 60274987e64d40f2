package status

import (
	"context"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// board is what a party has still to be told, and what time will change in it. It exists
// only while there is any of that.
type board struct {
	id       party.ID
	news     map[string]shown     // by session: what the party was last told, where that is not so any more
	away     map[string]departed  // the same of users on the way, by user
	arrivals map[string]arrival   // by user
	stalls   map[string]time.Time // by session: when it will count as stalled; gone once it does
	next     time.Time            // before this no message goes out
}

// departed is news of a user on the way, who may be gone by the time it is told.
type departed struct {
	shown
	username string
}

func newBoard(id party.ID) *board {
	return &board{id: id, news: map[string]shown{}, away: map[string]departed{}, arrivals: map[string]arrival{}, stalls: map[string]time.Time{}}
}

// memberChanged notes what a session tells now. If that is what the party knows anyway
// there is nothing left to tell.
func (b *board) memberChanged(session string, before, after entry, conf rules.Status, now time.Time) {
	if _, known := b.news[session]; !known {
		b.news[session] = before.shown(conf, now)
	}
	if b.news[session] == after.shown(conf, now) {
		delete(b.news, session)
	}
	if before.Moved != after.Moved || before.Stage != after.Stage {
		delete(b.stalls, session)
		if at := after.stallsAt(conf); !at.IsZero() {
			b.stalls[session] = at
		}
	}
}

func (b *board) arrivalChanged(user, username string, before, after entry, conf rules.Status, now time.Time) {
	if _, known := b.away[user]; !known {
		b.away[user] = departed{before.shown(conf, now), username}
	}
	if b.away[user].shown == after.shown(conf, now) {
		delete(b.away, user)
	}
}

// forget drops what is known of a session that is no member any more; the host itself
// tells the party that it left.
func (b *board) forget(session string) {
	delete(b.news, session)
	delete(b.stalls, session)
}

// clear ends the board.
func (s *Service) clear(b *board) {
	*b = *newBoard(b.id)
	s.arm(b, s.Now())
}

// enter locks the party's board until exit.
func (s *Service) enter(id party.ID) (b *board, exit func()) {
	locked, exit, _ := s.boards.Lock(context.Background(), id) // no context that ends, no error
	return *locked, exit
}

// due is when time changes something next; false for never.
func (b *board) due(now time.Time) (at time.Time, ok bool) {
	earlier := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if len(b.news)+len(b.away) > 0 || b.next.After(now) {
		earlier(b.next)
	}
	for _, t := range b.stalls {
		earlier(t)
	}
	for _, a := range b.arrivals {
		earlier(a.until)
		if !a.stalls.IsZero() {
			earlier(a.stalls)
		}
	}
	if ok && at.Before(b.next) {
		at = b.next
	}
	return at, ok
}
