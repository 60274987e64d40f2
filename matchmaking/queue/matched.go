package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// seating gives seats to all matched players and then tells them.
type seating struct {
	*tickets
	history *history
}

// Matched returns the match for these entries. With "" or an error the host makes a relayed match. The host has already
// removed all tickets, so nobody hears of a match before this. If the host itself matches, Matched makes a match that
// holds everybody's seats, provided the rules ask for one.
func (s *seating) Matched(ctx context.Context, entries []runtime.MatchmakerEntry) (match string, err error) {
	pool := groupByTicket(entries)
	if len(pool) == 0 {
		return "", errors.New("the match has no entries")
	}
	if panicked := protected(s.Logger, "matched hook", "", func() { match, err = s.matched(ctx, pool) }); panicked != nil {
		match, err = "", party.AsError(panicked)
	}
	if err != nil && s.Processing { // without queues, the host's relayed match is what its matching promises
		s.Logger.Error("match lost tickets=%d error=%v", len(pool), err)
		_ = protected(s.Logger, "tell of a lost match", "", func() {
			for _, w := range pool {
				s.drop(ctx, w.id, DropInternal)
			}
		})
	}
	return match, err
}

func (s *seating) matched(ctx context.Context, pool []*poolTicket) (match string, err error) {
	if !s.Processing {
		match, err = s.launchForHost(ctx, pool)
		s.conclude(ctx, pool, nil)
		return match, err
	}
	plan, ok := s.prepared.collect(pool[0].id)
	if !ok {
		return "", fmt.Errorf("no match was prepared for these %d tickets", len(pool))
	}
	s.proposals.end(plan.proposal)
	if match, err = s.commit(ctx, plan); err != nil {
		return "", err
	}
	s.conclude(ctx, pool, plan)
	_ = protected(s.Logger, "look at the members again", "", func() { s.recheckMembers(ctx, plan) })
	return match, nil
}

// commitTries is how often the seats of a match are asked for, and commitWait how long each try may take. It is as long
// as the host waits for a match, because a failure here costs the players their match. The host's next pass waits too.
// So a running match, which may be busy with its own players, gets hookWait only.
const (
	commitTries = 2
	commitWait  = 10 * time.Second
	hookWait    = 2 * time.Second
)

// commit holds the seats of a match, and the launcher tells the parties. If a new match is gone, because one of its
// tickets seemed to have ended, commit makes it again.
func (s *seating) commit(ctx context.Context, plan *planned) (match string, err error) {
	wait := commitWait
	if plan.fill {
		wait = hookWait
	}
	for range commitTries {
		try, cancel := context.WithTimeout(ctx, wait)
		panicked := protected(s.Logger, "hold the seats", plan.queue, func() {
			match, err = plan.match, s.Launcher.Commit(try, plan.match, plan.claims)
			if errors.Is(err, matchmaking.ErrGone) && plan.launched.Handler != "" {
				match, err = s.Launcher.Launch(try, plan.launched)
			}
		})
		cancel()
		if err = cmp.Or(panicked, err); err == nil {
			return match, nil
		}
	}
	return "", err
}

// recheckMembers frees the seats of members who left before the seats were held. It keeps the seat of an away member.
// It orders seats for friends who came in after the seats were planned: nothing else does, because nobody knew of the
// match then.
func (s *seating) recheckMembers(ctx context.Context, plan *planned) {
	ctx, cancel := context.WithTimeout(ctx, hookWait)
	defer cancel()
	for i, w := range plan.tickets {
		if w.party.IsZero() {
			continue
		}
		seated := plan.claims[i].UserIDs
		v, _ := s.Roster.View(ctx, w.party) // without members if it cannot be read; then Left says so
		for _, user := range distinctUsers(sessions(v)) {
			if !slices.Contains(seated, user) {
				s.Friends.OrderSeat(plan.match, w.party, user)
			}
		}
		left, err := s.Roster.Left(w.party, seated)
		if err != nil {
			s.Logger.Warn("party not read after its match was made party=%s error=%v", w.party, err)
		}
		for _, user := range left {
			if err := s.Launcher.Release(ctx, w.party, user); err != nil {
				s.Logger.Warn("seat of a member who left not freed party=%s user=%s error=%v", w.party, user, err)
			}
		}
	}
}

// conclude ends the tickets of a match, and all other tickets of the users that its plan seats. It ends all of the
// match's own tickets before it tells anybody. Without a plan the host has matched the tickets, and cannot ignore
// others. The match stands even if nobody can be told.
func (s *seating) conclude(ctx context.Context, pool []*poolTicket, plan *planned) {
	_ = protected(s.Logger, "tell of a match", "", func() {
		var matched []Ticket
		for _, w := range pool {
			t, live := s.book.End(w.id)
			if !live {
				t = w.ticket()
			}
			matched = append(matched, t)
			if plan != nil {
				s.recordWait(t, live, plan)
			}
		}
		for _, t := range matched {
			s.tell(ctx, t, Matched, NoReason)
		}
		if plan == nil {
			return
		}
		for _, user := range plan.tickets.users() {
			for _, t := range s.book.OfUser(user) {
				s.drop(ctx, t.ID, DropMatchedElsewhere)
			}
		}
	})
}

// recordWait records the wait of a ticket that has found a match.
func (s *seating) recordWait(t Ticket, live bool, plan *planned) {
	match := "new"
	if plan.fill {
		match = "running"
	}
	waited := max(0, s.Now().Sub(t.Since))
	if live {
		s.history.add(t.Queue, len(t.Members), waited)
	}
	s.Metrics.MetricsTimerRecord(MetricWait, map[string]string{"queue": t.Queue, "match": match, "size": strconv.Itoa(len(distinctUsers(t.Members)))}, waited)
}

// defaultHoldMax is the default limit for holding a seat, for matches without a queue.
var defaultHoldMax = rules.DefaultOf[rules.Queue]().SeatHoldMax

// launchForHost makes a match of one team for all tickets that the host itself has matched, if the rules ask for one.
func (s *seating) launchForHost(ctx context.Context, pool []*poolTicket) (string, error) {
	cfg := s.Policy().Matchmaking
	if !cfg.CreateMatch {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, hookWait)
	defer cancel()
	looks, done := context.WithTimeout(ctx, hookWait/2)
	defer done()
	var claims []seats.Claim
	size, seated := 0, map[string]bool{}
	// Parties first: a friend who came in by an invite may have a ticket too, and sits with the party.
	alone := func(w *poolTicket) bool { return w.party.IsZero() }
	inParty := func(w *poolTicket) bool { return !alone(w) }
	for _, w := range slices.Concat(slices.DeleteFunc(slices.Clone(pool), alone), slices.DeleteFunc(slices.Clone(pool), inParty)) {
		c := s.claim(looks, w)
		c.UserIDs = slices.DeleteFunc(c.UserIDs, func(user string) bool { return seated[user] })
		for _, user := range c.UserIDs {
			seated[user] = true
		}
		if len(c.UserIDs)+c.Spares > 0 {
			claims = append(claims, c)
			size += len(c.UserIDs) + c.Spares
		}
	}
	return s.Launcher.Launch(ctx, matchmaking.Launch{
		Handler: rules.PartyMatch, Teams: 1, TeamSize: size, Claims: claims,
		SeatHold: cfg.SeatHold, SeatHoldMax: max(cfg.SeatHold, defaultHoldMax),
		Grace: max(cfg.SeatHold, s.Policy().Parties.ReconnectGrace),
	})
}

// partyReadWait is how long a match waits for a party whose record is being written.
const partyReadWait = 200 * time.Millisecond

// claim returns the claim for a whole party, with friends who came in or are awaited since the ticket was made. If the
// party cannot be read, it claims seats for the present members only.
func (s *seating) claim(ctx context.Context, w *poolTicket) seats.Claim {
	users, spares := w.ownUsers(), 0
	if w.party.IsZero() {
		return w.claim(users, spares)
	}
	soon, cancel := context.WithTimeout(ctx, partyReadWait)
	defer cancel()
	l, err := s.Look(soon, w.party)
	if err == nil {
		spares = s.Footprint(l).OnTheWay()
	} else {
		s.Logger.Warn("party not read, only its members are seated ticket=%s error=%v", w.id, err)
		l.View, _ = s.Roster.View(ctx, w.party) // this does not wait
	}
	return w.claim(distinctUsers(slices.Concat(w.members(), sessions(l.View))), spares)
}
