package status

import (
	"context"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

const (
	readTimeout = 5 * time.Second // for reading the party before it is told something
	retryAfter  = time.Second     // between two attempts to tell it; at least the rate's own interval
)

// arm sets the board's alarm to the next moment at which time changes something, or stops
// it where there is none. The caller holds the board.
func (s *Service) arm(b *board, now time.Time) {
	if at, ok := b.due(now); ok {
		s.alarms.Set(b.id, at)
	} else {
		s.alarms.Stop(b.id)
	}
}

// fire does what time has made due.
func (s *Service) fire(id party.ID) {
	b, exit := s.enter(id)
	defer exit()
	conf, now := s.Policy().Status, s.Now()
	b.expire(now, conf)
	if err := s.tell(b, conf, now); err != nil {
		s.Logger.Warn("party status not told yet party=%s error=%v", id, err)
		b.next = now.Add(max(retryAfter, conf.Rate.Interval()))
	}
	s.arm(b, now)
}

// tell sends the party what is new, if there is anything and the rate allows it now. On an
// error the news stays. The caller holds the board.
func (s *Service) tell(b *board, conf rules.Status, now time.Time) error {
	entries := map[string]told{}
	if len(b.news) > 0 || b.maturing(now) {
		var err error
		if entries, err = s.entries(b.id); err != nil {
			return err
		}
	}
	b.mature(entries, conf, now)
	if len(b.news)+len(b.away) == 0 || now.Before(b.next) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	v, err := s.Roster.View(ctx, b.id)
	if party.ReasonOf(err) == party.PartyNotFound {
		s.clear(b) // ended in a way no hook tells of
		return nil
	}
	if err != nil {
		return err
	}
	message := Listing{Members: []Member{}, Incoming: []Incoming{}}
	for _, m := range v.Members {
		if _, new := b.news[m.SessionID]; new {
			message.Members = append(message.Members, memberRow(m, entries[m.SessionID].entry, conf, now))
		}
	}
	for user, d := range b.away {
		row := Incoming{UserID: user, Username: d.username} // one without a stage is not expected any more
		if a, ok := b.arrivals[user]; ok {
			row = incomingRow(a, conf, now)
		}
		message.Incoming = append(message.Incoming, row)
	}
	slices.SortFunc(message.Incoming, byUser)
	if len(message.Members)+len(message.Incoming) > 0 {
		if err := party.SendData(s.Sender, b.id, party.OpStatus, message); err != nil {
			return err
		}
		b.next = now.Add(conf.Rate.Interval())
	}
	clear(b.news)
	clear(b.away)
	return nil
}

// maturing reports whether a member is about to count as stalled.
func (b *board) maturing(now time.Time) bool {
	for _, at := range b.stalls {
		if !now.Before(at) {
			return true
		}
	}
	return false
}

// mature turns those who have stood still for too long into news. A player who was told again
// since, or counts as stalled later by the rules of now, waits on.
func (b *board) mature(entries map[string]told, conf rules.Status, now time.Time) {
	for session, at := range b.stalls {
		if now.Before(at) {
			continue
		}
		e := entries[session].entry
		if at := e.stallsAt(conf); now.Before(at) {
			b.stalls[session] = at
			continue
		}
		delete(b.stalls, session)
		if e.stalled(conf, now) {
			b.fresh(session, e, conf, now)
		}
	}
	for user, a := range b.arrivals {
		if a.stalls.IsZero() || now.Before(a.stalls) {
			continue
		}
		a.stalls = time.Time{}
		if at := a.stallsAt(conf); now.Before(at) {
			a.stalls = at
		} else if _, new := b.away[user]; !new && a.stalled(conf, now) {
			before := a.shown(conf, now)
			before.stalled = false
			b.away[user] = departed{before, a.username}
		}
		b.arrivals[user] = a
	}
}

// fresh notes that the party does not know yet that a member has stalled.
func (b *board) fresh(session string, e entry, conf rules.Status, now time.Time) {
	if _, new := b.news[session]; !new {
		before := e.shown(conf, now)
		before.stalled = false
		b.news[session] = before
	}
}
