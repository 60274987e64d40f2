package share

import (
	"time"

	"partyline/party"
)

const refreshTimeout = 10 * time.Second

// What a shared status says about entering the party.
const (
	entryOpen   = ""
	entryFull   = "full"
	entryLocked = "locked"
)

type sharedStatus struct {
	id        party.ID
	session   party.Session
	url, text string
	inviteID  string
	expiresAt int64  // of the invite, Unix seconds; 0 once it is revoked
	wasOnline bool   // followers saw the user online before
	written   string // the status text, unless the game has replaced it
}

// status is the text that followers read. While nobody can enter, url is empty, and state says why.
type status struct {
	PartyID string `json:"party_id"`
	URL     string `json:"url"`
	Text    string `json:"text"`
	State   string `json:"state,omitempty"` // full | locked
}

func (sh *sharedStatus) status(entryState string) string {
	v := status{PartyID: sh.id.String(), URL: sh.url, Text: sh.text, State: entryState}
	if entryState != entryOpen {
		v.URL = ""
	}
	text, err := party.PlainJSON(v) // a status has at most 2048 characters
	if err != nil {
		panic(err) // cannot happen: the struct has only texts
	}
	return text
}

// publish sets the status of the sharer's session.
func (s *Service) publish(sh *sharedStatus, entryState string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	current, online, err := s.current(sh.session)
	if err != nil {
		return err
	}
	sh.wasOnline = online
	for id, bySession := range s.statuses { // a session has one status, so only its last party is shared
		if old := bySession[sh.session.SessionID]; old != nil {
			if online && old.written == current {
				sh.wasOnline = old.wasOnline
			}
			s.remove(id, sh.session.SessionID)
		}
	}
	if err := s.set(sh, sh.status(entryState)); err != nil {
		return err
	}
	if s.statuses[sh.id] == nil {
		s.statuses[sh.id] = map[string]*sharedStatus{}
	}
	s.statuses[sh.id][sh.session.SessionID] = sh
	return nil
}

// update rewrites the shared statuses of a party, and ends those whose sharer has left or whose invite is over.
func (s *Service) update(id party.ID, v party.View, entryState string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session, sh := range s.statuses[id] {
		text := sh.status(entryState)
		if _, in := v.Session(session); !in || sh.expiresAt <= s.Now().Unix() {
			s.restore(sh)
			s.remove(id, session)
		} else if text != sh.written && (!s.isUnchanged(sh) || s.set(sh, text) != nil) {
			s.remove(id, session) // the game has replaced it, or the session is ending
		}
	}
}

// restore makes the user's status as it was before, unless the game has replaced it. Errors are ignored: if a status
// cannot be written, the session is ending.
func (s *Service) restore(sh *sharedStatus) {
	switch {
	case !s.isUnchanged(sh):
	case sh.wasOnline:
		_ = s.set(sh, "")
	default:
		_ = s.Streams.StreamUserLeave(party.StatusMode, sh.session.UserID, "", "", sh.session.UserID, sh.session.SessionID)
	}
}

// remove forgets a shared status. The caller holds mu.
func (s *Service) remove(id party.ID, session string) {
	delete(s.statuses[id], session)
	if len(s.statuses[id]) == 0 {
		delete(s.statuses, id)
	}
}

func (s *Service) set(sh *sharedStatus, text string) error {
	if err := s.Streams.StreamUserUpdate(party.StatusMode, sh.session.UserID, "", "", sh.session.UserID, sh.session.SessionID, false, false, text); err != nil {
		return err
	}
	sh.written = text
	return nil
}

// isUnchanged reports whether the session's status is still the text that this service wrote.
func (s *Service) isUnchanged(sh *sharedStatus) bool {
	text, online, err := s.current(sh.session)
	return err == nil && online && text == sh.written
}

// current returns the session's status. online is false if followers do not see the session at all.
func (s *Service) current(session party.Session) (text string, online bool, err error) {
	meta, err := s.Streams.StreamUserGet(party.StatusMode, session.UserID, "", "", session.UserID, session.SessionID)
	if err != nil || meta == nil {
		return "", false, err
	}
	return meta.GetStatus(), true, nil
}
