package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// Matched returns the match these entries were given; with "" or an error the host makes a relayed
// one. All tickets are gone by now, so whatever anybody hears of a match begins here. For the host's
// own matching it makes a match with everybody's seats held, if the rules ask for one.
func (s *Service) Matched(ctx context.Context, entries []runtime.MatchmakerEntry) (match string, err error) {
	pool := collect(entries)
	if len(pool) == 0 {
		return "", errors.New("a match of nobody")
	}
	if panicked := s.protected("matched hook", "", func() { match, err = s.matched(ctx, pool) }); panicked != nil {
		match, err = "", party.AsError(panicked)
	}
	if err != nil && s.Processing { // else the host's relayed match is what its own matching promised
		_ = s.protected("tell of a lost match", "", func() {
			for _, w := range pool {
				s.drop(ctx, w.id, DropInternal)
			}
		})
	}
	return match, err
}

func (s *Service) matched(ctx context.Context, pool []*waiting) (match string, err error) {
	// The match stands whether or not anybody hears of it.
	conclude := func(seated []seats.Claim) {
		_ = s.protected("tell of a match", "", func() { s.conclude(ctx, pool, seated) })
	}
	if !s.Processing {
		match, err = s.matchNative(ctx, pool)
		conclude(nil) // the host's own tickets cannot be ignored
		return match, err
	}
	plan, ok := s.collected(pool[0].id)
	if ok {
		s.proposals.end(plan.proposal)
		match, err = s.commit(ctx, plan)
	} else {
		err = fmt.Errorf("no match was prepared for these %d tickets", len(pool))
	}
	if err != nil {
		s.Logger.Error("match lost tickets=%d error=%v", len(pool), err)
		return "", err
	}
	s.waited(pool, plan)
	conclude(plan.claims)
	_ = s.protected("look at the members again", "", func() { s.lookAgain(ctx, plan.claims) })
	return match, nil
}

// lookAgain opens the seats of members who left before they were held; the seat of one whose
// connection is lost is kept.
func (s *Service) lookAgain(ctx context.Context, claims []seats.Claim) {
	for _, c := range claims {
		id, err := party.ParseID(c.PartyID)
		if err != nil {
			continue // a player without a party
		}
		left, err := s.Roster.Left(id, c.UserIDs)
		if err != nil {
			s.Logger.Warn("party not read behind its match party=%s error=%v", id, err)
			continue
		}
		for _, user := range left {
			if err := s.Launcher.Release(ctx, id, user); err != nil {
				s.Logger.Warn("seat of a member who left not opened party=%s user=%s error=%v", id, user, err)
			}
		}
	}
}

// conclude ends the tickets of a match, and what else those wait for whom it seats. All of its own
// have ended before anybody is told.
func (s *Service) conclude(ctx context.Context, pool []*waiting, seated []seats.Claim) {
	var matched []Ticket
	for _, w := range pool {
		t, live := s.book.End(w.id)
		if !live {
			t = w.ticket()
		}
		matched = append(matched, t)
	}
	for _, t := range matched {
		s.tell(ctx, t, Matched, NoReason)
	}
	for _, c := range seated {
		for _, user := range c.UserIDs {
			for _, t := range s.book.OfUser(user) {
				s.drop(ctx, t.ID, DropOther)
			}
		}
	}
}

// longestHold is how long a seat is held at most where no queue says it.
var longestHold = rules.DefaultOf[rules.Queue]().SeatHoldMax

// matchNative makes a match of one team for all, where the rules ask for it.
func (s *Service) matchNative(ctx context.Context, pool []*waiting) (string, error) {
	cfg := s.Policy().Matchmaking
	if !cfg.CreateMatch {
		return "", nil
	}
	var claims []seats.Claim
	size, seated := 0, map[string]bool{}
	// Parties first: a friend who came in by an invite may have a ticket of their own, and sits with the party.
	for _, alone := range []bool{false, true} {
		for _, w := range pool {
			if (w.party == "") != alone {
				continue
			}
			c := s.nativeClaim(ctx, w)
			c.UserIDs = slices.DeleteFunc(c.UserIDs, func(user string) bool { return seated[user] })
			for _, user := range c.UserIDs {
				seated[user] = true
			}
			if len(c.UserIDs)+c.Spares > 0 {
				claims = append(claims, c)
				size += len(c.UserIDs) + c.Spares
			}
		}
	}
	return s.Launcher.Launch(ctx, matchmaking.Launch{
		Handler: rules.PartyMatch, Teams: 1, TeamSize: size, Claims: claims,
		SeatHold: cfg.SeatHold, SeatHoldMax: max(cfg.SeatHold, longestHold),
		Grace: max(cfg.SeatHold, s.Policy().Parties.ReconnectGrace),
	})
}

// nativeClaim asks for the seats of a whole party, friends included that came in or are
// awaited since the ticket was made; failing to read it, of those on the ticket.
func (s *Service) nativeClaim(ctx context.Context, w *waiting) seats.Claim {
	c := seats.Claim{PartyID: w.party, UserIDs: w.people()}
	id, err := party.ParseID(w.party)
	if err != nil {
		return c // a player without a party
	}
	l, err := s.Look(ctx, id)
	if err != nil {
		s.Logger.Warn("party not read, only its ticket is seated ticket=%s error=%v", w.id, err)
		return c
	}
	for _, user := range users(sessions(l.View)) {
		if !slices.Contains(c.UserIDs, user) {
			c.UserIDs = append(c.UserIDs, user)
		}
	}
	c.Spares = s.Footprint(l).OnTheWay()
	return c
}
