package roster

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Losses are sessions that the host may count as members although nobody is there. It takes a
// socket's last messages even after it has closed; such a join adds a member that is on no
// stream, so no disconnect ever removes it. Only the leader's kick does. They are lost with the
// process, and so are the parties of its node.
type Losses struct {
	mu sync.Mutex // a leaf
	in map[party.ID]map[string]party.Session
}

func newLosses() *Losses { return &Losses{in: map[party.ID]map[string]party.Session{}} }

// Add notes a lost session.
func (l *Losses) Add(id party.ID, s party.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.in[id] == nil {
		l.in[id] = map[string]party.Session{}
	}
	l.in[id][s.SessionID] = s
}

// Remove reports whether the session was lost in the party.
func (l *Losses) Remove(id party.ID, sessionID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, was := l.in[id][sessionID]
	delete(l.in[id], sessionID)
	if len(l.in[id]) == 0 {
		delete(l.in, id)
	}
	return was
}

// Of lists the sessions lost in a party, by session ID.
func (l *Losses) Of(id party.ID) []party.Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.in[id]) == 0 { // nearly always
		return nil
	}
	return slices.SortedFunc(maps.Values(l.in[id]), func(a, b party.Session) int { return cmp.Compare(a.SessionID, b.SessionID) })
}

// Count counts them in all parties.
func (l *Losses) Count() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, in := range l.in {
		n += len(in)
	}
	return n
}

// End forgets a party.
func (l *Losses) End(id party.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.in, id)
}

// Hidden are sessions of the module itself, which no list shows. They are lost with the
// process, as the sessions are.
type Hidden struct{ sessions sync.Map } // by session ID

// Set says whether a session is hidden.
func (h *Hidden) Set(sessionID string, hidden bool) {
	if hidden {
		h.sessions.Store(sessionID, nil)
		return
	}
	h.sessions.Delete(sessionID)
}

// shown is the presences without those hidden.
func (h *Hidden) shown(presences []runtime.Presence) []runtime.Presence {
	hidden := func(p runtime.Presence) bool {
		_, is := h.sessions.Load(p.GetSessionId())
		return is
	}
	if !slices.ContainsFunc(presences, hidden) { // nearly always
		return presences
	}
	return slices.DeleteFunc(slices.Clone(presences), hidden)
}
