package admission

import (
	"maps"
	"sync"
	"time"

	"partyline/party"
)

// joins are the native joins and requests under way, by the session whose message it is.
type joins struct {
	mu        sync.Mutex // a leaf: nothing else is locked while it is held
	bySession map[string]join
}

type join struct {
	id     party.ID
	joiner party.Session
	until  time.Time
}

func (j *joins) begin(session string, b join) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bySession[session] = b
}

// end forgets what the session has under way and returns it.
func (j *joins) end(session string) (join, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b, ok := j.bySession[session]
	delete(j.bySession, session)
	return b, ok
}

// elsewhere reports whether a native join of the user into another party is under way.
func (j *joins) elsewhere(userID string, other party.ID, now time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, b := range j.bySession {
		if b.joiner.UserID == userID && b.id != other && now.Before(b.until) {
			return true
		}
	}
	return false
}

func (j *joins) expire(now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	maps.DeleteFunc(j.bySession, func(_ string, b join) bool { return !now.Before(b.until) })
}
