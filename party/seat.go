package party

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"partyline/party/rules"
)

// Seat is kept for a member whose connection ended without it leaving, until the user
// is back, gives the seat up or loses it to time. No other way into the party takes it.
type Seat struct {
	ID     ID
	Member Session   // the membership that ended; whoever comes back has another session
	Joined time.Time // when it began
	Since  time.Time // when the connection was found to be gone
	Until  time.Time
}

// SeatEvent says what became of a kept seat.
type SeatEvent int

const (
	SeatAway  SeatEvent = iota + 1 // its member is gone, the seat is kept
	SeatBack                       // its user is a member again
	SeatLost                       // nobody came back in time, or may any more
	SeatEnded                      // with its party, or told by another node: nobody is to be told
)

// keptSeat is a seat as a gate has it. Between the moment the member is missed and the
// moment the host tells of the end of its session, which may be ten seconds later,
// the seat is kept but nobody has been told.
type keptSeat struct {
	Seat
	told    bool
	stored  bool // as far as this process knows
	overdue bool // past Until; about to be told lost, by the node that told away
}

// keeps reports whether a seat of the party waits for the user.
func (g *gate) keeps(userID string) bool {
	k, ok := g.kept[userID]
	return ok && !k.overdue
}

// OnSeat has f called after each event of a seat, in their order. f runs while the
// party's gate is held, so it must be quick and must not call admission. It is for
// wiring: call it before the first hook runs.
func (a *Admission) OnSeat(f func(SeatEvent, Seat)) {
	previous := a.seatEvent
	a.seatEvent = func(e SeatEvent, s Seat) { previous(e, s); f(e, s) }
}

// Returning reports whether the party keeps a seat for the user, as far as this process
// has looked: whoever comes back asks nobody's leave.
func (a *Admission) Returning(id ID, userID string) bool {
	if !slices.Contains(a.gates.awayFrom(userID), id) {
		return false
	}
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	return g.keeps(userID)
}

// observe compares the members just read with those known before. Whoever is missing
// with its socket alive has left in a way no hook told of. Whoever is missing with its
// socket gone was dropped, and from here on its seat is kept: the host lets a session go
// from all streams at once, but is late to tell, and meanwhile anybody could join. The
// caller holds the gate.
func (a *Admission) observe(ctx context.Context, g *gate, v View) error {
	gone := a.roster.attendance.compare(g.id, v.Members)
	for _, m := range gone {
		alive, err := a.roster.alive(m.Session)
		if err != nil {
			return err
		}
		if !alive {
			if err := a.keep(ctx, g, m); err != nil {
				return err
			}
		}
		a.roster.attendance.miss(g.id, m.SessionID)
	}
	for user := range g.kept {
		if _, in := v.Member(user); in { // with another session, or let in by another module
			a.seated(ctx, g, user)
		}
	}
	return nil
}

// keep keeps the seat of a member that was dropped, if the rules keep any.
func (a *Admission) keep(ctx context.Context, g *gate, m Member) error {
	conf := a.policy().Parties
	if conf.ReconnectGrace <= 0 {
		return nil
	}
	if _, kicked := g.kicked(m.UserID); kicked {
		return nil
	}
	if _, kept := g.kept[m.UserID]; kept {
		return nil
	}
	if conf.OnePerUser == rules.OnePartyOnly || conf.OnePerUser == rules.LeavePrevious {
		in, err := a.roster.PartiesOf(ctx, m.UserID)
		if err != nil || len(in) > 0 { // has moved on already
			return err
		}
	}
	now := a.now()
	g.kept[m.UserID] = &keptSeat{Seat: Seat{
		ID: g.id, Member: m.Session, Joined: m.JoinedAt, Since: now, Until: now.Add(conf.ReconnectGrace),
	}}
	a.gates.setAway(m.UserID, g.id, true)
	return nil
}

// Dropped follows the end of a session: the seats it had are kept as the rules say, their
// parties are told, and then the roster's listeners. For a session that was in no party it costs two look-ups in
// memory. A seat holds on this node even if the error says that storage did not take it.
func (a *Admission) Dropped(ctx context.Context, s Session) error {
	var errs []error
	for _, id := range a.placesOf(s.UserID) {
		errs = append(errs, a.settle(ctx, id))
	}
	a.roster.SessionEnded(s)
	return errors.Join(errs...)
}

// placesOf lists the parties the user is in or was dropped from, as this process knows.
func (a *Admission) placesOf(userID string) []ID {
	ids := a.roster.attendance.of(userID)
	for _, id := range a.gates.awayFrom(userID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// settle looks at a party and tells of the seats that are kept but not told of.
func (a *Admission) settle(ctx context.Context, id ID) error {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	if err := a.refresh(ctx, g); err != nil {
		if ReasonOf(err) == PartyNotFound {
			return nil
		}
		return err
	}
	return a.tellAway(ctx, g)
}

// refresh opens the gate on the party as it is now. It refuses with PartyNotFound for
// one that has ended, and forgets it. The caller holds the gate.
func (a *Admission) refresh(ctx context.Context, g *gate) error {
	v, err := a.roster.snapshot(ctx, g.id)
	if ReasonOf(err) == PartyNotFound && a.endIfEmpty(ctx, g) {
		now := a.now()
		maps.DeleteFunc(g.flights, func(_ string, f flight) bool { return !now.Before(f.until) })
	}
	if err != nil {
		return err
	}
	return a.open(ctx, g, v)
}

// tellAway stores and announces the seats nobody has been told of. The caller holds
// the gate.
func (a *Admission) tellAway(ctx context.Context, g *gate) error {
	var fresh []*keptSeat
	for _, k := range g.kept {
		switch {
		case k.told:
		case k.overdue: // nobody heard of it in all its time
			a.endSeat(ctx, g, k, SeatLost)
		default:
			fresh = append(fresh, k)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	slices.SortFunc(fresh, func(x, y *keptSeat) int {
		return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.Member.UserID, y.Member.UserID))
	})
	var errs []error
	for _, k := range fresh {
		first, err := a.storeSeat(ctx, k.Seat)
		errs = append(errs, err)
		k.told, k.stored = true, err == nil
		if first != nil { // another node has missed the member sooner, and tells
			k.Seat = *first
			continue
		}
		a.seatEvent(SeatAway, k.Seat)
	}
	a.announce(g)
	return errors.Join(errs...)
}

// endSeat takes a kept seat away and says why. The caller holds the gate.
func (a *Admission) endSeat(ctx context.Context, g *gate, k *keptSeat, why SeatEvent) {
	delete(g.kept, k.Member.UserID)
	a.gates.setAway(k.Member.UserID, g.id, false)
	if !k.told {
		return
	}
	if k.stored {
		removed, err := a.unstoreSeat(ctx, k.Seat)
		if err != nil {
			a.logger.Warn("kept seat not forgotten party=%s user=%s error=%v", g.id, k.Member.UserID, err)
		} else if !removed {
			why = SeatEnded // another node was faster
		}
		a.announce(g)
	}
	a.seatEvent(why, k.Seat)
	if why == SeatLost {
		a.roster.listener(Change{Kind: SeatsChanged, ID: g.id})
	}
}

// seated follows a user becoming a member: a seat kept for it has done its duty. The
// caller holds the gate.
func (a *Admission) seated(ctx context.Context, g *gate, userID string) {
	k, ok := g.kept[userID]
	switch {
	case !ok:
	case k.overdue: // came in by another door, at the very end
		a.endSeat(ctx, g, k, SeatLost)
	default:
		a.endSeat(ctx, g, k, SeatBack)
	}
}

// moveOn gives up the seats kept for a user who has entered another party, where the
// rules know one party per user.
func (a *Admission) moveOn(ctx context.Context, userID string, into ID) {
	if rule := a.policy().Parties.OnePerUser; rule != rules.OnePartyOnly && rule != rules.LeavePrevious {
		return
	}
	for _, id := range a.gates.awayFrom(userID) {
		if id != into {
			a.GiveUp(ctx, id, userID)
		}
	}
}

// GiveUp ends the seat kept for a user who will not come back.
func (a *Admission) GiveUp(ctx context.Context, id ID, userID string) {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	if k, ok := g.kept[userID]; ok {
		a.endSeat(ctx, g, k, SeatLost)
	}
}

// Left follows a PartyLeave of s, of which the roster knows already. Whoever leaves on
// purpose, if only after coming back, keeps no seat; a party without members ends.
func (a *Admission) Left(ctx context.Context, id ID, s Session) {
	if !a.gates.has(id) {
		return
	}
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	if k, ok := g.kept[s.UserID]; ok {
		a.endSeat(ctx, g, k, SeatLost)
	}
	a.endIfEmpty(ctx, g)
}

// Expire ends a seat whose time is over.
func (a *Admission) Expire(ctx context.Context, seat Seat) {
	g := a.gates.enter(seat.ID)
	defer a.gates.exit(g)
	k, ok := g.kept[seat.Member.UserID]
	if !ok || k.Member != seat.Member {
		a.seatEvent(SeatEnded, seat)
		return
	}
	if a.endIfEmpty(ctx, g) {
		return
	}
	a.endSeat(ctx, g, k, SeatLost)
}

// RemoveAway comes before a PartyRemove by s of a user who is away, whom the native
// engine does not know any more. If s leads the party it ends the kept seat as a kick
// does, ban and all, and reports true. About everybody else the engine decides.
func (a *Admission) RemoveAway(ctx context.Context, id ID, s, target Session) (bool, error) {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	v, err := a.roster.snapshot(ctx, id)
	if ReasonOf(err) == PartyNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if v.Leader().SessionID != s.SessionID {
		return false, nil
	}
	if err := a.open(ctx, g, v); err != nil {
		return false, err
	}
	if !g.keeps(target.UserID) {
		return false, nil
	}
	a.endSeat(ctx, g, g.kept[target.UserID], SeatLost)
	return true, a.ban(ctx, g, target.UserID)
}

// KeptSeats lists the seats kept for a user, that of the party entered last first. What
// this process does not know of it asks storage for.
func (a *Admission) KeptSeats(ctx context.Context, userID string) ([]Seat, error) {
	seats, err := a.seatsIn(ctx, userID, a.placesOf(userID))
	if err != nil || len(seats) > 0 {
		return seats, err
	}
	ids, err := a.readAway(ctx, userID)
	if err != nil {
		return nil, err
	}
	return a.seatsIn(ctx, userID, ids)
}

func (a *Admission) seatsIn(ctx context.Context, userID string, ids []ID) ([]Seat, error) {
	var seats []Seat
	for _, id := range ids {
		seat, kept, err := a.seatIn(ctx, userID, id)
		if err != nil {
			return nil, err
		}
		if kept {
			seats = append(seats, seat)
		}
	}
	slices.SortFunc(seats, func(x, y Seat) int {
		return cmp.Or(y.Joined.Compare(x.Joined), cmp.Compare(x.ID.String(), y.ID.String()))
	})
	return seats, nil
}

func (a *Admission) seatIn(ctx context.Context, userID string, id ID) (Seat, bool, error) {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	switch err := a.refresh(ctx, g); {
	case ReasonOf(err) == PartyNotFound:
		return Seat{}, false, nil
	case err != nil:
		return Seat{}, false, err
	case !g.keeps(userID):
		return Seat{}, false, nil
	}
	return g.kept[userID].Seat, true, nil
}

// endIfEmpty forgets the party if it has ended, and reports that. The caller holds the
// gate.
func (a *Admission) endIfEmpty(ctx context.Context, g *gate) bool {
	members, err := a.roster.members(g.id)
	if err != nil || len(members) > 0 {
		return false
	}
	a.ended(ctx, g)
	return true
}

// ended forgets a party nobody is in any more, with all that was kept for it. The
// caller holds the gate.
func (a *Admission) ended(ctx context.Context, g *gate) {
	for user, k := range g.kept {
		delete(g.kept, user)
		a.gates.setAway(user, g.id, false)
		if k.stored {
			if _, err := a.unstoreSeat(ctx, k.Seat); err != nil {
				a.logger.Warn("kept seat not forgotten party=%s user=%s error=%v", g.id, user, err)
			}
		}
		if k.told {
			a.seatEvent(SeatEnded, k.Seat)
		}
	}
	for _, s := range a.roster.attendance.end(g.id) {
		a.roster.listener(Change{MemberDropped, g.id, s})
	}
	a.roster.losses.end(g.id)
	a.forgetKicks(ctx, g)
	clear(g.holds)
	clear(g.kicks)
	clear(g.kicking)
	clear(g.admitted)
	clear(g.requests)
	g.known = false
}
