package queue

import (
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/party"
)

// claims are the tickets that the host was asked for and has not answered yet. Of two tickets that exclude each other
// and are asked for at once, they let the check refuse the later one. Safe for concurrent use.
//
// No after-hook runs for a ticket that the host refuses. Its claim ends with the session's next message, because a
// session's messages are handled one after another, or claimFor after its check.
type claims struct {
	now party.Clock

	mu      sync.Mutex
	pending map[string]Ticket // by the session that asks
}

// claimFor is how long the host may take to answer.
const claimFor = time.Second

// enter makes the session's claim, in place of an earlier one, and returns the others.
func (c *claims) enter(t Ticket) (earlier []Ticket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, t.Session.SessionID)
	earlier = c.current()
	c.pending[t.Session.SessionID] = t
	return earlier
}

// addLate adds a session that comes into a party to the party's claims whose check does not know it. News of members
// whom the check knows may also come after the check.
func (c *claims) addLate(id party.ID, s party.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for by, t := range c.pending {
		if t.Party == id && !t.hasSession(s.SessionID) {
			t.Late = append(slices.Clip(t.Late), s)
			c.pending[by] = t
		}
	}
}

// finishCheck handles the result of a session's check: the host is asked now, or not at all. It refuses if a member
// came in meanwhile, because the check did not include them.
func (c *claims) finishCheck(sessionID string, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, mine := c.pending[sessionID]
	if !mine {
		return err
	}
	if err == nil && len(t.Late) > 0 {
		err = party.Refuse(party.NotReady, "Somebody has just come into your party; look for a match again.")
	}
	if t.Asked = c.now(); err == nil {
		c.pending[sessionID] = t
	} else {
		delete(c.pending, sessionID)
	}
	return err
}

// end drops the session's claim: the host has answered, or was not asked.
func (c *claims) end(sessionID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, sessionID)
}

// bySession returns the session's claim, or the zero ticket.
func (c *claims) bySession(sessionID string) Ticket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending[sessionID]
}

// all returns the current claims.
func (c *claims) all() []Ticket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current()
}

// current also drops the claims that have expired.
func (c *claims) current() []Ticket {
	now := c.now()
	maps.DeleteFunc(c.pending, func(_ string, t Ticket) bool { return !t.Asked.IsZero() && now.Sub(t.Asked) >= claimFor })
	return slices.Collect(maps.Values(c.pending))
}
