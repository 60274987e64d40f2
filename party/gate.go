package party

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// flightTTL bounds how long a native join may be under way. It takes microseconds; one
// that fails has no after-hook, so its seat comes back with the next message of whoever
// asked for it, or after this time.
const flightTTL = 5 * time.Second

// gate is what admission keeps per party: a cache of what storage says of holds, kicks
// and kept seats, and the joins under way.
type gate struct {
	refs int // guarded by gates.mu, as is the presence of the gate in its map

	mu    sync.Mutex // lock order: gate, then the roster's locks, then gates.mu
	id    ID
	known bool  // what storage says has been read, or the party began on this node without any
	state int64 // revision of the party's mirror up to which they are known

	holds    map[string]Hold      // by invite
	kicks    map[string]kick      // by user
	stored   bool                 // storage may have kicks of the party, if only expired ones
	kicking  map[string]kick      // kicks under way, by user
	kept     map[string]*keptSeat // seats of members who were dropped, by user
	flights  map[string]flight    // by the session that joins
	admitted map[string]time.Time // sessions put on the party's stream lately, by session
	requests map[string]request   // on the native engine's list, by the session that asked
}

// flight is a native join between its before-hook and its after-hook. Where the user
// changes devices, leaving holds the seat in this party that goes to the new one.
type flight struct {
	session Session
	by      string // session whose message it is
	until   time.Time
	leaving []Membership // parties to leave once it has landed
}

// gates finds the gate of a party and forgets those nobody needs.
type gates struct {
	mu    sync.Mutex
	byID  map[ID]*gate
	asked map[string]asked // the native join a session has under way, by that session
	away  map[string][]ID  // where seats are kept, by user
}

type asked struct {
	id     ID
	joiner Session
	until  time.Time
}

// ask notes the native join a session has begun.
func (gs *gates) ask(session string, j asked) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	gs.asked[session] = j
}

// answer forgets it and says what it was.
func (gs *gates) answer(session string) (asked, bool) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	j, ok := gs.asked[session]
	delete(gs.asked, session)
	return j, ok
}

// joining reports whether a native join of the user into another party is under way.
func (gs *gates) joining(userID string, other ID, now time.Time) bool {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	for _, j := range gs.asked {
		if j.joiner.UserID == userID && j.id != other && now.Before(j.until) {
			return true
		}
	}
	return false
}

func (gs *gates) expireAsked(now time.Time) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	maps.DeleteFunc(gs.asked, func(_ string, j asked) bool { return !now.Before(j.until) })
}

// enter locks the party's gate. The caller leaves it with exit.
func (gs *gates) enter(id ID) *gate {
	gs.mu.Lock()
	g := gs.byID[id]
	if g == nil {
		g = &gate{
			id: id, holds: map[string]Hold{}, kicks: map[string]kick{}, kicking: map[string]kick{}, kept: map[string]*keptSeat{},
			flights: map[string]flight{}, admitted: map[string]time.Time{}, requests: map[string]request{},
		}
		gs.byID[id] = g
	}
	g.refs++
	gs.mu.Unlock()
	g.mu.Lock()
	return g
}

func (gs *gates) exit(g *gate) {
	g.mu.Unlock()
	gs.mu.Lock()
	defer gs.mu.Unlock()
	g.refs--
	// With no reference left nobody else reads the gate. One whose party is not known
	// has nothing but what is under way.
	if g.refs == 0 && !g.known && len(g.flights)+len(g.kicking) == 0 {
		delete(gs.byID, g.id)
	}
}

// has reports whether there is a gate of the party.
func (gs *gates) has(id ID) bool {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	return gs.byID[id] != nil
}

// ids lists the parties that have a gate.
func (gs *gates) ids() []ID {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	return slices.Collect(maps.Keys(gs.byID))
}

// setAway notes where a seat is kept for the user, or that it no longer is.
func (gs *gates) setAway(userID string, id ID, away bool) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	ids := slices.DeleteFunc(gs.away[userID], func(known ID) bool { return known == id })
	if away {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		delete(gs.away, userID)
		return
	}
	gs.away[userID] = ids
}

func (gs *gates) awayFrom(userID string) []ID {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	return slices.Clone(gs.away[userID])
}

// purge drops what time has ended, but for joins under way, which [Admission.endOverdue]
// ends. Every check comes after it.
func (g *gate) purge(now time.Time) {
	for id, h := range g.holds {
		if !now.Before(h.ExpiresAt) {
			delete(g.holds, id)
		}
	}
	for user, k := range g.kicks {
		if !now.Before(k.until) {
			delete(g.kicks, user)
		}
	}
	maps.DeleteFunc(g.kicking, func(_ string, k kick) bool { return !now.Before(k.until) })
	for session, r := range g.requests {
		if !r.until.IsZero() && !now.Before(r.until) {
			delete(g.requests, session)
		}
	}
	for session, at := range g.admitted {
		if now.Sub(at) > 2*flightTTL {
			delete(g.admitted, session)
		}
	}
	for _, k := range g.kept {
		k.overdue = !now.Before(k.Until)
	}
}

// kicked is the user's kick, done or under way.
func (g *gate) kicked(userID string) (kick, bool) {
	if k, done := g.kicks[userID]; done {
		return k, true
	}
	k, underWay := g.kicking[userID]
	return k, underWay
}

// seats counts the party's seats from the point of view of one user: those taken by
// members, by those lost, and by joins under way, and those kept for other users who are neither: the
// invited and the dropped.
func (g *gate) seats(v View, userID string) (taken, held int) {
	taken = v.Taken()
	for session := range g.flights {
		if _, member := v.Session(session); !member {
			taken++
		}
	}
	if len(g.holds)+len(g.kept) == 0 {
		return taken, 0
	}
	// One seat per user, however many invites hold one and whether or not it is kept.
	counted := map[string]struct{}{userID: {}}
	for _, m := range v.Members {
		counted[m.UserID] = struct{}{}
	}
	for _, f := range g.flights {
		counted[f.session.UserID] = struct{}{}
	}
	seatless := len(counted)
	for _, h := range g.holds {
		for _, u := range h.UserIDs {
			counted[u] = struct{}{}
		}
	}
	for u := range g.kept {
		if g.keeps(u) {
			counted[u] = struct{}{}
		}
	}
	return taken, len(counted) - seatless
}

// open makes holds, kicks and kept seats known and current. They are read for a party
// this process has not seen, and again when another node says that it changed them; a
// party that began here costs no read.
func (a *Admission) open(ctx context.Context, g *gate, s snapshot) error {
	if !g.known || s.shared.state > g.state {
		holds, err := a.holds(ctx, g.id)
		if err != nil {
			return err
		}
		kicks, seats, err := a.readState(ctx, g.id)
		if err != nil {
			return err
		}
		maps.DeleteFunc(g.holds, func(_ string, h Hold) bool { return !h.unstored })
		settled := len(g.holds) == 0 // else this may have been too early to find them
		for _, h := range holds {
			g.holds[h.InviteID] = h
		}
		g.kicks = kicks
		g.stored = g.stored || len(kicks) > 0
		a.takeOver(g, seats)
		g.known = true
		if settled {
			g.state = s.shared.state
		}
	}
	a.endOverdue(g)
	g.purge(a.now())
	return a.observe(ctx, g, s.View)
}
