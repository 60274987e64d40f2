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
	b.expire(now, conf)
	if err := s.tell(b, conf, now); err != nil {
		s.Logger.Warn("party status message not sent yet party=%s error=%v", id, err)
		b.next = now.Add(max(retryAfter, conf.Rate.Interval()))
	}
}

// RulesLoaded tells parties which players count as stalled under the new rules but not under the old ones, or the
// reverse. It returns at once and works in the background.
func (s *Service) RulesLoaded(before rules.Status) {
	s.mu.Lock()
	if s.oldRules == nil {
		s.oldRules = &before
	}
	s.mu.Unlock()
	s.reloads.Set(struct{}{}, s.Now())
}

func (s *Service) onReload(struct{}) {
	s.mu.Lock()
	before := s.oldRules
	s.oldRules = nil
	s.mu.Unlock()
	conf, now := s.Policy().Status, s.Now()
	if before == nil || conf.Stall == before.Stall && conf.Ready == before.Ready && slices.Equal(conf.Final, before.Final) {
		return
	}
	for _, id := range s.boards.Keys() {
		if err := s.applyNewRules(id, *before, conf, now); err != nil {
			s.Logger.Warn("party status not checked under new rules party=%s error=%v", id, err)
		}
	}
}

func (s *Service) applyNewRules(id party.ID, before, conf rules.Status, now time.Time) error {
	b, exit := s.lockBoard(id)
	defer exit()
	entries, err := s.entries(id)
	if err != nil {
		return err
	}
	for session, e := range entries {
		b.applyNewRules(session, e.entry, before, conf, now)
	}
	for user, a := range b.arrivals {
		b.applyNewRules(user, a.entry, before, conf, now)
	}
	return nil
}

// tell sends the news to the party, if there is any and the rate allows it now. After an error the news stays
// pending. The caller holds the board.
func (s *Service) tell(b *board, conf rules.Status, now time.Time) (err error) {
	defer caught.Recover(&err, "tell a party") // otherwise its alarm would fire again at once, for ever
	if len(b.lastTold)+len(b.stalls) == 0 {
		return nil
	}
	entries, err := s.entries(b.id)
	if err != nil {
		return err
	}
	b.addStalled(entries, conf, now)
	if len(b.lastTold) == 0 || now.Before(b.next) {
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
		if _, new := b.lastTold[m.SessionID]; new {
			message.Members = append(message.Members, memberRow(m, entries[m.SessionID].entry, conf, now))
		}
	}
	for user, a := range b.arrivals {
		if _, new := b.lastTold[user]; new {
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
	clear(b.lastTold)
	maps.DeleteFunc(b.arrivals, func(_ string, a arrival) bool { return a.Stage == "" })
	return nil
}
