package queue

import (
	"slices"
	"sync"
	"time"

	"partyline/party"
)

// claims are tickets that the host has been asked for and has not answered yet: two that
// exclude each other may be asked for on two sockets at once, and each check would find
// no other. Of those the later one is refused. Safe for concurrent use.
//
// No after-hook tells of a ticket that the host refuses. Its claim ends with the next message
// of its session, which sends one after another, or claimFor after its check.
type claims struct {
	now party.Clock

	mu   sync.Mutex
	open []Ticket // in the order they were made
}

// claimFor is how long the host has to answer.
const claimFor = time.Second

// enter makes the session's claim, in place of any before it, and returns the claims that
// were there first.
func (c *claims) enter(t Ticket) (earlier []Ticket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	earlier = c.without(t.Session.SessionID)
	c.open = append(c.open, t)
	return earlier
}

// late notes who comes into a party, where the check does not know them yet: news of members it knows may come after it.
func (c *claims) late(id party.ID, s party.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.open {
		if t := &c.open[i]; t.Party == id && !t.has(s.SessionID) {
			t.Late = append(t.Late, s)
		}
	}
}

// checked says how the check of a session's claim ends: the host is asked now, or not at all. Who came in meanwhile
// would be on a ticket that is not checked with them.
func (c *claims) checked(sessionID string, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.open {
		if t := &c.open[i]; t.Session.SessionID == sessionID {
			t.Asked = c.now()
			if err == nil && len(t.Late) > 0 {
				err = party.Refuse(party.NotReady, "Somebody has just come into your party; look for a match again.")
			}
		}
	}
	if err != nil {
		c.without(sessionID)
	}
	return err
}

// end drops the session's claim: the host has answered, or was not asked in the end.
func (c *claims) end(sessionID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.without(sessionID)
}

// of is the session's claim, the zero ticket where there is none.
func (c *claims) of(sessionID string) (claim Ticket) {
	for _, t := range c.all() {
		if t.Session.SessionID == sessionID {
			claim = t
		}
	}
	return claim
}

// all are the claims there are.
func (c *claims) all() []Ticket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.without("")
}

// without drops the session's claim and those whose time is over, and returns the others.
func (c *claims) without(sessionID string) (others []Ticket) {
	now := c.now()
	c.open = slices.DeleteFunc(c.open, func(t Ticket) bool {
		return t.Session.SessionID == sessionID || !t.Asked.IsZero() && now.Sub(t.Asked) >= claimFor
	})
	return slices.Clone(c.open)
}
