package party

import (
	"context"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
)

// The methods here stand around the native engine's own joins. A before-hook calls a
// Begin method and passes its refusal on; the after-hook of the same message calls the
// matching End method. A message the engine refuses has no after-hook; what Begin
// counted then ends with the next message of the same session or after flightTTL.

// BeginNative comes before a PartyJoin of s. Where the party is open it keeps a seat
// for the join that follows; where it is closed the message only asks to be let in, and
// no seat is kept. It reads the party itself and refuses as Admit does, and a request
// also with RateLimited where too many are asking, or AlreadyInParty where the rules let
// nobody ask who is in another party.
//
// Where the rules give a member's seat to its next device and the engine itself cannot,
// BeginNative does so and refuses all the same, with AlreadyMember: the engine must not
// see the message any more.
func (a *Admission) BeginNative(ctx context.Context, id ID, s Session) error {
	return a.begin(ctx, id, s, s.SessionID, func(v View) bool { return v.Open })
}

// BeginAccept comes before a PartyAccept, by the session of whoever leads, of s, the
// session that asked. It keeps a seat and refuses as Admit does. For a member who does not
// lead it keeps none: the engine decides, and knows its leader best.
func (a *Admission) BeginAccept(ctx context.Context, id ID, s, by Session) error {
	if err := CheckNamed(s); err != nil {
		return err
	}
	return a.begin(ctx, id, s, by.SessionID, func(View) bool { return true })
}

func (a *Admission) begin(ctx context.Context, id ID, s Session, by string, takesSeat func(View) bool) error {
	a.Settle(by)
	leaving, unlock, err := a.elsewhere(ctx, id, s)
	if err != nil {
		return err
	}
	defer unlock()
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	v, err := a.mayBegin(ctx, g, s, takesSeat)
	if err != nil {
		return err
	}
	older, moves := v.Member(s.UserID)
	byLeader := by != s.SessionID     // if the engine agrees
	if err := ctx.Err(); err != nil { // from here on the host takes it for a join
		return err
	}
	switch until := a.now().Add(flightTTL); {
	case moves && (!v.Open || v.Taken() >= v.MaxSize):
		if byLeader {
			return Refuse(AlreadyMember, "This player is in the party already.")
		}
		return a.moveSeat(ctx, g, v, s)
	case byLeader && v.Leader().SessionID != by:
		// The engine is about to refuse a member who does not lead. It must not keep a seat
		// until then, nor stand in the way of whom it names, who has asked for nothing.
	case takesSeat(v.View):
		if byLeader {
			a.forgetDead(g, s) // the engine takes it off its list before it finds nobody there
		}
		if moves {
			leaving = append(leaving, Membership{ID: id, Session: older.Session})
		}
		g.flights[s.SessionID] = flight{session: s, by: by, until: until, leaving: leaving}
		a.gates.ask(by, asked{id: id, joiner: s, until: until})
	default:
		if err := a.asks(s.UserID); err != nil {
			return err
		}
		if _, listed := g.requests[s.SessionID]; !listed {
			g.requests[s.SessionID] = request{session: s, client: ClientOf(ctx, s.UserID), until: until}
			a.gates.ask(by, asked{id: id, joiner: s, until: until})
		}
	}
	return nil
}

// mayBegin refuses a native join, request or accept of s. The caller holds the gate.
func (a *Admission) mayBegin(ctx context.Context, g *gate, s Session, takesSeat func(View) bool) (snapshot, error) {
	v, err := a.check(ctx, g, s, Grant{})
	if err != nil {
		return v, err
	}
	if _, member := v.Session(s.SessionID); member {
		// The engine would take it for a join and cancel the party's tickets.
		return v, Refuse(AlreadyMember, "You are in this party already.")
	}
	if _, moves := v.Member(s.UserID); moves || takesSeat(v.View) {
		return v, nil
	}
	return v, a.mayAsk(ctx, g, v.View, s)
}

// MayJoin answers what BeginNative would, without doing it, and the party with the
// seats kept in it for others.
func (a *Admission) MayJoin(ctx context.Context, id ID, s Session) (v View, held int, err error) {
	_, unlock, err := a.elsewhere(ctx, id, s)
	if err != nil {
		return View{}, 0, err
	}
	defer unlock()
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	known, err := a.mayBegin(ctx, g, s, func(v View) bool { return v.Open })
	if err != nil {
		return View{}, 0, err
	}
	_, held = g.seats(known.View, s.UserID)
	return known.View, held, nil
}

// EndNative comes after a PartyJoin or PartyAccept of s. If s is a member now it is
// entered in the roster.
func (a *Admission) EndNative(ctx context.Context, id ID, s Session) {
	leaving, in := a.land(ctx, id, s)
	for _, m := range leaving {
		if m.ID == id {
			a.vacate(ctx, id, m.Session)
			continue
		}
		a.moveOut(ctx, []Membership{m})
	}
	if in {
		a.stayOnly(ctx, id, s)
		a.leaveOthers(ctx, id, s)
		a.moveOn(ctx, s.UserID, id)
	}
}

// land ends the session's flight and answers the memberships it has to leave, and
// whether it is in.
func (a *Admission) land(ctx context.Context, id ID, s Session) (leaving []Membership, in bool) {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	f, flew := g.flights[s.SessionID]
	if r, asks := g.requests[s.SessionID]; asks && !flew {
		a.gates.answer(s.SessionID)
		r.until = time.Time{} // the engine has it on its list
		g.requests[s.SessionID] = r
	}
	defer a.gates.answer(f.by)
	delete(g.flights, s.SessionID)
	a.roster.losses.remove(id, s.SessionID) // not lost after all: the host tells the end of it
	members, err := a.roster.members(id)
	if err != nil || !slices.ContainsFunc(members, func(m Member) bool { return m.SessionID == s.SessionID }) {
		return nil, false
	}
	if f.by != s.SessionID {
		delete(g.requests, s.SessionID) // accepted
	}
	if err := a.roster.Entered(ctx, id, s); err != nil {
		a.logger.Warn("party member not mirrored party=%s session=%s error=%v", id, s.SessionID, err)
	}
	a.seated(ctx, g, s.UserID)
	a.evictGhost(ctx, g, members)
	return f.leaving, true
}

// evictGhost takes the session admitted last off a stream that has more sessions than
// seats. It is the second line behind Admit's own check: a native join may have stayed
// under way for longer than flightTTL. The caller holds the gate.
func (a *Admission) evictGhost(ctx context.Context, g *gate, members []Member) {
	if len(g.admitted) == 0 {
		return
	}
	v, err := a.roster.look(g.id)
	if err != nil || v.MaxSize == 0 || len(members)+len(v.Lost) <= v.MaxSize {
		return
	}
	var last Member
	var at time.Time
	for _, m := range members {
		if t, ok := g.admitted[m.SessionID]; ok && t.After(at) {
			last, at = m, t
		}
	}
	if at.IsZero() {
		return
	}
	a.logger.Warn("party over capacity, admission undone party=%s session=%s", g.id, last.SessionID)
	a.leave(ctx, []Membership{{ID: g.id, Session: last.Session}})
	delete(g.admitted, last.SessionID)
}

// Settle ends the native join the session has under way, if any: its next message has
// arrived, so the engine is done with the one before. Begin methods call it themselves.
func (a *Admission) Settle(sessionID string) {
	a.settleFlight(sessionID, func(g *gate, f flight) { delete(g.flights, f.session.SessionID) })
}

// SessionEnded ends whatever the session had under way: a join may be lost with it.
func (a *Admission) SessionEnded(s Session) { a.settleFlight(s.SessionID, a.endFlight) }

func (a *Admission) settleFlight(sessionID string, end func(*gate, flight)) {
	j, ok := a.gates.answer(sessionID)
	if !ok {
		return
	}
	g := a.gates.enter(j.id)
	defer a.gates.exit(g)
	if f := g.flights[j.joiner.SessionID]; f.by == sessionID {
		end(g, f)
	}
	if r := g.requests[sessionID]; !r.until.IsZero() {
		delete(g.requests, sessionID)
	}
}

// BeginCreate comes before a PartyCreate of s. It refuses with AlreadyInParty where a
// user may be in one party only.
func (a *Admission) BeginCreate(ctx context.Context, s Session) error {
	a.Settle(s.SessionID)
	return a.MayCreate(ctx, s)
}

// MayCreate answers what BeginCreate would, without doing it.
func (a *Admission) MayCreate(ctx context.Context, s Session) error {
	_, unlock, err := a.elsewhere(ctx, ID{}, s)
	if err != nil {
		return err
	}
	unlock()
	return nil
}

// EndCreate comes after a PartyCreate of s that answered p: it enters the party in the
// roster and, where the rules say so, takes its creator out of the party before.
func (a *Admission) EndCreate(ctx context.Context, s Session, p *rtapi.Party) error {
	if err := a.roster.Created(ctx, s, p); err != nil {
		return err
	}
	id, err := ParseID(p.GetPartyId())
	if err != nil {
		return err
	}
	leaving, unlock, err := a.elsewhere(ctx, id, s)
	if err != nil {
		return err
	}
	defer unlock()
	a.moveOut(ctx, leaving)
	a.stayOnly(ctx, id, s)
	a.moveOn(ctx, s.UserID, id)
	return nil
}
