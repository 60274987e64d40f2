package queue

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// Matched answers the host which match these entries were given; "" lets the host make a
// relayed one. For the host's own matching it makes a match with everybody's seats held, if
// the rules ask for one. An error does not stop the match: clients get a relayed one then.
func (s *Service) Matched(ctx context.Context, entries []runtime.MatchmakerEntry) (match string, err error) {
	defer func() {
		if value := recover(); value != nil {
			s.logger.Error("matchmaker matched failed: panic: %v\n%s", value, debug.Stack())
			match, err = "", party.AsError(fmt.Errorf("panic: %v", value))
		}
	}()
	pool := collect(entries)
	if s.processing {
		match, err = s.matchPrepared(pool)
	} else {
		match, err = s.matchNative(ctx, pool)
	}
	s.conclude(ctx, pool)
	return match, err
}

func (s *Service) matchPrepared(pool []*waiting) (string, error) {
	for _, w := range pool {
		if p, ok := s.collected(w.id); ok {
			return p.match, nil
		}
	}
	return "", fmt.Errorf("no match was prepared for these %d tickets", len(pool))
}

// conclude ends the tickets of a match, and what else its players wait for. All of them
// have ended before anybody is told, and where telling panics the match stands all the same.
func (s *Service) conclude(ctx context.Context, pool []*waiting) {
	defer func() {
		if value := recover(); value != nil {
			s.logger.Error("match not told of: panic: %v\n%s", value, debug.Stack())
		}
	}()
	var matched, others []Ticket
	for _, w := range pool {
		t, live := s.book.End(w.id)
		if !live {
			t = w.ticket()
		}
		matched = append(matched, t)
	}
	for _, t := range matched {
		s.tell(ctx, t, Matched, "")
		if !s.processing {
			continue // the host's own tickets cannot be ignored
		}
		for _, m := range t.Members {
			others = append(others, s.book.OfUser(m.UserID)...)
		}
	}
	for _, t := range others {
		if !slices.ContainsFunc(pool, func(w *waiting) bool { return w.id == t.ID }) {
			s.drop(ctx, t.ID, DropOther)
		}
	}
}

// matchNative makes a match of one team for all, where the rules ask for it.
func (s *Service) matchNative(ctx context.Context, pool []*waiting) (string, error) {
	cfg := s.policy().Matchmaking
	if !cfg.CreateMatch || s.launcher == nil {
		return "", nil
	}
	var claims []seats.Claim
	size := 0
	for _, w := range pool {
		c := s.nativeClaim(ctx, w)
		claims = append(claims, c)
		size += len(c.UserIDs) + c.Spares
	}
	return s.launcher.Launch(ctx, Launch{
		Handler: rules.PartyMatch, Teams: 1, TeamSize: size, Claims: claims,
		SeatHold: cfg.SeatHold, SeatHoldMax: max(cfg.SeatHold, rules.DefaultQueue().SeatHoldMax),
	})
}

// nativeClaim asks for the seats of a whole party, friends included that came in or are
// awaited since the ticket was made; failing to read it, of those on the ticket.
func (s *Service) nativeClaim(ctx context.Context, w *waiting) seats.Claim {
	c := seats.Claim{PartyID: w.party}
	for _, e := range w.entries {
		if user := e.GetPresence().GetUserId(); !slices.Contains(c.UserIDs, user) {
			c.UserIDs = append(c.UserIDs, user)
		}
	}
	if w.party == "" {
		return c
	}
	id, err := party.ParseID(w.party)
	if err != nil {
		return c
	}
	v, f, err := s.footprint(ctx, id)
	if err != nil {
		s.logger.Warn("party not read, only its ticket is seated ticket=%s error=%v", w.id, err)
		return c
	}
	for _, user := range users(v) {
		if !slices.Contains(c.UserIDs, user) {
			c.UserIDs = append(c.UserIDs, user)
		}
	}
	c.Spares = f.OnTheWay()
	return c
}
