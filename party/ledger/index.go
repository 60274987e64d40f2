package ledger

import (
	"maps"
	"slices"
	"sync"

	"partyline/party"
)

// index finds parties by user: where a seat is kept for them, where they wait for one, and where an
// invite holds one for them. It finds them also by the invites that users wait by.
type index struct {
	mu                      sync.Mutex // a leaf: nothing else is locked while it is held
	kept, lines, held, ways lists
}

// lists are users by party, and these parties by user.
type lists struct {
	users map[party.ID][]string
	of    map[string][]party.ID
}

func newLists() lists { return lists{map[party.ID][]string{}, map[string][]party.ID{}} }

func newIndex() index {
	return index{kept: newLists(), lines: newLists(), held: newLists(), ways: newLists()}
}

// set has a party's list be these users.
func (x *index) set(l lists, id party.ID, users []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, user := range l.users[id] {
		l.of[user] = slices.DeleteFunc(l.of[user], func(known party.ID) bool { return known == id })
		if len(l.of[user]) == 0 {
			delete(l.of, user)
		}
	}
	delete(l.users, id)
	for _, user := range users {
		if !slices.Contains(l.of[user], id) {
			l.of[user] = append(l.of[user], id)
		}
		l.users[id] = users
	}
}

func (x *index) listed(l lists, userID string) []party.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(l.of[userID])
}

func (x *index) line(id party.ID) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lines.users[id]
}

// HasLine reports whether somebody waits for a seat of the party, as far as this process
// knows. It costs a look into memory.
func (l *Ledger) HasLine(id party.ID) bool { return len(l.index.line(id)) > 0 }

// LinesOf lists the parties in whose lines the user waits, as far as this process knows.
func (l *Ledger) LinesOf(userID string) []party.ID { return l.index.listed(l.index.lines, userID) }

// WaitedBy lists the parties in whose lines somebody waits by the invite, as far as this process knows.
func (l *Ledger) WaitedBy(inviteID string) []party.ID {
	return l.index.listed(l.index.ways, inviteID)
}

// HeldFor lists the parties in which an invite holds a seat for the user, as far as this process
// knows. The hold may be over.
func (l *Ledger) HeldFor(userID string) []party.ID { return l.index.listed(l.index.held, userID) }

// Lines lists the parties with a line, as far as this process knows.
func (l *Ledger) Lines() []party.ID {
	l.index.mu.Lock()
	defer l.index.mu.Unlock()
	return slices.Collect(maps.Keys(l.index.lines.users))
}

// Population is how much there is on this node, as far as it has heard.
type Population struct {
	Parties int `json:"parties"`
	Members int `json:"members"`
	Waiting int `json:"waiting"` // places on wait lists
}

// Population counts in memory, and waits for nothing.
func (l *Ledger) Population() (p Population) {
	p.Parties, p.Members = l.Roster.Attendance.Count()
	l.index.mu.Lock()
	defer l.index.mu.Unlock()
	for _, line := range l.index.lines.users {
		p.Waiting += len(line)
	}
	return p
}

// moves says where a party is that has been restored, by the native IDs it had.
type moves struct {
	mu       sync.RWMutex // a leaf
	to       map[party.ID]party.ID
	entering map[party.ID]bool // native parties that get their first member, and those they follow
}

func newMoves() moves {
	return moves{to: map[party.ID]party.ID{}, entering: map[party.ID]bool{}}
}

// enter notes that a native party which follows another gets its first member, until done.
func (m *moves) enter(old, native party.ID) (done func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entering[old], m.entering[native] = true, true
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.entering, old)
		delete(m.entering, native)
	}
}

func (m *moves) isEntered(native party.ID) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.entering[native]
}

func (m *moves) of(id party.ID) party.ID {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if to, moved := m.to[id]; moved {
		return to
	}
	return id
}

// set has all that leads to from lead on.
func (m *moves) set(from, to party.ID) {
	if from == to {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.to, to)
	for earlier, there := range m.to {
		if there == from {
			m.to[earlier] = to
		}
	}
	m.to[from] = to
}

// learn has an ID that leads nowhere yet lead to where another does.
func (m *moves) learn(id, other party.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	to, moved := m.to[other]
	if !moved {
		to = other
	}
	if _, known := m.to[id]; !known && to != id {
		m.to[id] = to
	}
}

// end forgets all that leads to a party.
func (m *moves) end(id party.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.to, func(_, to party.ID) bool { return to == id })
}
