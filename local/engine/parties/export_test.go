package parties

import "github.com/google/uuid"

// State is the internal state of a party, by session.
type State struct {
	Leader   uuid.UUID
	Members  []uuid.UUID
	Requests []uuid.UUID
}

// Look returns the state of a live party.
func Look(r *Registry, id uuid.UUID) (State, bool) {
	p := r.party(id)
	if p == nil {
		return State{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := State{Leader: p.leader.ID.SessionID}
	for _, m := range p.members {
		s.Members = append(s.Members, m.ID.SessionID)
	}
	for _, q := range p.requests {
		s.Requests = append(s.Requests, q.ID.SessionID)
	}
	return s, !p.closed
}
