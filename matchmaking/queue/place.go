package queue

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
)

// placement is tickets that go into one match together.
type placement struct {
	tickets []*waiting
	claims  []seats.Claim // one for each ticket, in the same order
}

// take looks at the tickets of a match about to be made. It answers those that cannot be
// placed after all, and whether any needs another number of seats than it was taken for;
// with neither, the placement is good.
func (r *queueRun) take(ctx context.Context, placements []formation.Placement) (pl placement, out []*waiting, resized bool) {
	here := map[string]bool{}
	for _, p := range placements {
		w := r.pool[p.Ticket]
		switch r.look(ctx, w) {
		case away:
			out = append(out, w)
			continue
		case changed:
			resized = true
			continue
		}
		// One user on two tickets would play against himself.
		if slices.ContainsFunc(w.users, func(u string) bool { return here[u] || r.placed[u] }) {
			out = append(out, w)
			continue
		}
		for _, u := range w.users {
			here[u] = true
		}
		pl.tickets = append(pl.tickets, w)
		pl.claims = append(pl.claims, seats.Claim{PartyID: w.party, Team: p.Team, UserIDs: w.users, Spares: w.spares})
	}
	return pl, out, resized
}

func (pl placement) users() []string {
	var all []string
	for _, w := range pl.tickets {
		all = append(all, w.users...)
	}
	return all
}

// entries are what the host is handed: every entry of every ticket.
func (pl placement) entries() []runtime.MatchmakerEntry {
	var all []runtime.MatchmakerEntry
	for _, w := range pl.tickets {
		all = append(all, w.entries...)
	}
	return all
}

// skill is the mean of those placed, by seats.
func (pl placement) skill() float64 {
	sum, n := 0.0, 0
	for _, w := range pl.tickets {
		sum, n = sum+w.skill*float64(w.need()), n+w.need()
	}
	return sum / float64(n)
}

// launch makes a new match. It answers false where that failed: then the tickets wait.
func (r *queueRun) launch(ctx context.Context, pl placement) bool {
	match, err := r.launcher.Launch(ctx, Launch{
		Queue: r.name, Handler: r.q.Match, Teams: r.q.Teams, TeamSize: r.q.TeamSize,
		Key: pl.tickets[0].key, Skill: pl.skill(), Claims: pl.claims,
		SeatHold: r.q.SeatHold, SeatHoldMax: r.q.SeatHoldMax, Backfill: r.q.Backfill,
	})
	if err == nil && match == "" {
		err = errors.New("a match without an ID")
	}
	if err != nil {
		r.failures++
		r.logger.Error("match not made queue=%s tickets=%d error=%v", r.name, len(pl.tickets), err)
		return false
	}
	r.prepare(match, pl)
	return true
}

// fill puts tickets into a running match. It answers false where that failed: then the
// match is left alone for this pass.
func (r *queueRun) fill(ctx context.Context, match string, pl placement) bool {
	if err := r.launcher.Fill(ctx, match, pl.claims); err != nil {
		r.refused[match] = true
		r.logger.Info("match not filled queue=%s match=%s error=%v", r.name, match, err)
		return false
	}
	r.prepare(match, pl)
	return true
}

// prepared is a match whose tickets the host has been handed. The host looks once more
// whether all of them are still there before it tells anybody.
type prepared struct {
	match   string
	claim   seats.Claim
	at      time.Time
	tickets []string // all that were handed over together
}

func (s *Service) prepare(match string, pl placement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, len(pl.tickets))
	for i, w := range pl.tickets {
		ids[i] = w.id
	}
	for i, id := range ids {
		s.prepared[id] = prepared{match: match, claim: pl.claims[i], at: s.now(), tickets: ids}
	}
}

// collected answers what was prepared for a ticket, once, for all handed over with it.
func (s *Service) collected(ticket string) (prepared, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.prepared[ticket]
	for _, id := range p.tickets {
		delete(s.prepared, id)
	}
	return p, ok
}

// withdrawUnclaimed gives back the seats of matches the host told nobody about, because
// a ticket was gone when it looked. It is done with all of a pass before the next one.
func (s *Service) withdrawUnclaimed(ctx context.Context) {
	s.mu.Lock()
	unclaimed := map[string][]seats.Claim{}
	for id, p := range s.prepared {
		if s.now().Sub(p.at) > lateTicket {
			unclaimed[p.match] = append(unclaimed[p.match], p.claim)
			delete(s.prepared, id)
		}
	}
	s.mu.Unlock()
	for match, claims := range unclaimed {
		if err := s.launcher.Withdraw(ctx, match, claims); err != nil {
			s.logger.Warn("match not withdrawn match=%s error=%v", match, err)
		}
	}
}
