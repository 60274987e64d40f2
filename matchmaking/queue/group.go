package queue

import (
	"cmp"
	"context"
	"errors"
	"time"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
)

// group is a match whose tickets the host has been handed. The host looks once more whether all are
// there; only then it calls [Service.Matched], and only from there anybody hears of the match.
type group struct {
	match   string
	claims  []seats.Claim
	launch  matchmaking.Launch // what made it; the zero Launch for a running match
	running bool
	tickets []string

	proposal  int  // whose players accepted it; 0 where nobody was asked
	withdrawn bool // guarded by the service's mutex
}

func (s *Service) prepare(g *group, tickets []*waiting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range tickets {
		g.tickets = append(g.tickets, w.id)
		s.prepared[w.id] = g
	}
}

// collected returns what was prepared for a ticket, once, for all handed over with it.
func (s *Service) collected(ticket string) (*group, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.prepared[ticket]
	if ok {
		for _, id := range g.tickets {
			delete(s.prepared, id)
		}
	}
	return g, ok
}

// commitTries is how often the seats of a match are asked for; commitWait how long each
// try may take, which is little unless the machine has far too much to do.
const (
	commitTries = 2
	commitWait  = 5 * time.Second
)

// commit holds the seats of a group and tells the parties. A new match that has gone
// meanwhile, because one of the tickets seemed to have ended, is made again.
func (s *Service) commit(ctx context.Context, g *group) (match string, err error) {
	for range commitTries {
		if match, err = s.tryCommit(ctx, g); err == nil {
			return match, nil
		}
	}
	return "", err
}

func (s *Service) tryCommit(ctx context.Context, g *group) (match string, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	panicked := s.protected("hold the seats", g.launch.Queue, func() {
		match, err = g.match, s.Launcher.Commit(ctx, g.match, g.claims)
		if errors.Is(err, matchmaking.ErrGone) && !g.running && g.launch.Handler != "" {
			match, err = s.Launcher.Launch(ctx, g.launch)
		}
	})
	return match, cmp.Or(panicked, err)
}

// end ends a ticket that the host does not have any more, and what was prepared for it. Should the
// host have been quicker, commit holds the seats again.
func (s *Service) end(ctx context.Context, id string) (Ticket, bool) {
	t, live := s.book.End(id)
	s.ended(ctx, t, live, id)
	return t, live
}

// ended follows the end of a ticket in the book.
func (s *Service) ended(ctx context.Context, t Ticket, live bool, id string) {
	if live {
		s.takeOff(id, t.Queue)
	}
	s.mu.Lock()
	g := s.prepared[id]
	s.mu.Unlock()
	if g != nil {
		s.withdraw(ctx, g)
	}
}

// withdrawUncollected gives back what the host did not come for in the pass before: its
// hooks are over when the next pass begins.
func (s *Service) withdrawUncollected(ctx context.Context) {
	s.mu.Lock()
	groups := map[*group]bool{}
	for _, g := range s.prepared {
		groups[g] = true
	}
	clear(s.prepared)
	s.mu.Unlock()
	for g := range groups {
		s.withdraw(ctx, g)
	}
}

func (s *Service) withdraw(ctx context.Context, g *group) {
	s.mu.Lock()
	done := g.withdrawn || len(g.claims) == 0
	g.withdrawn = true
	s.mu.Unlock()
	if done {
		return
	}
	s.proposals.abandon(g.proposal)
	if err := s.Launcher.Withdraw(ctx, g.match, g.claims); err != nil {
		s.Logger.Warn("match not withdrawn match=%s error=%v", g.match, err)
	}
}
