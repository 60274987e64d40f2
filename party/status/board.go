package status

import (
	"context"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// board is what a party knows of its players, and the times at which something in it may change. Members are keyed by
// session ID, users on the way by user ID.
type board struct {
	id       party.ID
	told     map[string]shown     // what the party was last told, for each player who has reported to this node
	arrivals map[string]arrival   // one without a stage has ended, but the party has not been told yet
	look     time.Time            // when a player may show something else than the party was told; zero if never
	next     time.Time            // before this time no message is sent
	losses   map[string]time.Time // when sessions were first not found that the host has not reported as ended yet
	lossAt   time.Time            // the last of these times, if that loss may have ended the party's ticket
}

func newBoard(id party.ID) board {
	return board{id: id, told: map[string]shown{}, arrivals: map[string]arrival{}, losses: map[string]time.Time{}}
}

// sooner returns the earlier of two times. The zero time means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// changed records that a player has reported, or was reset.
func (b *board) changed(who string, before, after entry, conf rules.Status, now time.Time) {
	if _, known := b.told[who]; !known {
		b.told[who] = before.shown(conf, now)
	}
	if b.told[who] != after.shown(conf, now) {
		b.look = sooner(b.look, now)
	}
	b.look = sooner(b.look, after.stallsAt(conf))
}

// news returns what players show that the party was not told, and sets the time to look again.
func (b *board) news(entries map[string]sessionEntry, conf rules.Status, now time.Time) map[string]shown {
	news := map[string]shown{}
	b.look = time.Time{}
	for who, told := range b.told {
		e := entries[who].entry
		if a, coming := b.arrivals[who]; coming {
			e = a.entry
		}
		if is := e.shown(conf, now); is != told {
			news[who] = is
		}
		if at := e.stallsAt(conf); at.After(now) {
			b.look = sooner(b.look, at)
		}
	}
	return news
}

// due returns the next time at which something changes; zero if there is none.
func (b *board) due(now time.Time) (at time.Time) {
	if len(b.told) > 0 {
		at = b.look
	} else if b.next.After(now) {
		at = b.next
	}
	for _, a := range b.arrivals {
		at = sooner(at, a.until)
	}
	if !at.IsZero() && at.Before(b.next) {
		at = b.next
	}
	return at
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
		if at := b.due(s.Now()); !at.IsZero() {
			s.alarms.Set(id, at)
		} else {
			s.alarms.Stop(id)
		}
	}
}
