package status

import (
	"context"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// board is the pending news of a party, and the times at which something in it will change. Members are keyed by
// session ID, users on the way by user ID.
type board struct {
	id       party.ID
	told     bool                 // a session of this node has reported a status
	lastTold map[string]shown     // what the party was last told, for each player who shows something else now
	arrivals map[string]arrival   // one without a stage has ended, but the party has not been told yet
	stalls   map[string]time.Time // when a player will count as stalled; deleted once they do
	next     time.Time            // before this time no message is sent
	lossAt   time.Time            // when a lost connection was noted that may have ended the party's ticket
}

func newBoard(id party.ID) board {
	return board{id: id, lastTold: map[string]shown{}, arrivals: map[string]arrival{}, stalls: map[string]time.Time{}}
}

// note records a change of what a player shows. If the party knows the new state already, nothing is pending.
func (b *board) note(who string, was, is shown) {
	if _, known := b.lastTold[who]; !known {
		b.lastTold[who] = was
	}
	if b.lastTold[who] == is {
		delete(b.lastTold, who)
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

// applyNewRules records who counts as stalled, or will, under new rules. before is the old rules.
func (b *board) applyNewRules(who string, e entry, before, conf rules.Status, now time.Time) {
	was := e.shown(before, now)
	_, waits := b.stalls[who]
	was.stalled = was.stalled && !waits // a pending stall means that the party was not told of it
	b.note(who, was, e.shown(conf, now))
	delete(b.stalls, who)
	if at := e.stallsAt(conf); now.Before(at) {
		b.stalls[who] = at
	}
}

// addStalled adds players to the news who now count as stalled. A player who has reported progress meanwhile, or counts
// as stalled later under the current rules, keeps waiting.
func (b *board) addStalled(entries map[string]sessionEntry, conf rules.Status, now time.Time) {
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
		if _, new := b.lastTold[who]; !new && e.stalled(conf, now) {
			before := e.shown(conf, now)
			before.stalled = false
			b.lastTold[who] = before
		}
	}
}

// due returns the next time at which something changes. ok is false if there is none.
func (b *board) due(now time.Time) (at time.Time, ok bool) {
	earlier := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if len(b.lastTold) > 0 || b.next.After(now) {
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

// lockBoard locks the party's board until exit. exit sets the party's alarm to the next time at which something
// changes.
func (s *Service) lockBoard(id party.ID) (b *board, exit func()) {
	b, unlock, _ := s.boards.Lock(context.Background(), id) // no error, because the context does not end
	return b, func() {
		defer unlock()
		s.mu.Lock()
		if len(b.arrivals) > 0 {
			s.withIncoming[id] = true
		} else {
			delete(s.withIncoming, id)
		}
		s.mu.Unlock()
		if at, ok := b.due(s.Now()); ok {
			s.alarms.Set(id, at)
		} else {
			s.alarms.Stop(id)
		}
	}
}
