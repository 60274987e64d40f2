package ledger

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
	"partyline/party/reserve"
)

// Index finds parties by user, and users by party, as far as this process knows, which costs a look into
// memory: those for whom a seat is kept, or who wait for one, or for whom an invite holds one.
type Index struct {
	mu    sync.Mutex // a leaf: nothing else is locked while it is held
	users map[party.ID][]string
	of    map[string][]party.ID
}

func newIndex() *Index {
	return &Index{users: map[party.ID][]string{}, of: map[string][]party.ID{}}
}

// set has a party's users be these.
func (x *Index) set(id party.ID, users []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, user := range x.users[id] {
		x.of[user] = slices.DeleteFunc(x.of[user], func(known party.ID) bool { return known == id })
		if len(x.of[user]) == 0 {
			delete(x.of, user)
		}
	}
	delete(x.users, id)
	for _, user := range users {
		if !slices.Contains(x.of[user], id) {
			x.of[user] = append(x.of[user], id)
		}
		x.users[id] = users
	}
}

// Of lists a user's parties.
func (x *Index) Of(userID string) []party.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.of[userID])
}

// Users lists a party's users, as they were when it was last dealt with.
func (x *Index) Users(id party.ID) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.users[id]
}

// Parties lists those that have users.
func (x *Index) Parties() []party.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Collect(maps.Keys(x.users))
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
	l.Lines.mu.Lock()
	defer l.Lines.mu.Unlock()
	for _, line := range l.Lines.users {
		p.Waiting += len(line)
	}
	return p
}

// moves says where a party is that has been restored, by the native IDs it had.
type moves struct {
	mu       sync.RWMutex // a leaf
	to       map[party.ID]party.ID
	entering map[party.ID]bool // native parties that get their first member, and those they follow

	learning sync.Mutex  // after a party's
	records  party.Round // guarded by learning
	learned  bool        // records has been all round; guarded by learning
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

// Current is the ID of the native party a party is now, given any that it had.
func (m *moves) Current(id party.ID) party.ID {
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

// learnAll reads which parties of before this process went on in which native ones: their
// records have the first ID as the key, and players may know the last one alone. It is done once.
func (m *moves) learnAll(ctx context.Context) error {
	m.learning.Lock()
	defer m.learning.Unlock()
	if m.learned {
		return nil
	}
	err := m.records.Go(ctx, storageWait, func(o *api.StorageObject) error {
		record := reserve.NewRecord()
		if id, err := reserve.PartyOf(o.Value); err == nil && record.Add(id, o.Value) == nil && !record.Native.IsZero() {
			m.learn(record.Native, id)
		}
		return nil
	})
	m.learned = err == nil && m.records.Done()
	return err
}
