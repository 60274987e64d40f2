package roster

import (
	"maps"
	"slices"
	"sync"

	"partyline/party"
)

// Attendance is who was a member the last time this process heard or looked. When a
// session ends the host has taken it off all streams before anybody is told, so no
// stream says any more where it was. It is lost with the process, and so are the
// sessions of its node.
type Attendance struct {
	mu      sync.Mutex                        // a leaf: nothing else is locked while it is held
	members map[party.ID]map[string]attendant // by session
	parties map[string]map[party.ID]int       // how many of the user's sessions are noted in each party
}

// attendant is a session that is, or was, a member. It stays noted when it is missed,
// until its end or its leaving is told of.
type attendant struct {
	party.Member
	missed bool // somebody has looked, and it was not there
}

func newAttendance() *Attendance {
	return &Attendance{members: map[party.ID]map[string]attendant{}, parties: map[string]map[party.ID]int{}}
}

// Add notes a member. What was known of the session before gives way.
func (at *Attendance) Add(id party.ID, m party.Member) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.put(id, attendant{Member: m})
}

func (at *Attendance) put(id party.ID, m attendant) {
	in := at.members[id]
	if in == nil {
		in = map[string]attendant{}
		at.members[id] = in
	}
	if _, known := in[m.SessionID]; !known {
		if at.parties[m.UserID] == nil {
			at.parties[m.UserID] = map[party.ID]int{}
		}
		at.parties[m.UserID][id]++
	}
	in[m.SessionID] = m
}

// Remove reports whether the session was noted in the party.
func (at *Attendance) Remove(id party.ID, sessionID string) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	m, known := at.members[id][sessionID]
	if known {
		at.drop(id, m)
	}
	return known
}

func (at *Attendance) drop(id party.ID, m attendant) {
	in := at.members[id]
	delete(in, m.SessionID)
	if len(in) == 0 {
		delete(at.members, id)
	}
	parties := at.parties[m.UserID]
	if parties[id]--; parties[id] == 0 {
		delete(parties, id)
	}
	if len(parties) == 0 {
		delete(at.parties, m.UserID)
	}
}

// End forgets a party and returns who was noted there.
func (at *Attendance) End(id party.ID) []party.Session {
	at.mu.Lock()
	defer at.mu.Unlock()
	var sessions []party.Session
	for _, m := range at.members[id] {
		sessions = append(sessions, m.Session)
		at.drop(id, m)
	}
	return sessions
}

// Compare takes who was just read to be in a party. It notes those not known and returns
// those who are gone and have not been missed before.
func (at *Attendance) Compare(id party.ID, members []party.Member) (gone []party.Member) {
	at.mu.Lock()
	defer at.mu.Unlock()
	same := 0
	for _, m := range members {
		if known, ok := at.members[id][m.SessionID]; ok && !known.missed {
			same++
		} else {
			at.put(id, attendant{Member: m})
		}
	}
	if same == len(at.members[id]) { // nearly always
		return nil
	}
	for session, m := range at.members[id] {
		if !m.missed && !slices.ContainsFunc(members, func(m party.Member) bool { return m.SessionID == session }) {
			gone = append(gone, m.Member)
		}
	}
	return gone
}

// Miss notes that somebody was looked for and is gone.
func (at *Attendance) Miss(id party.ID, sessionID string) {
	at.mu.Lock()
	defer at.mu.Unlock()
	if m, ok := at.members[id][sessionID]; ok {
		m.missed = true
		at.put(id, m)
	}
}

// Present lists who is noted in a party and not missed.
func (at *Attendance) Present(id party.ID) []party.Member {
	at.mu.Lock()
	defer at.mu.Unlock()
	members := make([]party.Member, 0, len(at.members[id]))
	for _, m := range at.members[id] {
		if !m.missed {
			members = append(members, m.Member)
		}
	}
	return members
}

// Count is how many parties and members are noted.
func (at *Attendance) Count() (parties, members int) {
	at.mu.Lock()
	defer at.mu.Unlock()
	for _, in := range at.members {
		members += len(in)
	}
	return len(at.members), members
}

// Missing lists the sessions that are missed somewhere.
func (at *Attendance) Missing() []party.Session {
	at.mu.Lock()
	defer at.mu.Unlock()
	var sessions []party.Session
	for _, in := range at.members {
		for _, m := range in {
			if m.missed {
				sessions = append(sessions, m.Session)
			}
		}
	}
	return sessions
}

// Has reports whether the session is noted.
func (at *Attendance) Has(id party.ID, sessionID string) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	_, known := at.members[id][sessionID]
	return known
}

// Of lists the parties in which sessions of the user are noted.
func (at *Attendance) Of(userID string) []party.ID {
	at.mu.Lock()
	defer at.mu.Unlock()
	return slices.Collect(maps.Keys(at.parties[userID]))
}

// IDs lists all parties.
func (at *Attendance) IDs() []party.ID {
	at.mu.Lock()
	defer at.mu.Unlock()
	return slices.Collect(maps.Keys(at.members))
}

// elsewhere reports whether the session is noted in another party.
func (at *Attendance) elsewhere(id party.ID, s party.Session) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	for other := range at.parties[s.UserID] {
		if _, in := at.members[other][s.SessionID]; in && other != id {
			return true
		}
	}
	return false
}
