// Package admission is the only way into a party: it looks at one in the ledger, loads what the
// decision of package reserve needs, and applies it to the host's streams.
//
// The native engine lets a session onto the stream of a full party without making it a member;
// such a ghost hears everything. So, under the party's lock, seats are counted first, the session
// is put on the stream, the stream is read again, and the session is taken off if it is one too
// many. The second look is what keeps two nodes honest with each other.
//
// A user's lock comes before a party's; see package ledger. Everything exported is safe for
// concurrent use.
package admission

import (
	"context"
	"errors"
	"maps"
	"time"

	"partyline/internal/bounded"
	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/roster"
)

// Deps is what an Admission works with. All are needed but Found.
type Deps struct {
	*ledger.Ledger
	Sender party.Sender
	Found  Founder // nil where only clients make native parties

	// SingleParty is the host's session.single_party: a session that enters a party
	// leaves the others it is in.
	SingleParty bool
	// Locked refuses with PartyLocked while the rules let nobody new into the party.
	Locked func(ctx context.Context, v party.View) error
	// Requests limits how often a user asks to be let into closed parties.
	Requests func(userID string) error
	// Friends returns those of others who are friends of the user.
	Friends func(ctx context.Context, userID string, others []string) ([]string, error)
}

// judgedWithin bounds how long a second judgement takes, whose reads of the database end by themselves.
const judgedWithin = 30 * time.Second

// Admission is the ledger with the ways into its parties. Make one with [New].
type Admission struct {
	Deps
	joins *joins
	boarding
	memberships
	returns
}

// New makes an admission.
func New(d Deps) *Admission {
	joins, boarding := &joins{bySession: map[string]join{}}, boarding{d.Ledger, d.Sender}
	offers := cache.New[string, party.ID](d.Now, mostOffers, offerFor)
	return &Admission{
		Deps: d, joins: joins, boarding: boarding,
		memberships: memberships{d.Ledger, boarding, joins, keyed.NewLocks[string]()},
		returns:     returns{d.Ledger, boarding, joins, d.Found, keyed.NewLocks[party.ID](), offers},
	}
}

// Check is what Admit, or the before-hook of a native join, would do with the intent,
// without doing it. l is the caller's look at the party, nil for none; what it returns is
// the one the decision was made on.
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

// Judged is a look at a party on which a caller has judged whether somebody may come in. Again judges
// another, of company that has come in since; nil where nothing depends on the company.
type Judged struct {
	Look  reserve.Look
	Again func(ctx context.Context, l reserve.Look) error
}

// Admit makes a live session a member at once, closed party or not. For a member it does nothing.
// It refuses with PartyNotFound, AlreadyMember (another session of the user is in), PartyFull,
// PartyLocked, Banned, AlreadyInParty and NoLiveSession; then the session is not on the party's
// stream. A party in which everybody is away it founds again for the first of them, and refuses
// others with PartyAway. by is what the caller has judged, nil for nothing.
func (a *Admission) Admit(ctx context.Context, id party.ID, s party.Session, grant party.Grant, by *Judged) error {
	in := reserve.Intent{Kind: reserve.Admit, Session: s, By: s.SessionID, Grant: grant}
	leaving, unlock, err := a.claim(ctx, id, in)
	if err != nil {
		return err
	}
	defer unlock()
	var l, anew *reserve.Look
	var pends *reserve.PendingJoin // of this call; a native join of the session may be pending as well
	if by != nil {
		l = &by.Look
	}
	unpend := func(v *ledger.Visit) {
		if pends != nil && v.Book.Pending[s.SessionID] == pends {
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
		if now := v.Seen(); by != nil && by.Again != nil && anew == nil && now.HasNew(by.Look, s.UserID) {
			anew = &now
			if _, native := v.Book.Pending[s.SessionID]; !native {
				pends = &reserve.PendingJoin{Session: s, Until: a.Now().Add(judgedWithin)} // by nobody: the host knows nothing of it
				v.Book.Pending[s.SessionID] = pends
			}
			return nil
		}
		unpend(v)
		return a.take(v, *effects.Take, grant)
	}
	if err = a.Visit(ctx, id, admit); party.ReasonOf(err) == party.PartyAway {
		if err = a.restore(ctx, id, s); err == nil {
			err = a.Visit(ctx, id, admit) // who has founded the party is in it
		}
	}
	if err == nil && anew != nil {
		// Those who come in from now on see that this user is joining.
		defer a.Briefly(id, unpend)
		l = anew
		if err = by.Again(ctx, *anew); err == nil {
			err = a.Visit(ctx, id, admit)
		}
	}
	if err != nil {
		return err
	}
	a.leave(ctx, leaving...)
	a.entered(ctx, id, s)
	return nil
}

// decide loads the facts an intent depends on, and decides.
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

// liveRequests counts the requests of the party that somebody still waits for.
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

// Sweep is the ledger's, and forgets native joins whose end nobody told.
func (a *Admission) Sweep(ctx context.Context) error {
	a.joins.expire(a.Now())
	return a.Ledger.Sweep(ctx)
}

// Stats is what an Admission holds in memory, on this node alone.
type Stats struct {
	Parties  int `json:"parties"`  // it has dealt with and not yet forgotten
	Holds    int `json:"holds"`    // invites that keep seats
	Kicks    int `json:"kicks"`    // users who cannot come back yet
	Requests int `json:"requests"` // to join, on the lists of closed parties
	Joins    int `json:"joins"`    // under way
	Lost     int `json:"lost"`     // the server counts them as members, and they are not there
	Busy     int `json:"busy"`     // parties of which only this is known: others are busy with them
}

// Stats counts. What has expired meanwhile may still be in it.
func (a *Admission) Stats() Stats {
	soon, cancel := bounded.Context(context.Background(), ledger.GlanceWait) // for all of them
	defer cancel()
	s := Stats{Lost: a.Roster.Losses.Count()}
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
	Requests int // to join, that somebody still waits for
	Line     []reserve.Waiter
	Kicks    map[string]reserve.Kick // who may not come back yet, by user
	Busy     bool                    // others are busy with the party: of the Look there is the View alone, and nothing else
}

// Detail reads a party, and waits for nobody for long. It refuses as Look does.
func (a *Admission) Detail(ctx context.Context, id party.ID) (d Detail, err error) {
	err = a.VisitSoon(ctx, id, func(v *ledger.Visit) error {
		if err := v.Look(); err != nil {
			return err
		}
		requests, err := liveRequests(v, a.Roster)
		d = Detail{v.Seen(), requests, v.Book.Line(), maps.Clone(v.Book.Kicks), false}
		return err
	})
	if errors.Is(err, ledger.ErrBusy) {
		seen, err := a.Roster.Look(ctx, a.Current(id))
		return Detail{Look: reserve.Look{View: seen.View, Origin: seen.Origin()}, Busy: true}, err
	}
	return d, err
}
