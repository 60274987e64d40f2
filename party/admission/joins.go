package admission

import (
	"maps"
	"sync"
	"time"

	"partyline/party"
	"partyline/party/ledger"
)

// joins are the native joins, requests, creations and kicks under way, by the session that sent the message.
type joins struct {
	mu        sync.Mutex // a leaf lock: no other lock is taken while it is held
	bySession map[string]join
}

type join struct {
	id     party.ID          // zero for a party that is being created
	joiner party.Session     // zero for a kick
	behind *ledger.AwayParty // the party that is away and continues in the one being created; nil for none
	until  time.Time
}

func (j *joins) begin(session string, b join) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bySession[session] = b
}

func (j *joins) get(session string) join {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.bySession[session]
}

// end forgets what the session has under way and returns it.
func (j *joins) end(session string) (join, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b, ok := j.bySession[session]
	delete(j.bySession, session)
	return b, ok
}

// entersAnother reports whether the user is entering another party, by a native join or by creating one.
func (j *joins) entersAnother(s party.Session, other party.ID, now time.Time) bool {
	return j.any(now, func(b join) bool {
		return b.joiner.UserID == s.UserID && (b.id != other || b.id.IsZero() && b.joiner != s)
	})
}

// isContinued reports whether a client is creating the party in which this one continues.
func (j *joins) isContinued(behind party.ID, now time.Time) bool {
	return j.any(now, func(b join) bool { return b.behind != nil && b.behind.ID == behind })
}

func (j *joins) any(now time.Time, is func(join) bool) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, b := range j.bySession {
		if now.Before(b.until) && is(b) {
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
