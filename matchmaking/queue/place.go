package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// placement is a list of tickets that go into one match together.
type placement []*poolTicket

// recheck reads the tickets of a match again before it is made. It returns false if one of them cannot be placed after
// all, or needs another number of seats than assumed.
func (r *queueRun) recheck(ctx context.Context, placements []formation.Placement) (pl placement, same bool) {
	same = true
	here := map[string]bool{}
	for _, p := range placements {
		w := r.pool[p.Ticket]
		taken := w.seatsNeeded()
		// One user on two tickets would play against themselves.
		w.out = !r.refreshTicket(ctx, w) || slices.ContainsFunc(w.users, func(u string) bool { return here[u] || r.placed[u] })
		same = same && !w.out && w.seatsNeeded() == taken
		if w.out {
			continue
		}
		for _, u := range w.users {
			here[u] = true
		}
		w.team = p.Team
		pl = append(pl, w)
	}
	return pl, same
}

// refreshTicket reads which users a ticket seats now: everybody in the party, on the ticket or not. It also reads for
// how many more the ticket holds seats. It returns false if the ticket cannot be placed in this pass, or at all.
func (r *queueRun) refreshTicket(ctx context.Context, w *poolTicket) bool {
	if _, live := r.book.Get(w.id); !live {
		return false
	}
	if w.party.IsZero() {
		w.users = w.ownUsers()
		return true
	}
	l, err := r.TryLook(ctx, w.party)
	if err != nil {
		if party.ReasonOf(err) != party.PartyNotFound {
			r.Logger.Warn("party not read, its ticket waits ticket=%s error=%v", w.id, err)
		}
		return false
	}
	for _, m := range w.members() {
		if _, member := l.Session(m.SessionID); !member && !l.IsLost(m.SessionID) {
			r.drop(ctx, w.id, DropMembership, m.UserID) // the host is about to remove it
			return false
		}
	}
	w.users, w.late = distinctUsers(sessions(l.View)), nil
	w.spares = spareSeats(r.q, len(w.users), r.Footprint(l))
	if kept := r.proposals.seatsOf(w.id); kept > 0 { // friends who come or go must not undo a match that was found
		w.spares = max(0, kept-len(w.users))
	}
	w.expected = l.Away
	if r.q.HoldInvited {
		w.expected = l.Expected
	}
	if w.spares == 0 {
		w.expected = nil
	}
	if len(l.Members) > len(w.entries) { // somebody came in without ending the ticket
		for _, user := range w.users {
			r.dropSolo(ctx, user)
		}
	}
	if w.seatsNeeded() > r.q.LargestParty() {
		r.drop(ctx, w.id, DropTooLarge)
		return false
	}
	return true
}

func (pl placement) users() (all []string) {
	for _, w := range pl {
		all = append(all, w.users...)
	}
	return all
}

func (pl placement) expected() (all []string) {
	for _, w := range pl {
		all = append(all, w.expected...)
	}
	return all
}

// claims returns one claim for each ticket, in the same order. It claims the seats of late friends for the party: the
// game server has no slots for them yet.
func (pl placement) claims() (all []seats.Claim) {
	for _, w := range pl {
		expected := slices.DeleteFunc(slices.Clone(w.users), func(user string) bool { return slices.Contains(w.late, user) })
		all = append(all, w.claim(expected, w.spares+len(w.late)))
	}
	return all
}

// entries returns what the host gets: every entry of every ticket.
func (pl placement) entries() (all []runtime.MatchmakerEntry) {
	for _, w := range pl {
		all = append(all, w.entries...)
	}
	return all
}

// skill returns the mean skill, weighted by seats.
func (pl placement) skill() float64 {
	sum, n := 0.0, 0
	for _, w := range pl {
		sum, n = sum+w.skill*float64(w.seatsNeeded()), n+w.seatsNeeded()
	}
	return sum / float64(n)
}

// planned is a placement that still has to be checked and made.
type planned struct {
	tickets placement
	queue   string
	rules   rules.Queue
	grace   time.Duration // how long the seat of an away player is kept
	turn    int           // its place among the matches of its queue
	match   string        // its running match, or the match on its game server; "" until it is made
	others  []string      // other users with a seat in that match, or in the proposal
	awaited []string      // users whom the other tickets of the proposal expect
	out     placement     // tickets that are kept out of it

	teamSize  int    // of a new match
	region    string // where it is played
	proposal  int    // the proposal that it completes or that its tickets join; 0 for none
	complete  bool   // everybody has accepted
	hasServer bool   // the match has its game server, or the slots on it
	fill      bool   // the match is a running one

	// Set when the match is made:
	claims    []seats.Claim      // the seats reserved in the match
	launched  matchmaking.Launch // the launch of a new match; zero for a running one
	withdrawn bool               // guarded by the mutex of [prepared]
}

// joins reports whether the tickets join a proposal.
func (p *planned) joins() bool { return p.proposal != 0 && !p.complete }

// fill reserves seats in a running match. Each pass does that once per match, for tickets that may join it. It returns
// false on an error, if the match refuses one of the tickets, or if blocks keep all of them out.
func (r *queueRun) fill(ctx context.Context, match string, pl placement) (planned, bool) {
	r.closed[match] = true
	others, refused, err := r.reserve(ctx, match, pl.claims())
	if err != nil {
		r.Logger.Info("match not filled queue=%s match=%s error=%v", r.name, match, err)
		return planned{}, false
	}
	mine := pl.users()
	others = slices.DeleteFunc(others, func(user string) bool { return slices.Contains(mine, user) })
	plan := planned{tickets: pl, match: match, fill: true, others: others}
	var out placement
	for i, w := range pl {
		if slices.Contains(refused, i) || len(refused) == 0 && w.mayNotMeet(&r.q, others, nil) {
			out = append(out, w)
		}
	}
	if len(refused) == 0 { // otherwise nothing is reserved
		r.prepared.leaveOut(ctx, &plan, out)
	}
	if len(out) > 0 { // the seats are for others, who would wait behind these tickets in every pass
		for _, w := range r.pool {
			if slices.Contains(out, w) || w.mayNotMeet(&r.q, others, nil) {
				w.setMisfit(match, r.began)
			}
		}
	}
	if len(refused) > 0 || len(plan.tickets) == 0 {
		r.closed[match] = false
		return planned{}, false
	}
	return plan, true
}

const (
	// matchWait is how long a pass waits for a running match. All players wait with it.
	matchWait = 100 * time.Millisecond
	// busyFor is how long a match that did not answer in time is not asked again.
	busyFor = 3 * time.Second
)

var errBusy = errors.New("the match is busy")

// reserve asks a running match for seats. It waits only matchWait for a busy match. Seats that the match gives after
// that expire on their own.
func (r *queueRun) reserve(ctx context.Context, match string, claims []seats.Claim) (users []string, misfits []int, err error) {
	ctx, cancel := context.WithTimeout(ctx, matchWait)
	defer cancel()
	if users, misfits, err = r.Launcher.Reserve(ctx, match, claims); err != nil && ctx.Err() != nil {
		r.paused.begin(match, busyFor)
		err = fmt.Errorf("%w: %w", errBusy, err)
	}
	return users, misfits, err
}

// launchSpec returns the launch of the new match that the placement needs.
func (p *planned) launchSpec() matchmaking.Launch {
	size := p.teamSize
	if p.rules.Backfill {
		size = p.rules.TeamSize.Max // the seats of a smaller match are filled later
	}
	handler := p.rules.Match
	if _, fleet := p.rules.FleetConfig(); fleet {
		handler = matchmaking.SeatMatchName
	}
	return matchmaking.Launch{
		Handler: handler, Queue: p.queue, Teams: p.rules.Teams, TeamSize: size, MaxParty: p.rules.MaxParty,
		Claims: p.tickets.claims(), SeatHold: p.rules.SeatHold, SeatHoldMax: p.rules.SeatHoldMax, Grace: max(p.rules.SeatHold, p.grace),
		Backfill: p.rules.Backfill, Tick: p.rules.Tick, Key: p.tickets[0].key, Skill: p.tickets.skill(), Region: p.region, AvoidBlocks: p.rules.Blocks == rules.BlocksAvoid,
	}
}
