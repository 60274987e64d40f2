package roster

import (
	"slices"
	"strings"
	"sync"

	"partyline/party"
)

// LostJoins has sessions that the host may count as members although nobody is there. The host also handles the last
// messages of a closed socket. A join among them adds a member that is on no stream, whom only a kick removes.
// LostJoins end with the process, and so do the parties of its node.
type LostJoins struct {
	mu       sync.Mutex                   // a leaf lock
	sessions map[party.ID][]party.Session // sorted by session ID
}

func newLosses() *LostJoins { return &LostJoins{sessions: map[party.ID][]party.Session{}} }

// Add notes a lost session.
func (l *LostJoins) Add(id party.ID, s party.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.sessions[id], s) {
		l.sessions[id] = append(l.sessions[id], s)
		slices.SortFunc(l.sessions[id], func(a, b party.Session) int { return strings.Compare(a.SessionID, b.SessionID) })
	}
}

// Remove forgets the session. It reports whether the session was lost in the party.
func (l *LostJoins) Remove(id party.ID, sessionID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.sessions[id])
	l.sessions[id] = slices.DeleteFunc(l.sessions[id], func(s party.Session) bool { return s.SessionID == sessionID })
	lost := len(l.sessions[id]) < before
	if len(l.sessions[id]) == 0 {
		delete(l.sessions, id)
	}
	return lost
}

// Of lists the sessions lost in a party, by session ID.
func (l *LostJoins) Of(id party.ID) []party.Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.sessions[id])
}

// Count returns the number of lost sessions in all parties.
func (l *LostJoins) Count() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, in := range l.sessions {
		n += len(in)
	}
	return n
}

// End forgets a party.
func (l *LostJoins) End(id party.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sessions, id)
}

// Hidden has the module's own sessions, which no list shows. It is lost with the process, as are the sessions.
type Hidden struct{ sessions sync.Map } // by session ID

// Set says whether a session is hidden.
func (h *Hidden) Set(sessionID string, hidden bool) {
	if hidden {
		h.sessions.Store(sessionID, nil)
		return
	}
	h.sessions.Delete(sessionID)
}

func (h *Hidden) contains(sessionID string) bool {
	_, hidden := h.sessions.Load(sessionID)
	return hidden
}
