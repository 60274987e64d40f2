package roster

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"partyline/party"
)

// Attendance remembers who was a member when this process last heard of it or looked: the host takes an ended session
// off all streams before it reports the end. It is lost with the process, and so are the sessions of its node.
type Attendance struct {
	mu      sync.Mutex               // a leaf lock: no other lock is taken while it is held
	members map[party.ID][]attendant // sorted by session ID: lists need less memory than maps
	parties map[string][]party.ID    // parties with sessions of each user, one entry for each session
}

// attendant is a session that is, or was, a member. A missed session stays noted until its end or its leaving is
// reported.
type attendant struct {
	party.Member
	missed    bool      // a look did not find it
	leftUntil time.Time // until then its user counts as gone, because they left with a newer session
}

func newAttendance() *Attendance {
	return &Attendance{members: map[party.ID][]attendant{}, parties: map[string][]party.ID{}}
}

// Add notes a member. It replaces what was known of the session.
func (at *Attendance) Add(id party.ID, m party.Member) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.put(id, attendant{Member: m})
}

// find returns the index of the session among the members of a party, or the index to insert it.
func (at *Attendance) find(id party.ID, sessionID string) (i int, known bool) {
	return slices.BinarySearchFunc(at.members[id], sessionID, func(m attendant, sessionID string) int { return strings.Compare(m.SessionID, sessionID) })
}

func (at *Attendance) put(id party.ID, m attendant) {
	i, known := at.find(id, m.SessionID)
	if known {
		at.members[id][i] = m
		return
	}
	at.members[id] = slices.Insert(at.members[id], i, m)
	at.parties[m.UserID] = append(at.parties[m.UserID], id)
}

// Remove forgets the session. It reports whether the session was noted in the party.
func (at *Attendance) Remove(id party.ID, sessionID string) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	i, known := at.find(id, sessionID)
	if !known {
		return false
	}
	user := at.members[id][i].UserID
	if at.members[id] = slices.Delete(at.members[id], i, i+1); len(at.members[id]) == 0 {
		delete(at.members, id)
	}
	at.dropSession(id, user)
	return true
}

// dropSession forgets one session of the user in a party.
func (at *Attendance) dropSession(id party.ID, userID string) {
	parties := at.parties[userID]
	i := slices.Index(parties, id)
	if at.parties[userID] = slices.Delete(parties, i, i+1); len(at.parties[userID]) == 0 {
		delete(at.parties, userID)
	}
}

// End forgets a party and returns the sessions noted there.
func (at *Attendance) End(id party.ID) []party.Session {
	at.mu.Lock()
	defer at.mu.Unlock()
	var sessions []party.Session
	for _, m := range at.members[id] {
		sessions = append(sessions, m.Session)
		at.dropSession(id, m.UserID)
	}
	delete(at.members, id)
	return sessions
}

// Compare gets the members just read. It notes the new ones and returns those who are gone and have not been missed
// before.
func (at *Attendance) Compare(id party.ID, members []party.Member) (gone []party.Member) {
	at.mu.Lock()
	defer at.mu.Unlock()
	same := 0
	for _, m := range members {
		if i, known := at.find(id, m.SessionID); known && !at.members[id][i].missed {
			same++
		} else {
			at.put(id, attendant{Member: m})
		}
	}
	if same == len(at.members[id]) { // nearly always
		return nil
	}
	for _, m := range at.members[id] {
		if !m.missed && !party.HasSession(members, m.SessionID) {
			gone = append(gone, m.Member)
		}
	}
	return gone
}

// Miss notes that a look did not find the session.
func (at *Attendance) Miss(id party.ID, sessionID string) {
	at.mu.Lock()
	defer at.mu.Unlock()
	if i, known := at.find(id, sessionID); known {
		at.members[id][i].missed = true
	}
}

// Gone lists the sessions noted in a party, missed or not, that are not among the members just read.
func (at *Attendance) Gone(id party.ID, members []party.Member) (gone []party.Session) {
	at.mu.Lock()
	defer at.mu.Unlock()
	for _, m := range at.members[id] {
		if !party.HasSession(members, m.SessionID) {
			gone = append(gone, m.Session)
		}
	}
	return gone
}

// Leave notes that the user has left the party with a newer session, while the host still counts an older one. After
// the given time the older one counts as a device of its own.
func (at *Attendance) Leave(id party.ID, newer party.Session, until time.Time) {
	at.mu.Lock()
	defer at.mu.Unlock()
	for i, m := range at.members[id] {
		if newest, _ := party.ChooseSession([]party.Session{m.Session, newer}, true); m.UserID == newer.UserID && m.Session != newer && newest == newer {
			at.members[id][i].leftUntil = until
		}
	}
}

// Stay cancels such a Leave for an older session.
func (at *Attendance) Stay(s party.Session) {
	at.mu.Lock()
	defer at.mu.Unlock()
	for _, id := range at.parties[s.UserID] {
		if i, known := at.find(id, s.SessionID); known {
			at.members[id][i].leftUntil = time.Time{}
		}
	}
}

// Left reports whether the session's user has left with a newer session not long ago.
func (at *Attendance) Left(id party.ID, sessionID string, now time.Time) bool {
	m, _ := at.get(id, sessionID)
	return now.Before(m.leftUntil)
}

// Present lists the members noted in a party and not missed.
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

// Count returns the numbers of noted parties and members.
func (at *Attendance) Count() (parties, members int) {
	at.mu.Lock()
	defer at.mu.Unlock()
	for _, in := range at.members {
		members += len(in)
	}
	return len(at.members), members
}

// Missing lists the sessions that are missed in any party.
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

// Has reports whether the session is noted in the party.
func (at *Attendance) Has(id party.ID, sessionID string) bool {
	_, known := at.get(id, sessionID)
	return known
}

func (at *Attendance) get(id party.ID, sessionID string) (m attendant, known bool) {
	at.mu.Lock()
	defer at.mu.Unlock()
	i, known := at.find(id, sessionID)
	if known {
		m = at.members[id][i]
	}
	return m, known
}

// Another reports whether another session of the user is noted in the party, and not missed.
func (at *Attendance) Another(id party.ID, s party.Session) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	return slices.ContainsFunc(at.members[id], func(m attendant) bool { return m.UserID == s.UserID && m.SessionID != s.SessionID && !m.missed })
}

// Of lists the parties in which sessions of the user are noted.
func (at *Attendance) Of(userID string) []party.ID {
	at.mu.Lock()
	defer at.mu.Unlock()
	ids := slices.Clone(at.parties[userID])
	slices.SortFunc(ids, func(a, b party.ID) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(ids)
}

// IDs lists all noted parties.
func (at *Attendance) IDs() []party.ID {
	at.mu.Lock()
	defer at.mu.Unlock()
	return slices.Collect(maps.Keys(at.members))
}

// inAnotherParty reports whether the session is noted in another party.
func (at *Attendance) inAnotherParty(id party.ID, s party.Session) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	return slices.ContainsFunc(at.parties[s.UserID], func(other party.ID) bool {
		_, in := at.find(other, s.SessionID)
		return in && other != id
	})
}
