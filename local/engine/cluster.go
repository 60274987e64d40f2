package engine

import (
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"

	"partyline/local/engine/parties"
	"partyline/local/engine/presence"
	"partyline/local/engine/realtime"
	"partyline/local/engine/store"
)

// Cluster is what several servers of one process share to be the nodes of one cluster:
// who is where, and what is stored. Messages find their way to sockets and to parties of
// other nodes. As on a real node, a module can put on streams, and take off them, only
// sessions of its own.
//
// It simulates as much of a cluster as parties need. Matches, the matchmaker and the party
// list are each node's own, and what happens on one node is seen on the others at once,
// which a network never manages.
type Cluster struct {
	tracker *presence.Tracker
	store   *store.Store

	mu    sync.RWMutex
	nodes map[string]*Server // those that live
}

// NewCluster makes a cluster without nodes. now is the clock of what it stores, nil for
// time.Now; tokens are signed with a stock server's keys, which its nodes must keep.
func NewCluster(now func() time.Time) *Cluster {
	c := &Cluster{tracker: presence.NewTracker(), nodes: map[string]*Server{}}
	o := Options{}.withDefaults()
	c.store = store.New(store.Options{
		Now: now, TokenExpiry: o.TokenExpiry, SigningKey: o.SessionKey, RefreshSigningKey: o.RefreshKey,
		Online: c.online, Deliver: c.deliver, Disconnect: c.disconnect,
	})
	return c
}

// Close ends what the nodes share. Close them first.
func (c *Cluster) Close() { c.tracker.Close() }

// Settle returns when every presence event so far has been delivered on all nodes.
func (c *Cluster) Settle() { c.tracker.Sync() }

// Presences is the number of presences on all streams of all nodes.
func (c *Cluster) Presences() int { return c.tracker.Total() }

// OnParty counts the sessions on a party's stream: its members, and all others who listen.
func (c *Cluster) OnParty(subject uuid.UUID, node string) int {
	return c.tracker.Count(presence.Stream{Mode: presence.ModeParty, Subject: subject, Label: node})
}

func (c *Cluster) join(s *Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes[s.opts.Node] = s
}

func (c *Cluster) leave(s *Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nodes[s.opts.Node] == s {
		delete(c.nodes, s.opts.Node)
	}
}

func (c *Cluster) node(name string) *Server {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.nodes[name]
}

// router finds the sockets of a node, nil for one that is gone.
func (c *Cluster) router(node string) *realtime.Router {
	if s := c.node(node); s != nil {
		return s.sockets.Router()
	}
	return nil
}

// parties finds the parties of a node, nil for one that is gone.
func (c *Cluster) parties(node string) *parties.Registry {
	if s := c.node(node); s != nil {
		return s.parties
	}
	return nil
}

func (c *Cluster) each(do func(s *Server)) {
	c.mu.RLock()
	nodes := make([]*Server, 0, len(c.nodes))
	for _, s := range c.nodes {
		nodes = append(nodes, s)
	}
	c.mu.RUnlock()
	for _, s := range nodes {
		do(s)
	}
}

func (c *Cluster) online(userID string) bool {
	id, err := uuid.Parse(userID)
	return err == nil && len(c.tracker.List(presence.Stream{Mode: presence.ModeStatus, Subject: id}, false, true)) > 0
}

// deliver needs one node: its router reaches the sockets of all.
func (c *Cluster) deliver(userID string, list []*api.Notification) {
	delivered := false
	c.each(func(s *Server) {
		if !delivered {
			s.deliver(userID, list)
			delivered = true
		}
	})
}

func (c *Cluster) disconnect(userID string) { c.each(func(s *Server) { s.disconnect(userID) }) }
