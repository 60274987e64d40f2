package status

import (
	"slices"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// The names of the events that reset ready members, as in the rules' status.reset_on.
const (
	resetOnMembership = "membership"
	resetOnQueue      = "queue"
)

func (s *Service) changed(c party.Change) {
	id := c.ID
	if c.Kind == party.PartyRestored {
		id = c.Was
	}
	if !s.boards.Has(id) { // true for most parties: no player here has reported a status
		return
	}
	switch c.Kind {
	case party.PartyClosed, party.PartyEnded, party.PartyRestored:
		b, exit := s.lockBoard(id)
		defer exit()
		*b = newBoard(id)
		if c.Kind != party.PartyClosed {
			return
		}
		// The sessions are still alive.
		if err := s.Streams.StreamClose(party.MemberStatusMode, id.UUID.String(), "", id.Node); err != nil {
			s.Logger.Warn("statuses of an ended party not erased party=%s error=%v", id, err)
		}
	case party.MemberEntered, party.MemberLeft, party.MemberDropped:
		b, exit := s.lockBoard(id)
		defer exit()
		conf, now := s.Policy().Status, s.Now()
		if !s.reportedSince(c) {
			if c.Kind != party.MemberDropped {
				s.erase(id, c.Session) // a status may be left from an earlier membership whose end was not noticed
			}
			delete(b.told, c.Session.SessionID) // the server itself tells the party that it left
		}
		if c.Kind == party.MemberEntered {
			b.dropArrival(c.Session.UserID, now)
		}
		at := c.At
		if lost, noted := b.losses[c.Session.SessionID]; noted && c.Kind == party.MemberDropped && lost.Before(at) {
			at = lost
		}
		delete(b.losses, c.Session.SessionID)
		if !c.Moved {
			s.reset(b, conf, resetOnMembership, at, now)
		}
		if at := now.Add(party.NewcomerAfter); c.Kind == party.MemberEntered && b.next.Before(at) {
			b.next = at // the newcomer must get the server's own message first
		}
	}
}

// reportedSince reports whether the session's status is newer than the change. Then it must stay. The news of a change
// may come late, behind a slow write, and games report a status as soon as they are in.
func (s *Service) reportedSince(c party.Change) bool {
	switch c.Kind {
	case party.MemberEntered:
		e, err := s.entry(c.ID, c.Session)
		return err == nil && e.since(c.At)
	case party.MemberLeft: // a session that is in again will have another change
		meta, err := s.Streams.StreamUserGet(party.StreamMode, c.ID.UUID.String(), "", c.ID.Node, c.Session.UserID, c.Session.SessionID)
		return err == nil && meta != nil
	}
	return false
}

// lossDelay is how long the host may take to report a lost connection.
const lossDelay = 10 * time.Second

// Queued handles the start of a ticket: no earlier loss has ended it.
func (s *Service) Queued(id party.ID) {
	if s.boards.Has(id) {
		b, exit := s.lockBoard(id)
		defer exit()
		b.lossAt = time.Time{}
	}
}

// QueueChanged resets ready members after the party has left its queue or changed to another one; dropped says that the
// host ended its ticket. Do not call it for entering the first queue: its members were ready for that.
func (s *Service) QueueChanged(id party.ID, dropped bool) {
	if !s.boards.Has(id) {
		return
	}
	b, exit := s.lockBoard(id)
	defer exit()
	now := s.Now()
	at := now
	if dropped && now.Sub(b.lossAt) < lossDelay { // the ticket ended then
		at = b.lossAt
	}
	b.lossAt = time.Time{}
	s.reset(b, s.Policy().Status, resetOnQueue, at, now)
}

// reset takes members out of the ready stage, if the rules say so for this event. It skips members who have reported
// since the event: they know of it. It also skips sessions of other nodes, because this node cannot write their
// status.
func (s *Service) reset(b *board, conf rules.Status, why string, at, now time.Time) {
	if conf.Ready == "" || !slices.Contains(conf.ResetOn, why) {
		return
	}
	entries, err := s.entries(b.id)
	if err != nil {
		s.Logger.Warn("ready members not reset party=%s error=%v", b.id, err)
		return
	}
	stage := conf.ResetTo // "" if ready is the first stage
	if i := slices.Index(conf.Stages, conf.Ready); stage == "" && i > 0 {
		stage = conf.Stages[i-1]
	}
	for session, e := range entries {
		if e.Stage != conf.Ready || e.since(at) {
			continue
		}
		next := entry{Stage: stage, Seq: e.Seq, Updated: now.UnixNano(), Moved: now.UnixNano()}
		if stage == "" {
			next = entry{}
			s.erase(b.id, e.session)
		} else if err := s.write(b.id, e.session, next); err != nil {
			s.Logger.Warn("ready member not reset party=%s session=%s error=%v", b.id, session, err)
			continue
		}
		b.changed(session, e.entry, next, conf, now)
	}
}
