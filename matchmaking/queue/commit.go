package queue

import (
	"cmp"
	"context"
	"errors"
	"time"

	"partyline/matchmaking"
)

// prepare notes a match whose tickets the host is handed. The host looks once more whether all are
// there; only then it calls [Service.Matched], and only from there anybody hears of the match.
func (s *Service) prepare(plan *planned) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range plan.tickets {
		s.prepared[w.id] = plan
		w.ended = true // for this pass
	}
}

// collected returns what was prepared for a ticket, once, for all handed over with it.
func (s *Service) collected(ticket string) (*planned, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	plan, ok := s.prepared[ticket]
	if ok {
		for _, w := range plan.tickets {
			delete(s.prepared, w.id)
		}
	}
	return plan, ok
}

// commitTries is how often the seats of a match are asked for; commitWait how long each try may take:
// as long as the host waits for a match, because what fails here costs its players the match.
const (
	commitTries = 2
	commitWait  = 10 * time.Second
)

// commit holds the seats of a match and tells the parties. A new match that has gone
// meanwhile, because one of the tickets seemed to have ended, is made again.
func (s *Service) commit(ctx context.Context, plan *planned) (match string, err error) {
	for range commitTries {
		if match, err = s.tryCommit(ctx, plan); err == nil {
			return match, nil
		}
	}
	return "", err
}

func (s *Service) tryCommit(ctx context.Context, plan *planned) (match string, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	panicked := s.protected("hold the seats", plan.queue, func() {
		match, err = plan.match, s.Launcher.Commit(ctx, plan.match, plan.claims)
		if errors.Is(err, matchmaking.ErrGone) && !plan.running && plan.launched.Handler != "" {
			match, err = s.Launcher.Launch(ctx, plan.launched)
		}
	})
	return match, cmp.Or(panicked, err)
}

// end ends a ticket that the host does not have any more, and what was prepared for it. Should the
// host have been quicker, commit holds the seats again.
func (s *Service) end(ctx context.Context, id string) (Ticket, bool) {
	return s.endIn(ctx, id, s.book.End)
}

// endIn ends a ticket in one of the book's ways, and follows.
func (s *Service) endIn(ctx context.Context, id string, ends func(id string) (Ticket, bool)) (Ticket, bool) {
	t, live := ends(id)
	if live {
		s.takeOff(id, t.Queue)
	}
	s.mu.Lock()
	plan := s.prepared[id]
	s.mu.Unlock()
	if plan != nil {
		s.withdraw(ctx, plan)
	}
	return t, live
}

// withdrawUncollected gives back what the host did not come for in the pass before: its
// hooks are over when the next pass begins.
func (s *Service) withdrawUncollected(ctx context.Context) {
	s.mu.Lock()
	left := s.prepared
	s.prepared = map[string]*planned{}
	s.mu.Unlock()
	for _, plan := range left {
		s.withdraw(ctx, plan)
	}
}

// withdraw gives back what is reserved for a match, once.
func (s *Service) withdraw(ctx context.Context, plan *planned) {
	s.mu.Lock()
	done := plan.withdrawn || len(plan.claims) == 0
	plan.withdrawn = true
	s.mu.Unlock()
	if done {
		return
	}
	s.proposals.abandon(plan.proposal)
	if err := s.Launcher.Withdraw(ctx, plan.match, plan.claims); err != nil {
		s.Logger.Warn("match not withdrawn match=%s error=%v", plan.match, err)
	}
}
