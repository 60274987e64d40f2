package ledger

import (
	"maps"
	"slices"
	"sync"

	"partyline/party"
	"partyline/party/reserve"
)

// index finds parties by user: where a seat is kept for them, and where they wait for one.
type index struct {
	mu    sync.Mutex // a leaf: nothing else is locked while it is held
	kept  map[string][]party.ID
	waits map[string]map[party.ID]bool
	lines map[party.ID][]string // who waits in line
}

func newIndex() index {
	return index{kept: map[string][]party.ID{}, waits: map[string]map[party.ID]bool{}, lines: map[party.ID][]string{}}
}

// setKept notes whether a seat is kept for the user.
func (x *index) setKept(userID string, id party.ID, kept bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	ids := slices.DeleteFunc(x.kept[userID], func(known party.ID) bool { return known == id })
	if kept {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		delete(x.kept, userID)
		return
	}
	x.kept[userID] = ids
}

func (x *index) keptFor(userID string) []party.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.kept[userID])
}

// setLine notes who waits in the party's line.
func (x *index) setLine(id party.ID, waiting map[string]reserve.Waiter) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, user := range x.lines[id] {
		delete(x.waits[user], id)
		if len(x.waits[user]) == 0 {
			delete(x.waits, user)
		}
	}
	delete(x.lines, id)
	for user := range waiting {
		if x.waits[user] == nil {
			x.waits[user] = map[party.ID]bool{}
		}
		x.waits[user][id] = true
		x.lines[id] = append(x.lines[id], user)
	}
}

func (x *index) line(id party.ID) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lines[id]
}

func (x *index) waiting() (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, line := range x.lines {
		n += len(line)
	}
	return n
}

func (x *index) linesOf(userID string) []party.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Collect(maps.Keys(x.waits[userID]))
}

func (x *index) allLines() []party.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Collect(maps.Keys(x.lines))
}

// moves says where a party is that has been restored, by the native IDs it had.
type moves struct {
	mu       sync.RWMutex // a leaf
	to       map[party.ID]party.ID
	entering map[party.ID]bool // native parties that a record names already, and nobody is in yet
}

func newMoves() moves {
	return moves{to: map[party.ID]party.ID{}, entering: map[party.ID]bool{}}
}

// enter notes that a native party gets its first member, until done.
func (m *moves) enter(native party.ID) (done func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entering[native] = true
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
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
	for next, moved := m.to[id]; moved; next, moved = m.to[id] {
		id = next
	}
	return id
}

func (m *moves) set(from, to party.ID) {
	if from == to {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.to, to)
	m.to[from] = to
}

// end forgets all that leads to a party.
func (m *moves) end(id party.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(id)
}

func (m *moves) drop(id party.ID) {
	for from, to := range m.to {
		if to == id {
			delete(m.to, from)
			m.drop(from)
		}
	}
}
