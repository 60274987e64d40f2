package queue

import (
	"slices"
	"sync"
	"time"

	"partyline/party"
)

// claims are the tickets that the host was asked for and has not answered yet. Two tickets that exclude each other may
// be asked for on two sockets at once, and neither check would find the other ticket. The claims let the check refuse
// the later one. Safe for concurrent use.
//
// No after-hook runs for a ticket that the host refuses. Its claim ends with the session's next message, because a
// session's messages are handled one after another, or claimFor after its check.
type claims struct {
	now party.Clock

	mu      sync.Mutex
	pending []Ticket // in the order in which they were made
}

// claimFor is how long the host may take to answer.
const claimFor = time.Second

// enter makes the session's claim, in place of an earlier one, and returns the other claims.
func (c *claims) enter(t Ticket) (earlier []Ticket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	earlier = c.prune(t.Session.SessionID)
	c.pending = append(c.pending, t)
	return earlier
}

// addLate adds a session that comes into a party to the party's claims whose check does not know it. News of members
// whom the check knows may also come after the check.
func (c *claims) addLate(id party.ID, s party.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.pending {
		if t := &c.pending[i]; t.Party == id && !t.hasSession(s.SessionID) {
			t.Late = append(t.Late, s)
		}
	}
}

// finishCheck handles the result of a session's check: the host is asked now, or not at all. It refuses if a member
// came in meanwhile, because the check did not include them.
func (c *claims) finishCheck(sessionID string, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.pending {
		if t := &c.pending[i]; t.Session.SessionID == sessionID {
			t.Asked = c.now()
			if err == nil && len(t.Late) > 0 {
				err = party.Refuse(party.NotReady, "Somebody has just come into your party; look for a match again.")
			}
		}
	}
	if err != nil {
		c.prune(sessionID)
	}
	return err
}

// end drops the session's claim: the host has answered, or was not asked.
func (c *claims) end(sessionID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prune(sessionID)
}

// bySession returns the session's claim, or the zero ticket.
func (c *claims) bySession(sessionID string) (claim Ticket) {
	for _, t := range c.all() {
		if t.Session.SessionID == sessionID {
			claim = t
		}
	}
	return claim
}

// all returns the current claims.
func (c *claims) all() []Ticket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.prune("")
}

// prune drops the session's claim and expired claims, and returns the others.
func (c *claims) prune(sessionID string) (others []Ticket) {
	now := c.now()
	c.pending = slices.DeleteFunc(c.pending, func(t Ticket) bool {
		return t.Session.SessionID == sessionID || !t.Asked.IsZero() && now.Sub(t.Asked) >= claimFor
	})
	return slices.Clone(c.pending)
}
