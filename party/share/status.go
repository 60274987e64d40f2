package share

import (
	"time"

	"partyline/party"
)

const refreshTimeout = 10 * time.Second

// What a shared status says of the way in.
const (
	doorOpen   = ""
	doorFull   = "full"
	doorLocked = "locked"
)

type shared struct {
	id        party.ID
	session   party.Session
	url, text string
	inviteID  string
	expiresAt int64  // of the invite, Unix seconds
	wasOnline bool   // the user's followers saw it online before
	written   string // what the status is, unless the game has replaced it
}

// status is what followers read. While nobody can come in there is no url, and state says
// why.
type status struct {
	PartyID string `json:"party_id"`
	URL     string `json:"url"`
	Text    string `json:"text"`
	State   string `json:"state,omitempty"` // full | locked
}

func (sh *shared) status(door string) string {
	v := status{PartyID: sh.id.String(), URL: sh.url, Text: sh.text, State: door}
	if door != doorOpen {
		v.URL = ""
	}
	text, err := party.PlainJSON(v) // a status has room for 2048 characters
	if err != nil {
		panic(err) // of three texts: cannot be
	}
	return text
}

// publish sets the status of the sharer's session in the party.
func (s *Service) publish(sh *shared, door string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	current, online, err := s.current(sh.session)
	if err != nil {
		return err
	}
	sh.wasOnline = online
	for id, bySession := range s.statuses { // a session has one status: it shares the last party
		if old := bySession[sh.session.SessionID]; old != nil {
			if online && old.written == current {
				sh.wasOnline = old.wasOnline
			}
			s.remove(id, sh.session.SessionID)
		}
	}
	if err := s.set(sh, sh.status(door)); err != nil {
		return err
	}
	if s.statuses[sh.id] == nil {
		s.statuses[sh.id] = map[string]*shared{}
	}
	s.statuses[sh.id][sh.session.SessionID] = sh
	return nil
}

func (s *Service) rewrite(id party.ID, door string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session, sh := range s.statuses[id] {
		text := sh.status(door)
		if text == sh.written {
			continue
		}
		if !s.ours(sh) || s.set(sh, text) != nil { // the game has another, or the session is going away
			s.remove(id, session)
		}
	}
}

// withdraw takes shared statuses of the party back: the user is seen as it was before.
func (s *Service) withdraw(id party.ID, which func(*shared) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session, sh := range s.statuses[id] {
		if !which(sh) {
			continue
		}
		if s.ours(sh) {
			// Best effort: what cannot be written belongs to a session that is going away.
			if sh.wasOnline {
				_ = s.set(sh, "")
			} else {
				_ = s.Streams.StreamUserLeave(party.StatusMode, sh.session.UserID, "", "", sh.session.UserID, sh.session.SessionID)
			}
		}
		s.remove(id, session)
	}
}

// remove forgets a shared status. The caller holds mu.
func (s *Service) remove(id party.ID, session string) {
	delete(s.statuses[id], session)
	if len(s.statuses[id]) == 0 {
		delete(s.statuses, id)
	}
}

func (s *Service) set(sh *shared, text string) error {
	if err := s.Streams.StreamUserUpdate(party.StatusMode, sh.session.UserID, "", "", sh.session.UserID, sh.session.SessionID, false, false, text); err != nil {
		return err
	}
	sh.written = text
	return nil
}

// ours reports whether the status is still the one that was written.
func (s *Service) ours(sh *shared) bool {
	text, online, err := s.current(sh.session)
	return err == nil && online && text == sh.written
}

// current is the session's status; online is false where followers do not see it at all.
func (s *Service) current(session party.Session) (text string, online bool, err error) {
	meta, err := s.Streams.StreamUserGet(party.StatusMode, session.UserID, "", "", session.UserID, session.SessionID)
	if err != nil || meta == nil {
		return "", false, err
	}
	return meta.GetStatus(), true, nil
}
