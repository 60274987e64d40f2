// Package admission is the only way into a party. It looks at the party in the ledger, loads what the decision of
// package reserve needs, and applies the decision to the host's streams.
//
// The host lets a session onto the stream of a full party without making it a member; such a ghost hears everything.
// So, under the party's lock, admission counts the seats, puts the session on the stream, reads the stream again, and
// takes the session off if it is one too many. The second look finds sessions that another node put there meanwhile.
//
// A user's lock is taken before a party's; see package ledger. Everything exported is safe for concurrent use.
package admission

import (
	"context"
	"errors"
	"maps"
	"time"

	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// Deps has the dependencies of an Admission. All except Found are needed.
type Deps struct {
	*ledger.Ledger
	Sender party.Sender
	Found  Founder // nil if only clients create native parties

	// SingleParty is the host's session.single_party: a session that enters a party leaves its other parties.
	SingleParty bool
	// Locked refuses with PartyLocked while the rules let nobody new into the party.
	Locked func(ctx context.Context, v party.View) error
	// Requests limits how often a user asks to enter closed parties.
	Requests func(userID string) error
	// Friends returns those of others who are friends of the user.
	Friends func(ctx context.Context, userID string, others []string) ([]string, error)
}

// rejudgeTimeout is the longest time for a second judgement; its database reads have timeouts of their own.
const rejudgeTimeout = 30 * time.Second

// Admission is the ledger with the ways into its parties. Make one with [New].
type Admission struct {
	Deps
	joins *joins
	boarding
	memberships
	restorer
}

// New makes an admission.
func New(d Deps) *Admission {
	joins, boarding := &joins{bySession: map[string]join{}}, newBoarding(d.Ledger, d.Sender)
	offers := cache.New[string, party.ID](d.Now, maxOffers, offerTTL)
	return &Admission{
		Deps: d, joins: joins, boarding: boarding,
		memberships: memberships{d.Ledger, boarding, joins, keyed.NewLocks[string]()},
		restorer:    restorer{d.Ledger, boarding, joins, d.Found, keyed.NewLocks[party.ID](), offers},
	}
}

// Close stops the timers of messages and writes to come.
func (a *Admission) Close() {
	a.closes.Close()
	a.Ledger.Close()
}

// Check decides as Admit, or the before-hook of a native join, would do, and changes nothing. l is the caller's look at
// the party, nil for none. It returns the look that the decision used.
func (a *Admission) Check(ctx context.Context, id party.ID, in reserve.Intent, l *reserve.Look) (seen reserve.Look, err error) {
	_, unlock, err := a.claim(ctx, id, in)
	if err != nil {
		return reserve.Look{}, err
	}
	defer unlock()
	err = a.Visit(ctx, id, func(v *ledger.Visit) error {
		if err := v.LookAfter(l); err != nil {
			return err
		}
		seen = v.Seen()
		_, err := a.decide(v, in)
		return err
	})
	return seen, err
}

// Judged is a look on which the caller has judged whether a user may come in. Rejudge judges a later look that has new
// users in it; nil if the judgement does not depend on other users.
type Judged struct {
	Look    reserve.Look
	Rejudge func(ctx context.Context, l reserve.Look) error
}

// Admit makes a live session a member at once, whether the party is open or closed. It does nothing for a member. It
// refuses with PartyNotFound, AlreadyMember (another session of the user is in), PartyFull, PartyLocked, Banned,
// AlreadyInParty and NoLiveSession; then the session is not on the party's stream. A party that is away is founded
// again for its first returning member; others are refused with PartyAway. by is what the caller has judged, nil for
// nothing.
func (a *Admission) Admit(ctx context.Context, id party.ID, s party.Session, grant party.Grant, by *Judged) error {
	in := reserve.Intent{Kind: reserve.Admit, Session: s, By: s.SessionID, Grant: grant}
	leaving, unlock, err := a.claim(ctx, id, in)
	if err != nil {
		return err
	}
	defer unlock()
	var l, newLook *reserve.Look
	var ownPending *reserve.PendingJoin // set by this call; a native join of the session may be pending as well
	if by != nil {
		l = &by.Look
	}
	removePending := func(v *ledger.Visit) {
		if ownPending != nil && v.Book.Pending[s.SessionID] == ownPending {
			delete(v.Book.Pending, s.SessionID)
		}
	}
	admit := func(v *ledger.Visit) error {
		if err := v.LookAfter(l); err != nil {
			return err
		}
		id = v.ID
		effects, err := a.decide(v, in)
		if err != nil || effects.Take == nil {
			return err
		}
		if now := v.Seen(); by != nil && by.Rejudge != nil && newLook == nil && now.HasNew(by.Look, s.UserID) {
			newLook = &now
			if _, native := v.Book.Pending[s.SessionID]; !native {
				ownPending = &reserve.PendingJoin{Session: s, Until: a.Now().Add(rejudgeTimeout)} // By is empty: the host does not know of it
				v.Book.Pending[s.SessionID] = ownPending
			}
			return nil
		}
		removePending(v)
		return a.take(v, *effects.Take, grant)
	}
	if err = a.Visit(ctx, id, admit); party.ReasonOf(err) == party.PartyAway {
		if err = a.restore(ctx, id, s); err == nil {
			err = a.Visit(ctx, id, admit) // a session that founded the party again is in it already
		}
	}
	if err == nil && newLook != nil {
		// Sessions that come in from now on see that this user is joining.
		defer a.Briefly(id, removePending)
		l = newLook
		if err = by.Rejudge(ctx, *newLook); err == nil {
			err = a.Visit(ctx, id, admit)
		}
	}
	if err != nil {
		return err
	}
	if a.Policy().Parties.OnePerUser == rules.LeavePrevious {
		now, err := a.elsewhere(ctx, s.UserID, id) // a party that was being created may be listed since
		if err != nil {
			a.Logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		} else {
			leaving = now
		}
	}
	a.leave(ctx, leaving...)
	a.afterEntering(ctx, id, s)
	return nil
}

// decide loads the facts that an intent depends on, and decides.
func (a *Admission) decide(v *ledger.Visit, in reserve.Intent) (reserve.Effects, error) {
	conf, user := a.Policy().Parties, in.Session.UserID
	need := reserve.Needs(v.Last.View, v.Book, conf, in)
	var facts reserve.Facts
	var err error
	if need.Locked {
		facts.Locked = a.Locked(v.Ctx, v.Last.View)
	}
	if need.Requests && !conf.Requests.WhileInParty {
		if facts.Elsewhere, err = a.elsewhere(v.Ctx, user, v.ID); err != nil {
			return reserve.Effects{}, err
		}
	}
	if need.Requests {
		if facts.LiveRequests, err = liveRequests(v, a.Roster); err != nil {
			return reserve.Effects{}, err
		}
	}
	if need.Friend {
		friends, err := a.Friends(v.Ctx, user, v.Last.UserIDs())
		if err != nil {
			return reserve.Effects{}, err
		}
		facts.Friend = len(friends) > 0
	}
	return reserve.Decide(v.Last.View, v.Book, conf, facts, a.Now(), in)
}

// liveRequests counts the party's requests whose session still lives and whose user is not a member.
func liveRequests(v *ledger.Visit, in *roster.Roster) (live int, err error) {
	for _, r := range v.Book.Requests {
		if _, member := v.Last.Member(r.Session.UserID); member {
			continue
		}
		alive, err := in.Alive(r.Session)
		if err != nil {
			return 0, err
		}
		if alive {
			live++
		}
	}
	return live, nil
}

// Sweep runs the ledger's sweep, and forgets native joins whose end was never reported.
func (a *Admission) Sweep(ctx context.Context) error {
	a.joins.expire(a.Now())
	return a.Ledger.Sweep(ctx)
}

// Stats is what an Admission has in memory, on this node only.
type Stats struct {
	Parties  int `json:"parties"`  // parties that it has dealt with and not yet forgotten
	Holds    int `json:"holds"`    // invites that hold seats
	Kicks    int `json:"kicks"`    // users who may not come back yet
	Requests int `json:"requests"` // requests to enter closed parties
	Joins    int `json:"joins"`    // joins under way
	Lost     int `json:"lost"`     // sessions that the host counts as members although they are not there
	Busy     int `json:"busy"`     // parties whose lock was not free in time, so that nothing else is counted of them
}

// Stats counts; it may include what has just expired.
func (a *Admission) Stats() Stats {
	soon, cancel := context.WithTimeout(context.Background(), ledger.TryWait) // for all parties together
	defer cancel()
	s := Stats{Lost: a.Roster.LostJoins.Count()}
	for _, id := range a.Known() {
		s.Parties++
		err := a.VisitNative(soon, id, func(v *ledger.Visit) error {
			s.Holds += len(v.Book.Holds)
			s.Kicks += len(v.Book.Kicks)
			s.Requests += len(v.Book.Requests)
			s.Joins += len(v.Book.Pending)
			return nil
		})
		if err != nil {
			s.Busy++
		}
	}
	return s
}

// Detail is a party with everything that operators see of it.
type Detail struct {
	reserve.Look
	Requests int // requests to join that somebody still waits for
	Line     []reserve.Waiter
	Kicks    map[string]reserve.Kick // users who may not come back yet
	Busy     bool                    // the party's lock was not free: only the View and Origin of the Look are set
}

// Detail reads a party without a long wait. It refuses as Look does.
func (a *Admission) Detail(ctx context.Context, id party.ID) (d Detail, err error) {
	err = a.TryVisit(ctx, id, func(v *ledger.Visit) error {
		if err := v.Look(); err != nil {
			return err
		}
		requests, err := liveRequests(v, a.Roster)
		d = Detail{v.Seen(), requests, v.Book.Waitlist(), maps.Clone(v.Book.Kicks), false}
		return err
	})
	if errors.Is(err, ledger.ErrBusy) {
		seen, err := a.Roster.Look(ctx, a.Current(id))
		return Detail{Look: reserve.Look{View: seen.View, Origin: seen.Origin()}, Busy: true}, err
	}
	return d, err
}
