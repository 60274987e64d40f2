package party

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// losses are sessions that the host may count as members although nobody is there: their
// native joins were announced, never landed, and their sockets have ended. The host takes a
// socket's last messages even after it has closed; such a join adds a member that is on no
// stream, so no disconnect ever removes it. Only the leader's kick does. They are lost with
// the process, and so are the parties of its node.
type losses struct {
	mu sync.Mutex // a leaf
	in map[ID]map[string]Session
}

func newLosses() losses { return losses{in: map[ID]map[string]Session{}} }

func (l *losses) add(id ID, s Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.in[id] == nil {
		l.in[id] = map[string]Session{}
	}
	l.in[id][s.SessionID] = s
}

// remove reports whether the session was lost in the party.
func (l *losses) remove(id ID, sessionID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, was := l.in[id][sessionID]
	delete(l.in[id], sessionID)
	if len(l.in[id]) == 0 {
		delete(l.in, id)
	}
	return was
}

// of lists the sessions lost in a party, by session ID.
func (l *losses) of(id ID) []Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.in[id]) == 0 { // nearly always
		return nil
	}
	return slices.SortedFunc(maps.Values(l.in[id]), func(a, b Session) int { return cmp.Compare(a.SessionID, b.SessionID) })
}

func (l *losses) count() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, in := range l.in {
		n += len(in)
	}
	return n
}

func (l *losses) end(id ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.in, id)
}

// endFlight ends a native join that nobody told the end of. Where the session asked for
// itself, is gone and is not on the party's stream, the host may have it as a member all the
// same. The caller holds the gate.
func (a *Admission) endFlight(g *gate, f flight) {
	delete(g.flights, f.session.SessionID)
	if f.by != f.session.SessionID { // the host lets nobody in for a leader who is not there
		return
	}
	alive, err := a.roster.alive(f.session)
	if err == nil && alive { // the host refused it
		return
	}
	if members, err := a.roster.members(g.id); err == nil && !slices.ContainsFunc(members, func(m Member) bool { return m.SessionID == f.session.SessionID }) {
		a.roster.losses.add(g.id, f.session)
		a.logger.Warn("party join lost with its socket party=%s user=%s session=%s", g.id, f.session.UserID, f.session.SessionID)
	}
}

// endOverdue ends the native joins whose time is over. The caller holds the gate.
func (a *Admission) endOverdue(g *gate) {
	now := a.now()
	for _, f := range g.flights {
		if !now.Before(f.until) {
			a.endFlight(g, f)
		}
	}
}
