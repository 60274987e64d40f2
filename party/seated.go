package party

import "sync"

// seated is which parties the sessions of this node are in, as far as hooks told. When a
// session ends the host has taken it off all streams before anybody hears of it, and no
// stream says any more where it was; its own node alone can know. Lost with the node, as
// its sessions are.
type seated struct {
	mu        sync.Mutex
	bySession map[string]map[ID]struct{}
}

func (s *seated) add(sessionID string, id ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.bySession[sessionID]
	if in == nil {
		in = map[ID]struct{}{}
		s.bySession[sessionID] = in
	}
	in[id] = struct{}{}
}

// remove reports whether the session was in the party.
func (s *seated) remove(sessionID string, id ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.bySession[sessionID]
	_, was := in[id]
	delete(in, id)
	if len(in) == 0 {
		delete(s.bySession, sessionID)
	}
	return was
}

// end forgets the session and answers where it was.
func (s *seated) end(sessionID string) map[ID]struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.bySession[sessionID]
	delete(s.bySession, sessionID)
	return in
}

// SessionEnded follows the end of a session: listeners hear of each party it dropped out
// of. It may come after the session has been forgotten everywhere else.
func (r *Roster) SessionEnded(s Session) {
	for id := range r.seated.end(s.SessionID) {
		r.listener(Change{MemberDropped, id, s})
	}
}
