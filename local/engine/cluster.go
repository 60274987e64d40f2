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

// Cluster has what several servers of one process share as nodes of one cluster: the presences and the stored data.
// Messages reach the sockets and parties of other nodes. As on a real node, a module can put only sessions of its own
// node on streams, or take them off.
//
// It simulates only what parties need of a cluster. Each node has its own matches, matchmaker and party list. Other
// nodes see a change at once, which is not so in a real network.
type Cluster struct {
	tracker *presence.Tracker
	store   *store.Store

	mu    sync.RWMutex
	nodes map[string]*Server // the running nodes by name
}

// NewCluster makes a cluster without nodes. now is the clock for stored data; nil means time.Now. Tokens are signed
// with the keys of a stock server, and the nodes must not change these keys.
func NewCluster(now func() time.Time) *Cluster {
	c := &Cluster{tracker: presence.NewTracker(), nodes: map[string]*Server{}}
	o := Options{}.withDefaults()
	c.store = store.New(store.Options{
		Now: now, TokenExpiry: o.TokenExpiry, SigningKey: o.SessionKey, RefreshSigningKey: o.RefreshKey,
		Online: c.online, Deliver: c.deliver, Disconnect: c.disconnect,
	})
	return c
}

// Close stops the shared tracker. Close the nodes first.
func (c *Cluster) Close() { c.tracker.Close() }

// WaitForEvents waits until all presence events so far are delivered on all nodes.
func (c *Cluster) WaitForEvents() { c.tracker.WaitForEvents() }

// Presences counts the presences on all streams of all nodes.
func (c *Cluster) Presences() int { return c.tracker.Total() }

// OnParty counts the sessions on a party's stream: its members and everybody else who listens.
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

// router returns the router of a node, nil if the node is gone.
func (c *Cluster) router(node string) *realtime.Router {
	if s := c.node(node); s != nil {
		return s.sockets.Router()
	}
	return nil
}

// parties returns the parties of a node, nil if the node is gone.
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

// deliver calls one node only, because its router reaches the sockets of all nodes.
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
