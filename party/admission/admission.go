// Package admission is the only way into a party, and the keeper of what a party has
// promised. It is the shell around package party/reserve: it locks a party, loads what the
// decision needs, has it made, applies it to the host's streams and to storage, and passes
// the news on once the lock is released.
//
// The native engine lets a session onto the stream of a full party without making it a
// member; such a ghost hears everything. So, under one lock per party: members, native
// joins under way and reserved seats are counted first, the session is put on the stream,
// the stream is read again, and the session is taken off if it is one too many. The
// second look is what keeps two nodes honest with each other.
//
// Lock order: a user's lock, then a party's, then the roster's, then the index. Everything
// exported is safe for concurrent use.
package admission

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/internal/alarm"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// Deps is what an Admission works with. All are needed but those that may be nil.
type Deps struct {
	Roster  *roster.Roster
	Streams party.Streams
	Sender  party.Sender
	Storage party.Storage
	Policy  party.Policy
	News    *party.News // that it publishes
	Logger  party.Logger
	Now     party.Clock

	// SingleParty is the host's session.single_party: a session that enters a party
	// leaves the others it is in.
	SingleParty bool
	// Found makes native parties; nil means that only clients do.
	Found Founder
	// Holds reads the holds of a party this process has not seen; nil means none.
	Holds func(ctx context.Context, id party.ID) ([]reserve.Hold, error)
	// Ages says since when a party has waited for a match, by queue; nil means that none does.
	Ages func(id party.ID) map[string]time.Time
	// Locked refuses with PartyLocked while nobody new may enter; nil means never.
	Locked func(ctx context.Context, v party.View) error
	// Requests limits how often a user asks to be let into closed parties; nil means
	// without limit.
	Requests func(userID string) error
	// Friends returns those of others who are friends of the user; nil means none.
	Friends func(ctx context.Context, userID string, others []string) ([]string, error)
}

// Admission decides who comes into parties. Make one with [New].
type Admission struct {
	roster  *roster.Roster
	streams party.Streams
	sender  party.Sender
	policy  party.Policy
	news    *party.News
	logger  party.Logger
	now     party.Clock
	single  bool
	holds   func(ctx context.Context, id party.ID) ([]reserve.Hold, error)
	ages    func(id party.ID) map[string]time.Time
	locked  func(ctx context.Context, v party.View) error
	found   Founder
	asks    func(userID string) error
	friends func(ctx context.Context, userID string, others []string) ([]string, error)

	store  store
	places *keyed.Map[party.ID, *place]
	moves  moves
	users  keyed.Locks[string] // where one party per user is the rule, a user's joins wait for each other
	index  index

	started time.Time
	rosters *alarm.Alarms[party.ID] // of which the members are to be written

	restores keyed.Locks[party.ID] // of parties being founded anew; held over the founding, and nothing else is then

	sweeping sync.Mutex
	cursors  map[string]string // where the next sweep goes on, by collection; guarded by sweeping
}

// New makes an admission.
func New(d Deps) *Admission {
	a := &Admission{
		roster: d.Roster, streams: d.Streams, sender: d.Sender, policy: d.Policy, news: d.News, logger: d.Logger, now: d.Now, single: d.SingleParty,
		holds: d.Holds, ages: d.Ages, locked: d.Locked, asks: d.Requests, friends: d.Friends,
		store:  store{storage: d.Storage, now: d.Now},
		places: keyed.New(newPlace, func(p **place) bool { return (*p).worthKeeping() }),
		users:  keyed.NewLocks[string](), index: newIndex(), cursors: map[string]string{},
		found: d.Found, restores: keyed.NewLocks[party.ID](), moves: moves{to: map[party.ID]party.ID{}, offers: map[string]party.ID{}},
	}
	a.started = d.Now()
	a.rosters = alarm.New(d.Now, a.writeRoster, func(id party.ID, panicked any, stack []byte) {
		d.Logger.Error("party members not written party=%s: panic: %v\n%s", id, panicked, stack)
	})
	if a.found == nil {
		a.found = func(context.Context, party.Session, party.Facts) (party.ID, func(bool), error) {
			return party.ID{}, nil, ErrCannotFound
		}
	}
	if a.ages == nil {
		a.ages = func(party.ID) map[string]time.Time { return nil }
	}
	if a.holds == nil {
		a.holds = func(context.Context, party.ID) ([]reserve.Hold, error) { return nil, nil }
	}
	if a.locked == nil {
		a.locked = func(context.Context, party.View) error { return nil }
	}
	if a.asks == nil {
		a.asks = func(string) error { return nil }
	}
	if a.friends == nil {
		a.friends = func(context.Context, string, []string) ([]string, error) { return nil, nil }
	}
	return a
}

// Look is a party at one moment, with what is reserved in it.
type Look struct {
	party.View
	Reserved []string // users for whom a seat is kept, and who are neither members nor joining; in no order, as are the next ones
	Expected []string // users who are no members and have a seat kept for them or are joining
	Away     []string // users whose kept seat waits for them
	Origin   party.ID // the party's ID at its beginning, under which storage knows it
	Waiting  int      // how many wait in line for a seat
	turns    uint64
}

// Held is how many seats are kept for users other than this one.
func (l Look) Held(userID string) int {
	if slices.Contains(l.Reserved, userID) {
		return len(l.Reserved) - 1
	}
	return len(l.Reserved)
}

// Returning reports whether the party keeps a seat for the user: whoever comes back needs
// nobody's consent.
func (l Look) Returning(userID string) bool { return slices.Contains(l.Away, userID) }

// Look reads a party, given any native ID that it had, and what is reserved in it. It
// refuses with PartyNotFound if nobody is in it, and with PartyAway if its members have all
// lost their connections; then the look has what is known of it.
func (a *Admission) Look(ctx context.Context, id party.ID) (l Look, err error) {
	err = a.current(ctx, id, func(v *visit) error {
		err := v.look()
		switch party.ReasonOf(err) {
		case "":
			l = v.seen()
		case party.PartyAway:
			v.last = roster.Snapshot{View: party.View{ID: v.id, Facts: v.facts}}
			l = v.seen()
			v.last = roster.Snapshot{}
		}
		return err
	})
	return l, err
}

func (v *visit) seen() Look {
	l := Look{View: v.last.View, Origin: v.origin, Waiting: len(v.book.Waiting), turns: v.turns}
	l.Reserved, l.Expected, l.Away = v.book.Summary(v.last.View)
	return l
}

// Glimpse is what this process remembers of a party.
type Glimpse struct {
	party.Facts
	Free int // seats that are neither taken nor kept for anybody
}

// Glimpse reads memory alone, where Look asks the host: it is as true as the last news of the
// party. ok is false for a party that this process has not dealt with, or that has moved.
func (a *Admission) Glimpse(ctx context.Context, id party.ID) (g Glimpse, ok bool, err error) {
	err = a.visit(ctx, id, func(v *visit) error {
		ok = v.known && v.facts.MaxSize > 0 && !v.away
		if ok {
			seen := party.View{ID: id, Facts: v.facts, Members: v.roster.Attendance.Present(id), Lost: v.roster.Losses.Of(id)}
			taken, held := v.book.Seats(seen, "")
			g = Glimpse{Facts: v.facts, Free: v.facts.MaxSize - taken - held}
		}
		return nil
	})
	return g, ok, err
}

// Check is what Admit, or the before-hook of a native join, would do with the intent,
// without doing it. l is the caller's look at the party, nil for none; what it returns is
// the one the decision was made on.
func (a *Admission) Check(ctx context.Context, id party.ID, in reserve.Intent, l *Look) (seen Look, err error) {
	if in.Kind != reserve.Admit {
		_, unlock, err := a.elsewhere(ctx, id, in)
		if err != nil {
			return Look{}, err
		}
		defer unlock()
	}
	err = a.current(ctx, id, func(v *visit) error {
		if err := v.lookAfter(l); err != nil {
			return err
		}
		seen = v.seen()
		_, err := v.decide(in)
		return err
	})
	return seen, err
}

// Admit makes a live session a member at once, closed party or not. For a session that
// is a member already it does nothing. It refuses with PartyNotFound, AlreadyMember
// (another session of the user is in), PartyFull, PartyLocked, Banned, AlreadyInParty
// and NoLiveSession; after a refusal the session is not on the party's stream. A party in
// which everybody is away it founds anew for the first of them, and refuses others with
// PartyAway. l is the caller's look at the party, nil for none.
func (a *Admission) Admit(ctx context.Context, id party.ID, s party.Session, grant party.Grant, l *Look) error {
	in := reserve.Intent{Kind: reserve.Admit, Session: s, By: s.SessionID, Grant: grant}
	leaving, unlock, err := a.elsewhere(ctx, id, in)
	if err != nil {
		return err
	}
	defer unlock()
	admit := func(v *visit) error {
		if err := v.lookAfter(l); err != nil {
			return err
		}
		id = v.id
		effects, err := v.decide(in)
		if err != nil || effects.Take == nil {
			return err
		}
		return v.take(*effects.Take, grant.InviteID)
	}
	if err = a.current(ctx, id, admit); party.ReasonOf(err) == party.PartyAway {
		if err = a.restore(ctx, id, s); err == nil {
			err = a.current(ctx, id, admit) // who has founded the party is in it
		}
	}
	if err != nil {
		return err
	}
	a.leave(ctx, leaving)
	a.stayOnly(ctx, id, s)
	a.moveOn(ctx, s.UserID, id)
	return nil
}

// decide loads the facts an intent depends on, and decides.
func (v *visit) decide(in reserve.Intent) (reserve.Effects, error) {
	need := reserve.Needs(v.last.View, v.book, in)
	var facts reserve.Facts
	if need.Locked {
		facts.Locked = v.locked(v.ctx, v.last.View)
	}
	conf := v.policy().Parties
	if need.Requests {
		if !conf.Requests.WhileInParty {
			in, err := v.roster.PartiesOf(v.ctx, in.Session.UserID)
			if err != nil {
				return reserve.Effects{}, err
			}
			facts.Elsewhere = slices.DeleteFunc(in, func(m party.Membership) bool { return m.ID == v.id })
		}
		live, err := v.liveRequests()
		if err != nil {
			return reserve.Effects{}, err
		}
		facts.LiveRequests = live
	}
	if need.Friend {
		members := make([]string, len(v.last.Members))
		for i, m := range v.last.Members {
			members[i] = m.UserID
		}
		friends, err := v.friends(v.ctx, in.Session.UserID, members)
		if err != nil {
			return reserve.Effects{}, err
		}
		facts.Friend = len(friends) > 0
	}
	return reserve.Decide(v.last.View, v.book, reserve.PolicyOf(conf), facts, v.now(), in)
}

// liveRequests counts the requests of the party that somebody still waits for.
func (v *visit) liveRequests() (live int, err error) {
	for _, r := range v.book.Requests {
		if _, in := v.last.Member(r.Session.UserID); in {
			continue
		}
		alive, err := v.roster.Alive(r.Session)
		if err != nil {
			return 0, err
		}
		if alive {
			live++
		}
	}
	return live, nil
}

// NoteAttributes notes, for every node, that the party has attributes.
func (a *Admission) NoteAttributes(id party.ID) {
	a.briefly(id, func(v *visit) {
		v.roster.NoteAttributes(id)
		v.facts.Attributes = true
		v.last = roster.Snapshot{}
		v.changed()
	})
}

// Locked refuses with PartyLocked while the rules let nobody new into the party.
func (a *Admission) Locked(ctx context.Context, v party.View) error { return a.locked(ctx, v) }

// elsewhere applies the rule of one party per user to a session about to enter id: it
// refuses with AlreadyInParty, or returns the memberships to leave once the session is
// in. Where the rule applies, joins of one user wait for each other until unlock.
func (a *Admission) elsewhere(ctx context.Context, id party.ID, intent reserve.Intent) (leaving []party.Membership, unlock func(), err error) {
	rule, s := a.policy().Parties.OnePerUser, intent.Session
	if !one(rule) {
		return nil, func() {}, nil
	}
	release, err := a.users.Lock(ctx, s.UserID)
	if err != nil {
		return nil, nil, fmt.Errorf("wait for the user's other joins: %w", err)
	}
	handedOver := false
	defer func() {
		if !handedOver { // refused, or a panic went through
			release()
		}
	}()
	// In this order: a native join stops being under way only once its party is listed.
	joining := a.index.joining(s.UserID, id, a.now())
	in, err := a.roster.PartiesOf(ctx, s.UserID)
	if err != nil {
		return nil, nil, err
	}
	in = slices.DeleteFunc(in, func(m party.Membership) bool { return m.ID == id })
	if rule == rules.OnePartyOnly && (joining || len(in) > 0) {
		return nil, nil, reserve.Elsewhere(intent)
	}
	handedOver = true
	return in, release, nil
}

// one reports whether a user may be in one party only.
func one(rule rules.OnePerUser) bool {
	return rule == rules.OnePartyOnly || rule == rules.LeavePrevious
}

// MayCreate refuses with AlreadyInParty whoever may not make a party.
func (a *Admission) MayCreate(ctx context.Context, s party.Session) error {
	_, unlock, err := a.elsewhere(ctx, party.ID{}, reserve.Intent{Session: s})
	if err != nil {
		return err
	}
	unlock()
	return nil
}

// stayOnly takes a session that has entered a party out of all others, where the host's
// session.single_party says so: the host does that in silence for its own joins, and not at
// all for invited sessions.
func (a *Admission) stayOnly(ctx context.Context, id party.ID, s party.Session) {
	if !a.single {
		return
	}
	ids, err := a.roster.Listed(s)
	if err != nil {
		a.logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		return
	}
	for _, other := range ids {
		if other != id {
			a.leave(ctx, []party.Membership{{ID: other, Session: s}})
		}
	}
}

// leave takes sessions out of parties as if each had left by itself. The caller holds the
// lock of no party.
func (a *Admission) leave(ctx context.Context, from []party.Membership) {
	for _, m := range from {
		err := a.visit(context.WithoutCancel(ctx), m.ID, func(v *visit) error {
			alone, err := v.remove(m.Session, false)
			if err != nil {
				return err
			}
			return v.giveUp(m.Session.UserID, alone)
		})
		if err != nil {
			a.logger.Warn("party not left party=%s session=%s error=%v", m.ID, m.Session.SessionID, err)
		}
	}
}

// remove takes a session off the party's stream and off the mirror. moved says that its user
// stays a member with another session. It reports what gone does.
func (v *visit) remove(s party.Session, moved bool) (alone bool, err error) {
	if err := v.streams.StreamUserLeave(party.StreamMode, v.id.UUID.String(), "", v.id.Node, s.UserID, s.SessionID); err != nil {
		return false, err
	}
	return v.gone(s, moved), nil
}

// gone mirrors that a session is not a member any more. It reports whether no other is known,
// so that the party may have ended.
func (v *visit) gone(s party.Session, moved bool) (alone bool) {
	was, alone := v.roster.Leave(v.id, s)
	if was {
		v.out.Add(party.Change{Kind: party.MemberLeft, ID: v.id, Session: s, Moved: moved})
	}
	v.last = roster.Snapshot{}
	v.changed()
	v.rosterLater()
	return alone
}

// entered mirrors that a session has become a member.
func (v *visit) entered(s party.Session, native bool) {
	had := v.last.HasAttributes()
	after, err := v.roster.Enter(v.last, v.id, s)
	v.last = after
	v.changed()
	if err != nil {
		v.logger.Warn("party member not mirrored party=%s session=%s error=%v", v.id, s.SessionID, err)
		return
	}
	v.rosterLater()
	c := party.Change{Kind: party.MemberEntered, ID: v.id, Session: s, Native: native, Attributes: had || after.HasAttributes()}
	if w, waited := v.book.Waiting[s.UserID]; waited {
		c.Waited = max(1, v.now().Sub(w.Since))
	}
	v.out.Add(c)
}

// Stats is what an Admission holds in memory, on this node alone.
type Stats struct {
	Parties  int `json:"parties"`  // it has dealt with and not yet forgotten
	Holds    int `json:"holds"`    // invites that keep seats
	Kicks    int `json:"kicks"`    // users who cannot come back yet
	Requests int `json:"requests"` // to join, on the lists of closed parties
	Joins    int `json:"joins"`    // under way
	Lost     int `json:"lost"`     // whom the server counts as members and who are not there
}

// Stats counts. What has expired meanwhile may still be in it.
func (a *Admission) Stats() Stats {
	s := Stats{Lost: a.roster.Losses.Count()}
	for _, id := range a.places.Keys() {
		a.briefly(id, func(v *visit) {
			s.Parties++
			s.Holds += len(v.book.Holds)
			s.Kicks += len(v.book.Kicks)
			s.Requests += len(v.book.Requests)
			s.Joins += len(v.book.Pending)
		})
	}
	return s
}

// Population is how much there is on this node, as far as it has heard.
type Population struct {
	Parties int `json:"parties"`
	Members int `json:"members"`
	Waiting int `json:"waiting"` // places in line for seats
}

// Population counts in memory, and waits for nothing.
func (a *Admission) Population() (p Population) {
	p.Parties, p.Members = a.roster.Attendance.Count()
	a.index.mu.Lock()
	defer a.index.mu.Unlock()
	for _, line := range a.index.lines {
		p.Waiting += len(line)
	}
	return p
}

// Detail is a party with everything that operators see of it.
type Detail struct {
	Look
	Requests int // to join, that somebody still waits for
	Line     []reserve.Waiter
	Kicks    map[string]reserve.Kick // who may not come back yet, by user
}

// Detail reads a party. It refuses as Look does.
func (a *Admission) Detail(ctx context.Context, id party.ID) (d Detail, err error) {
	err = a.current(ctx, id, func(v *visit) error {
		if err := v.look(); err != nil {
			return err
		}
		requests, err := v.liveRequests()
		d = Detail{v.seen(), requests, v.book.Line(), maps.Clone(v.book.Kicks)}
		return err
	})
	return d, err
}

// ClientAsking is the client of a session that asked to join; the zero Client if this
// process has not seen it ask.
func (a *Admission) ClientAsking(id party.ID, sessionID string) (c party.Client) {
	a.briefly(id, func(v *visit) { c = v.book.Requests[sessionID].Client })
	return c
}
