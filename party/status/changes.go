package status

import (
	"slices"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// The names of what takes ready members back, as in the rules' status.reset_on.
const (
	resetOnMembership = "membership"
	resetOnQueue      = "queue"
)

func (s *Service) changed(c party.Change) {
	id := c.ID
	if c.Kind == party.PartyRestored {
		id = c.Was
	}
	if !s.boards.Has(id) { // as of most parties: nobody here has told anything that could be erased or changed
		return
	}
	switch c.Kind {
	case party.PartyClosed, party.PartyEnded, party.PartyRestored:
		b, exit := s.enter(id)
		defer exit()
		*b = newBoard(id)
		if c.Kind != party.PartyClosed {
			return
		}
		// Its sessions live on.
		if err := s.Streams.StreamClose(party.MemberStatusMode, id.UUID.String(), "", id.Node); err != nil {
			s.Logger.Warn("statuses of an ended party not erased party=%s error=%v", id, err)
		}
	case party.MemberEntered, party.MemberLeft, party.MemberDropped:
		b, exit := s.enter(id)
		defer exit()
		conf, now := s.Policy().Status, s.Now()
		if !s.toldSince(c) {
			if c.Kind != party.MemberDropped {
				s.erase(id, c.Session) // who enters may have one of a stay that ended without a word
			}
			delete(b.news, c.Session.SessionID) // the host itself tells the party that it left
			delete(b.stalls, c.Session.SessionID)
		}
		if c.Kind == party.MemberEntered {
			b.dropArrival(c.Session.UserID, conf, now)
		}
		if !c.Moved {
			s.reset(b, conf, resetOnMembership, c.At, now)
		}
		if at := now.Add(party.NewcomerAfter); c.Kind == party.MemberEntered && len(b.news) > 0 && b.next.Before(at) {
			b.next = at // the newcomer hears the host's own word first
		}
	}
}

// toldSince reports whether the status of the session that a change is about is one of a stay that goes
// on. The news may come late, behind a slow write, and games tell a status as soon as they are in.
func (s *Service) toldSince(c party.Change) bool {
	switch c.Kind {
	case party.MemberEntered:
		e, err := s.entry(c.ID, c.Session)
		return err == nil && e.since(c.At)
	case party.MemberLeft: // who is in again has news of that to come
		meta, err := s.Streams.StreamUserGet(party.StreamMode, c.ID.UUID.String(), "", c.ID.Node, c.Session.UserID, c.Session.SessionID)
		return err == nil && meta != nil
	}
	return false
}

// QueueChanged follows the party leaving the queue it stood in, or changing it for
// another. To enter one is no change: it is what its members were ready for.
func (s *Service) QueueChanged(id party.ID) {
	if !s.boards.Has(id) {
		return
	}
	b, exit := s.enter(id)
	defer exit()
	now := s.Now()
	s.reset(b, s.Policy().Status, resetOnQueue, now, now)
}

// reset takes members back who were ready at a moment, if the rules say so; who has told it since knows what
// happened then. One whose session lives on another node cannot be written from here and stays as it is.
func (s *Service) reset(b *board, conf rules.Status, why string, at, now time.Time) {
	if conf.Ready == "" || !slices.Contains(conf.ResetOn, why) {
		return
	}
	entries, err := s.entries(b.id)
	if err != nil {
		s.Logger.Warn("ready members not reset party=%s error=%v", b.id, err)
		return
	}
	stage := conf.ResetTo // none where ready is the first stage
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
		} else if err := s.write(b, e.session, next); err != nil {
			s.Logger.Warn("ready member not reset party=%s session=%s error=%v", b.id, session, err)
			continue
		}
		b.changed(session, e.entry, next, conf, now)
	}
}
