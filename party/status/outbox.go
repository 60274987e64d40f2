package status

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"partyline/internal/caught"
	"partyline/party"
	"partyline/party/rules"
)

const (
	readTimeout = 5 * time.Second // for reading the party before sending it a message
	retryAfter  = time.Second     // between two attempts to send it; at least the interval of the rate
)

// onAlarm does the work that is due.
func (s *Service) onAlarm(id party.ID) {
	b, exit := s.lockBoard(id)
	defer exit()
	conf, now := s.Policy().Status, s.Now()
	b.expire(now)
	b.look = now
	if err := s.tell(b, conf, now); err != nil {
		s.Logger.Warn("party status message not sent yet party=%s error=%v", id, err)
		b.look, b.next = now, now.Add(max(retryAfter, conf.Rate.Interval()))
	}
}

// RulesLoaded tells parties which players count as stalled under the new rules but not under the old ones, or the
// reverse. It returns at once and works in the background, a millisecond for each party, so that not all are looked at
// in one moment.
func (s *Service) RulesLoaded() {
	for i, id := range s.boards.Keys() {
		s.alarms.Sooner(id, s.Now().Add(time.Duration(i)*time.Millisecond))
	}
}

// tell sends the news to the party, if there is any and the rate allows it now. After an error the news stays
// pending. The caller holds the board.
func (s *Service) tell(b *board, conf rules.Status, now time.Time) (err error) {
	defer caught.Recover(&err, "tell a party") // otherwise its alarm would fire again at once, for ever
	if len(b.told) == 0 || now.Before(b.next) {
		return nil
	}
	entries, err := s.entries(b.id)
	if err != nil {
		return err
	}
	news := b.news(entries, conf, now)
	if len(news) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	v, err := s.Roster.View(ctx, b.id)
	if party.ReasonOf(err) == party.PartyNotFound {
		*b = newBoard(b.id) // it ended without a hook being called
		return nil
	}
	if err != nil {
		return err
	}
	message := Listing{Members: []Member{}, Incoming: []Incoming{}}
	for _, m := range v.Members {
		if _, new := news[m.SessionID]; new {
			message.Members = append(message.Members, memberRow(m, entries[m.SessionID].entry, conf, now))
		}
	}
	for user, a := range b.arrivals {
		if _, new := news[user]; new {
			message.Incoming = append(message.Incoming, incomingRow(a, conf, now))
		}
	}
	slices.SortFunc(message.Incoming, func(a, b Incoming) int { return cmp.Compare(a.UserID, b.UserID) })
	if len(message.Members)+len(message.Incoming) > 0 {
		if err = party.SendData(s.Sender, b.id, party.OpStatus, message); err != nil {
			return err
		}
		b.next = now.Add(conf.Rate.Interval())
	}
	maps.Copy(b.told, news)
	for user, a := range b.arrivals {
		if a.Stage == "" {
			delete(b.arrivals, user)
			delete(b.told, user)
		}
	}
	return nil
}
