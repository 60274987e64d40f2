package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// Matched returns the match these entries were given; with "" the host makes a relayed one.
// All tickets are gone by now, so whatever anybody hears of a match begins here. For the
// host's own matching it makes a match with everybody's seats held, if the rules ask for
// one. After an error the host makes a relayed match all the same.
func (s *Service) Matched(ctx context.Context, entries []runtime.MatchmakerEntry) (match string, err error) {
	pool := collect(entries)
	defer func() {
		if value := recover(); value != nil {
			s.logger.Error("matchmaker matched failed: panic: %v\n%s", value, debug.Stack())
			match, err = "", party.AsError(fmt.Errorf("panic: %v", value))
			s.failed(ctx, pool)
		}
	}()
	if len(pool) == 0 {
		return "", errors.New("a match of nobody")
	}
	if !s.processing {
		match, err = s.matchNative(ctx, pool)
		s.conclude(ctx, pool)
		return match, err
	}
	g, ok := s.collected(pool[0].id)
	if ok {
		s.proposals.end(g.proposal)
	}
	if !ok {
		err = fmt.Errorf("no match was prepared for these %d tickets", len(pool))
	} else if match, err = s.commit(ctx, g); err == nil {
		s.waited(pool, g)
		s.conclude(ctx, pool)
		s.lookAgain(ctx, g)
		return match, nil
	}
	s.logger.Error("match lost tickets=%d error=%v", len(pool), err)
	s.failed(ctx, pool)
	return "", err
}

// failed tells that tickets are gone without a match. The next ones keep their age.
func (s *Service) failed(ctx context.Context, pool []*waiting) {
	defer func() {
		if value := recover(); value != nil {
			s.logger.Error("lost match not told of: panic: %v\n%s", value, debug.Stack())
		}
	}()
	if !s.processing {
		return // the host's relayed match is what its own matching promised
	}
	for _, w := range pool {
		s.drop(ctx, w.id, DropInternal)
	}
}

// lookAgain opens the seats of members who left while their match was made: whoever
// leaves a party before its seats are held has none yet that could be opened. The seat of
// one whose connection is lost is kept.
func (s *Service) lookAgain(ctx context.Context, g *group) {
	defer func() { // the match stands, and has been told of
		if value := recover(); value != nil {
			s.logger.Error("members not looked at behind their match: panic: %v\n%s", value, debug.Stack())
		}
	}()
	for _, c := range g.claims {
		id, err := party.ParseID(c.PartyID)
		if err != nil {
			continue // a player without a party
		}
		v, err := s.roster.View(ctx, id)
		if err != nil && party.ReasonOf(err) != party.PartyNotFound {
			s.logger.Warn("party not read behind its match party=%s error=%v", id, err)
			continue
		}
		for _, user := range c.UserIDs {
			if _, member := v.Member(user); member {
				continue
			}
			if live, err := s.roster.Sessions(user); err == nil && len(live) == 0 {
				continue
			}
			if err := s.launcher.Release(ctx, id, user); err != nil {
				s.logger.Warn("seat of a member who left not opened party=%s user=%s error=%v", id, user, err)
			}
		}
	}
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
	return s.launcher.Launch(ctx, matchmaking.Launch{
		Handler: rules.PartyMatch, Teams: 1, TeamSize: size, Claims: claims,
		SeatHold: cfg.SeatHold, SeatHoldMax: max(cfg.SeatHold, rules.DefaultOf[rules.Queue]().SeatHoldMax),
		Grace: max(cfg.SeatHold, s.policy().Parties.ReconnectGrace),
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
