package party

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"
)

// Grant says on what ground a session is admitted. The zero Grant is nobody's invite.
type Grant struct {
	InviteID  string
	InvitedAt time.Time // when the invite was made
	Named     bool      // the invite names the user; it lifts the ban of an older kick

	// Back asks for the seat kept for the user, and refuses with PartyNotFound where
	// none is.
	Back bool
}

// AdmissionDeps is what an Admission works with.
type AdmissionDeps struct {
	Roster  *Roster
	Streams Streams
	Storage Storage // of kicks
	Policy  Policy
	Logger  Logger
	Now     Clock

	// SingleParty is the host's session.single_party: a session that enters a party
	// leaves the others it is in.
	SingleParty bool
	// Holds reads the holds of a party this process has not seen.
	Holds func(ctx context.Context, id ID) ([]Hold, error)
	// Locked refuses with PartyLocked while nobody may enter; nil means never.
	Locked func(ctx context.Context, v View) error
	// Requests limits how often a user asks to be let into closed parties, as
	// [Limits.JoinRequest] does; nil means without limit.
	Requests func(userID string) error
	// Friends answers those of others who are friends of the user; nil means none.
	Friends func(ctx context.Context, userID string, others []string) ([]string, error)
	// Sender tells a device whose seat has moved to another one; nil tells nobody.
	Sender Sender
}

// Admission is the only way into a party: for invited sessions it puts them on the
// party's stream itself, for native joins it stands before and after the engine.
//
// The native engine lets a session onto the stream of a full party without making it a
// member; such a ghost hears everything. So, under one lock per party: members, native
// joins under way and held seats are counted first, the session is put on the stream,
// the stream is read again, and the session is taken off if it is one too many. The
// second look is what keeps two nodes honest with each other.
//
// Safe for concurrent use.
type Admission struct {
	roster  *Roster
	streams Streams
	storage Storage
	policy  Policy
	logger  Logger
	now     Clock
	single  bool
	holds   func(ctx context.Context, id ID) ([]Hold, error)
	locked  func(ctx context.Context, v View) error
	asks    func(userID string) error
	friends func(ctx context.Context, userID string, others []string) ([]string, error)
	sender  Sender
	gates   gates
	users   stripes // by user: where one party per user is the rule, its joins wait for each other

	seatEvent func(SeatEvent, Seat)

	sweeping sync.Mutex
	cursors  map[string]string // where the next sweep goes on, by collection; guarded by sweeping
}

// NewAdmission makes an admission and has the roster tell it of parties that begin
// and end.
func NewAdmission(d AdmissionDeps) *Admission {
	a := &Admission{
		roster: d.Roster, streams: d.Streams, storage: d.Storage, policy: d.Policy, logger: d.Logger, now: d.Now, single: d.SingleParty,
		holds: d.Holds, locked: d.Locked, asks: d.Requests, friends: d.Friends, sender: d.Sender,
		gates:     gates{byID: map[ID]*gate{}, asked: map[string]asked{}, away: map[string][]ID{}},
		seatEvent: func(SeatEvent, Seat) {}, cursors: map[string]string{},
	}
	if a.locked == nil {
		a.locked = func(context.Context, View) error { return nil }
	}
	if a.asks == nil {
		a.asks = func(string) error { return nil }
	}
	d.Roster.OnChange(a.partyChanged)
	return a
}

func (a *Admission) partyChanged(c Change) {
	switch c.Kind {
	case PartyCreated:
		g := a.gates.enter(c.ID)
		defer a.gates.exit(g)
		g.known = true // nobody can have invited or kicked anybody yet
	case PartyClosed:
		if !a.gates.has(c.ID) {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), storageWait)
		defer cancel()
		g := a.gates.enter(c.ID)
		defer a.gates.exit(g)
		a.ended(ctx, g)
	}
}

// Admit makes a live session a member at once, closed party or not. For a session that
// is a member already it does nothing. It refuses with PartyNotFound, AlreadyMember
// (another session of the user is in), PartyFull, PartyLocked, Banned, AlreadyInParty
// and NoLiveSession; after a refusal the session is not on the party's stream.
func (a *Admission) Admit(ctx context.Context, id ID, s Session, grant Grant) error {
	leaving, unlock, err := a.elsewhere(ctx, id, s)
	if err != nil {
		return err
	}
	defer unlock()
	if err := a.admit(ctx, id, s, grant); err != nil {
		return err
	}
	a.moveOut(ctx, leaving)
	a.stayOnly(ctx, id, s)
	a.moveOn(ctx, s.UserID, id)
	return nil
}

func (a *Admission) admit(ctx context.Context, id ID, s Session, grant Grant) error {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	before, err := a.check(ctx, g, s, grant)
	if err != nil {
		return err
	}
	if _, member := before.Session(s.SessionID); member {
		return nil
	}
	return a.seat(ctx, g, before, s, grant)
}

// seat puts a session onto the party's stream. The caller holds the gate and has checked
// that the session may enter the party as it was before.
func (a *Admission) seat(ctx context.Context, g *gate, before snapshot, s Session, grant Grant) error {
	id := g.id
	older, moves := before.Member(s.UserID)
	vacated := moves && before.Taken() >= before.MaxSize
	if vacated {
		// First, for the engine would not take one more; it hears of both in this order.
		a.vacate(ctx, id, older.Session)
	}
	if err := a.board(g, s, older.Session, before.MaxSize); err != nil {
		if vacated { // the seat is still the user's
			err = errors.Join(err, a.keep(ctx, g, older), a.tellAway(ctx, g))
		}
		return err
	}
	g.admitted[s.SessionID] = a.now()
	if err := a.roster.Entered(ctx, id, s); err != nil {
		a.logger.Warn("party member not mirrored party=%s session=%s error=%v", id, s.SessionID, err)
	}
	if moves && !vacated {
		a.vacate(ctx, id, older.Session)
	}
	if h, ok := g.holds[grant.InviteID]; ok {
		g.dropHolders(h, s.UserID)
	}
	a.seated(ctx, g, s.UserID)
	a.liftKick(ctx, g, s.UserID)
	return nil
}

// Locked refuses with PartyLocked while the rules let nobody into the party.
func (a *Admission) Locked(ctx context.Context, v View) error { return a.locked(ctx, v) }

// Check answers what Admit would, without doing it. It says nothing about parties the
// user is in elsewhere.
func (a *Admission) Check(ctx context.Context, id ID, s Session, grant Grant) error {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	_, err := a.check(ctx, g, s, grant)
	return err
}

// check refuses whoever may not enter. The caller holds the gate.
func (a *Admission) check(ctx context.Context, g *gate, s Session, grant Grant) (snapshot, error) {
	v, err := a.roster.snapshot(ctx, g.id)
	if err != nil {
		return v, err
	}
	if _, member := v.Session(s.SessionID); member {
		return v, nil
	}
	if err := a.open(ctx, g, v); err != nil {
		return v, err
	}
	return v, a.mayEnter(ctx, g, v, s, grant)
}

func (a *Admission) mayEnter(ctx context.Context, g *gate, v snapshot, s Session, grant Grant) error {
	older, member := v.Member(s.UserID)
	if member && !a.mayMove(v.View) {
		return Refuse(AlreadyMember, "You are in this party already.")
	}
	for _, f := range g.flights {
		if f.session.UserID == s.UserID && f.session.SessionID != s.SessionID {
			return Refuse(AlreadyMember, "You are joining this party already.")
		}
	}
	if k, kicked := g.kicked(s.UserID); kicked && a.bans(k, grant) {
		return Refuse(Banned, "You were removed from this party a short while ago.")
	}
	if older.SessionID != "" {
		return nil // the seat is the user's own, so neither a lock nor a full party is in the way
	}
	if !g.keeps(s.UserID) { // whoever comes back is nobody new
		if grant.Back {
			return Refuse(PartyNotFound, "No seat is kept for you any more.")
		}
		if err := a.locked(ctx, v.View); err != nil {
			return err
		}
	}
	taken, held := g.seats(v.View, s.UserID)
	if _, flying := g.flights[s.SessionID]; flying {
		taken-- // its own seat
	}
	if taken+held+1 > v.MaxSize {
		return Refuse(PartyFull, "This party is full.")
	}
	return nil
}

// bans reports whether a kick keeps out whoever comes with the grant. The host itself knows
// no bans, so it has none for its own joins unless the rules ask for them.
func (a *Admission) bans(k kick, grant Grant) bool {
	if grant == (Grant{}) {
		return a.policy().Parties.KickBanJoins
	}
	return !grant.Named || !grant.InvitedAt.After(k.at)
}

// landed reads the stream after a join and refuses if the session must go again. older
// is the session whose seat it takes, if any. The caller holds the gate.
func (a *Admission) landed(g *gate, s, older Session, maxSize int) error {
	members, err := a.roster.members(g.id)
	if err != nil {
		return err
	}
	taken, others, inside := len(members)+len(a.roster.losses.of(g.id)), 0, false
	for _, m := range members {
		switch {
		case m.SessionID == s.SessionID:
			inside = true
		case m.SessionID == older.SessionID:
			taken--
			others++
		case m.UserID == s.UserID:
			return Refuse(AlreadyMember, "You are in this party already.")
		default:
			others++
		}
	}
	for _, f := range g.flights {
		if !slices.ContainsFunc(members, func(m Member) bool { return m.SessionID == f.session.SessionID }) {
			taken++
		}
	}
	switch {
	case !inside || others == 0: // closed, or its last member left, while the session came in
		return Refuse(PartyNotFound, "This party does not exist any more.")
	case taken > maxSize:
		return Refuse(PartyFull, "This party is full.")
	}
	return nil
}

// otherNode is the host's text for a session of another node, which no call reaches.
const otherNode = "node not found"

// joinFailed tells a session that is gone, or another node's, from a fault of the host.
func (a *Admission) joinFailed(s Session, cause error) error {
	if cause.Error() == otherNode {
		return &Error{Reason: NoLiveSession, Message: "Your game is connected to another server; use the invite in the game.", Cause: cause}
	}
	if alive, err := a.roster.alive(s); err == nil && !alive {
		return &Error{Reason: NoLiveSession, Message: "The game is not running any more.", Cause: cause}
	}
	return cause
}

// Sweep catches up with what nobody told of: parties that have ended, in memory and in
// storage, members that were dropped, and kept seats whose time another node did not
// live to see the end of.
func (a *Admission) Sweep(ctx context.Context) error {
	a.gates.expireAsked(a.now())
	ids := a.gates.ids()
	for _, id := range a.roster.attendance.ids() {
		if !a.gates.has(id) {
			ids = append(ids, id)
		}
	}
	var errs []error
	for _, id := range ids {
		errs = append(errs, a.settle(ctx, id))
	}
	for _, s := range a.roster.attendance.missing() {
		if alive, err := a.roster.alive(s); err == nil && !alive {
			a.roster.SessionEnded(s)
		}
	}
	gone := func(id ID) bool {
		members, err := a.roster.members(id)
		return err == nil && len(members) == 0
	}
	a.sweeping.Lock()
	defer a.sweeping.Unlock()
	return errors.Join(append(errs,
		a.sweepPages(ctx, kicksCollection, func(o []*api.StorageObject) error { return a.sweepKicks(ctx, o, gone) }),
		a.sweepPages(ctx, seatsCollection, func(o []*api.StorageObject) error { return a.sweepSeats(ctx, o, gone) }),
		a.sweepPages(ctx, awayCollection, func(o []*api.StorageObject) error { return a.sweepAway(ctx, o) }))...)
}
