package party

import (
	"maps"
	"slices"
	"sync"
)

// attendance is who was a member the last time this process heard or looked. When a
// session ends the host has taken it off all streams before anybody is told, so no
// stream says any more where it was. It is lost with the process, and so are the
// sessions of its node.
type attendance struct {
	mu      sync.Mutex                  // a leaf: nothing else is locked while it is held
	members map[ID]map[string]attendant // by session
	parties map[string]map[ID]int       // how many of the user's sessions are noted in each party
}

// attendant is a session that is, or was, a member. It stays noted when it is missed,
// until its end or its leaving is told of.
type attendant struct {
	Member
	missed bool // somebody has looked, and it was not there
}

func newAttendance() attendance {
	return attendance{members: map[ID]map[string]attendant{}, parties: map[string]map[ID]int{}}
}

// add notes a member. What was known of the session before gives way.
func (at *attendance) add(id ID, m Member) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.put(id, attendant{Member: m})
}

func (at *attendance) put(id ID, m attendant) {
	in := at.members[id]
	if in == nil {
		in = map[string]attendant{}
		at.members[id] = in
	}
	if _, known := in[m.SessionID]; !known {
		if at.parties[m.UserID] == nil {
			at.parties[m.UserID] = map[ID]int{}
		}
		at.parties[m.UserID][id]++
	}
	in[m.SessionID] = m
}

// remove reports whether the session was noted in the party.
func (at *attendance) remove(id ID, sessionID string) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	m, known := at.members[id][sessionID]
	if known {
		at.drop(id, m)
	}
	return known
}

func (at *attendance) drop(id ID, m attendant) {
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

// end forgets a party and answers who was noted there.
func (at *attendance) end(id ID) []Session {
	at.mu.Lock()
	defer at.mu.Unlock()
	var sessions []Session
	for _, m := range at.members[id] {
		sessions = append(sessions, m.Session)
		at.drop(id, m)
	}
	return sessions
}

// compare takes who was just read to be in a party. It notes those not known and answers
// those who are gone and have not been missed before.
func (at *attendance) compare(id ID, members []Member) (gone []Member) {
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
		if !m.missed && !slices.ContainsFunc(members, func(m Member) bool { return m.SessionID == session }) {
			gone = append(gone, m.Member)
		}
	}
	return gone
}

// miss notes that somebody was looked for and is gone.
func (at *attendance) miss(id ID, sessionID string) {
	at.mu.Lock()
	defer at.mu.Unlock()
	if m, ok := at.members[id][sessionID]; ok {
		m.missed = true
		at.put(id, m)
	}
}

// missing lists the sessions that are missed somewhere.
func (at *attendance) missing() []Session {
	at.mu.Lock()
	defer at.mu.Unlock()
	var sessions []Session
	for _, in := range at.members {
		for _, m := range in {
			if m.missed {
				sessions = append(sessions, m.Session)
			}
		}
	}
	return sessions
}

// has reports whether the session is noted.
func (at *attendance) has(id ID, sessionID string) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	_, known := at.members[id][sessionID]
	return known
}

// of lists the parties in which sessions of the user are noted.
func (at *attendance) of(userID string) []ID {
	at.mu.Lock()
	defer at.mu.Unlock()
	return slices.Collect(maps.Keys(at.parties[userID]))
}

// ids lists all parties.
func (at *attendance) ids() []ID {
	at.mu.Lock()
	defer at.mu.Unlock()
	return slices.Collect(maps.Keys(at.members))
}
