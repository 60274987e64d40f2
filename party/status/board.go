package status

import (
	"context"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// board is what a party has still to be told, and what time will change in it. Members are in it
// by session, users on the way by user.
type board struct {
	id       party.ID
	told     bool                 // a session of this node has told something
	news     map[string]shown     // what the party was last told, where that is not so any more
	arrivals map[string]arrival   // one without a stage is not expected any more, and the party has still to hear of it
	stalls   map[string]time.Time // when somebody will count as stalled; gone once they do
	next     time.Time            // before this no message goes out
}

func newBoard(id party.ID) board {
	return board{id: id, news: map[string]shown{}, arrivals: map[string]arrival{}, stalls: map[string]time.Time{}}
}

// note takes in what somebody shows now. If that is what the party knows anyway there is nothing left to tell.
func (b *board) note(who string, was, is shown) {
	if _, known := b.news[who]; !known {
		b.news[who] = was
	}
	if b.news[who] == is {
		delete(b.news, who)
	}
}

func (b *board) changed(who string, before, after entry, conf rules.Status, now time.Time) {
	b.note(who, before.shown(conf, now), after.shown(conf, now))
	if before.Moved != after.Moved || before.Stage != after.Stage {
		delete(b.stalls, who)
		if at := after.stallsAt(conf); !at.IsZero() {
			b.stalls[who] = at
		}
	}
}

// rejudge takes note of who counts as stalled, or will, by other rules than before.
func (b *board) rejudge(who string, e entry, before, conf rules.Status, now time.Time) {
	was := e.shown(before, now)
	_, waits := b.stalls[who]
	was.stalled = was.stalled && !waits // else the party has not heard of it yet
	b.note(who, was, e.shown(conf, now))
	delete(b.stalls, who)
	if at := e.stallsAt(conf); now.Before(at) {
		b.stalls[who] = at
	}
}

// mature turns those who have stood still for too long into news. A player who was told again
// since, or counts as stalled later by the rules of now, waits on.
func (b *board) mature(entries map[string]told, conf rules.Status, now time.Time) {
	for who, at := range b.stalls {
		if now.Before(at) {
			continue
		}
		e := entries[who].entry
		if a, coming := b.arrivals[who]; coming {
			e = a.entry
		}
		if at := e.stallsAt(conf); now.Before(at) {
			b.stalls[who] = at
			continue
		}
		delete(b.stalls, who)
		if _, new := b.news[who]; !new && e.stalled(conf, now) {
			before := e.shown(conf, now)
			before.stalled = false
			b.news[who] = before
		}
	}
}

// due is when time changes something next; false for never.
func (b *board) due(now time.Time) (at time.Time, ok bool) {
	earlier := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if len(b.news) > 0 || b.next.After(now) {
		earlier(b.next)
	}
	for _, t := range b.stalls {
		earlier(t)
	}
	for _, a := range b.arrivals {
		earlier(a.until)
	}
	if ok && at.Before(b.next) {
		at = b.next
	}
	return at, ok
}

// enter locks the party's board until exit, which sets the party's alarm to the next moment at
// which time changes something.
func (s *Service) enter(id party.ID) (b *board, exit func()) {
	b, unlock, _ := s.boards.Lock(context.Background(), id) // no context that ends, no error
	return b, func() {
		defer unlock()
		s.mu.Lock()
		if len(b.arrivals) > 0 {
			s.coming[id] = true
		} else {
			delete(s.coming, id)
		}
		s.mu.Unlock()
		if at, ok := b.due(s.Now()); ok {
			s.alarms.Set(id, at)
		} else {
			s.alarms.Stop(id)
		}
	}
}
