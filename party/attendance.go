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
	mu      sync.Mutex               // a leaf: nothing else is locked while it is held
	members map[ID]map[string]Member // by session
	parties map[string]map[ID]int    // how many of the user's sessions are in each party
}

func newAttendance() attendance {
	return attendance{members: map[ID]map[string]Member{}, parties: map[string]map[ID]int{}}
}

// add notes a member. What was known of the session before gives way.
func (at *attendance) add(id ID, m Member) {
	at.mu.Lock()
	defer at.mu.Unlock()
	in := at.members[id]
	if in == nil {
		in = map[string]Member{}
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

// remove reports whether the session was in the party.
func (at *attendance) remove(id ID, sessionID string) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	m, known := at.members[id][sessionID]
	if known {
		at.drop(id, m)
	}
	return known
}

func (at *attendance) drop(id ID, m Member) {
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

// end forgets a party.
func (at *attendance) end(id ID) {
	at.mu.Lock()
	defer at.mu.Unlock()
	for _, m := range at.members[id] {
		at.drop(id, m)
	}
}

// compare takes what was just read of a party and answers those who are not there any
// more; they stay noted.
func (at *attendance) compare(id ID, members []Member) (gone []Member) {
	at.mu.Lock()
	known := at.members[id]
	same := 0
	var fresh []Member
	for _, m := range members {
		if _, ok := known[m.SessionID]; ok {
			same++
		} else {
			fresh = append(fresh, m)
		}
	}
	if same < len(known) {
		for session, m := range known {
			if !slices.ContainsFunc(members, func(m Member) bool { return m.SessionID == session }) {
				gone = append(gone, m)
			}
		}
	}
	at.mu.Unlock()
	for _, m := range fresh {
		at.add(id, m)
	}
	return gone
}

// has reports whether the session is noted as a member.
func (at *attendance) has(id ID, sessionID string) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	_, known := at.members[id][sessionID]
	return known
}

// of lists the parties of a user.
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
