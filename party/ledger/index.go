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

// Index finds parties by user, and users by party, as far as this process knows. It reads memory only. The users are
// those with a kept seat, those on the wait list, or those with a held seat.
type Index struct {
	mu      sync.Mutex // a leaf lock: no other lock is taken while it is held
	users   map[party.ID][]string
	parties map[string][]party.ID
}

func newIndex() *Index {
	return &Index{users: map[party.ID][]string{}, parties: map[string][]party.ID{}}
}

// set replaces a party's users.
func (x *Index) set(id party.ID, users []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, user := range x.users[id] {
		x.parties[user] = slices.DeleteFunc(x.parties[user], func(known party.ID) bool { return known == id })
		if len(x.parties[user]) == 0 {
			delete(x.parties, user)
		}
	}
	delete(x.users, id)
	for _, user := range users {
		if !slices.Contains(x.parties[user], id) {
			x.parties[user] = append(x.parties[user], id)
		}
		x.users[id] = users
	}
}

// Of lists a user's parties.
func (x *Index) Of(userID string) []party.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.parties[userID])
}

// Users lists a party's users, as of the last visit.
func (x *Index) Users(id party.ID) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.users[id]
}

// Parties lists the parties that have users.
func (x *Index) Parties() []party.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Collect(maps.Keys(x.users))
}

// Population counts the parties, members and waiting players of this node, as far as it knows.
type Population struct {
	Parties int `json:"parties"`
	Members int `json:"members"`
	Waiting int `json:"waiting"` // places on wait lists
}

// Population counts in memory, and waits for nothing.
func (l *Ledger) Population() (p Population) {
	p.Parties, p.Members = l.Roster.Attendance.Count()
	l.Waitlists.mu.Lock()
	defer l.Waitlists.mu.Unlock()
	for _, line := range l.Waitlists.users {
		p.Waiting += len(line)
	}
	return p
}

// moves maps each native ID that a restored party had to its present one.
type moves struct {
	mu       sync.RWMutex // a leaf lock
	current  map[party.ID]party.ID
	entering map[party.ID]bool // native parties whose first member is entering, and the parties that they replace

	learnMu sync.Mutex  // taken after a party's lock
	records party.Round // guarded by learnMu
	learned bool        // records has finished a full round; guarded by learnMu
}

// beginEntering notes that the first member is entering a native party which replaces old. done ends that.
func (m *moves) beginEntering(old, native party.ID) (done func()) {
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

func (m *moves) isEntering(native party.ID) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.entering[native]
}

// Current returns the present native ID of a party, given any ID that it had.
func (m *moves) Current(id party.ID) party.ID {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if to, moved := m.current[id]; moved {
		return to
	}
	return id
}

// set redirects from, and every ID that led to it, to the ID to.
func (m *moves) set(from, to party.ID) {
	if from == to {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.current, to)
	for earlier, there := range m.current {
		if there == from {
			m.current[earlier] = to
		}
	}
	m.current[from] = to
}

// learn makes id lead to where other leads, unless id leads somewhere already.
func (m *moves) learn(id, other party.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	to, moved := m.current[other]
	if !moved {
		to = other
	}
	if _, known := m.current[id]; !known && to != id {
		m.current[id] = to
	}
}

// end forgets all IDs that lead to a party.
func (m *moves) end(id party.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.current, func(_, to party.ID) bool { return to == id })
}

// learnAll reads from storage which parties of earlier processes moved to which native ones. Their records have the
// first ID as the key, and players may know only the last one. It succeeds once and does nothing afterwards.
func (m *moves) learnAll(ctx context.Context) error {
	m.learnMu.Lock()
	defer m.learnMu.Unlock()
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
