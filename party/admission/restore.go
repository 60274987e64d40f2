package admission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
)

// Founder makes a native party for a session that will lead it. The caller puts the session on the party's stream and
// then calls leave, which removes what the founder used to create it.
type Founder func(ctx context.Context, s party.Session, facts party.Facts) (id party.ID, leave func(entered bool), err error)

// ErrCannotFound is a founder's error if the server's settings require the client to create the party.
var ErrCannotFound = errors.New("no native party can be founded on this server")

const (
	maxOffers = 10_000
	offerTTL  = time.Hour // the longest time that rules can keep a seat
)

// restorer brings back parties in which everybody was away.
type restorer struct {
	ledger    *ledger.Ledger
	boarding  boarding
	joins     *joins
	founder   Founder
	restoring keyed.Locks[party.ID]          // held while the first returning member is put into the party
	offers    *cache.Cache[string, party.ID] // by user: the party that continues in the next one they create
}

// restore founds the native party again for the first returning member, who leads it. It refuses with PartyAway if that
// is not possible, and with PartyNotFound if no seat is kept for the user any more. If two members come back at once,
// the second one waits and finds a party with members: restore then returns nil, and the session is not in it.
func (r *restorer) restore(ctx context.Context, id party.ID, s party.Session) error {
	unlock, err := r.restoring.Lock(ctx, r.ledger.Current(id))
	if err != nil {
		return fmt.Errorf("wait for another member's return: %w", err)
	}
	defer unlock()
	old, err := r.ledger.FindAwayParty(ctx, id, s.UserID)
	if old == nil {
		return err
	}
	if r.joins.isContinued(old.ID, r.ledger.Now()) {
		return party.RefuseAway()
	}
	var native party.ID
	var leave func(entered bool)
	err = ErrCannotFound
	if r.founder != nil {
		native, leave, err = r.founder(ctx, s, old.Facts)
	}
	if err != nil {
		refusal := party.RefuseAway()
		refusal.Cause = fmt.Errorf("found native party: %w", err)
		if !errors.Is(err, ErrCannotFound) {
			r.ledger.Logger.Warn("party not restored party=%s user=%s error=%v", old.ID, s.UserID, err)
		}
		return refusal
	}
	return old.ContinueIn(ctx, native, s, func(may bool) error {
		if !may {
			leave(false)
			return nil
		}
		err := r.boarding.joinStream(native, s)
		leave(err == nil)
		return err
	})
}

// Offer makes the away party continue in the next party that the user creates, unless they enter another one before.
func (r *restorer) Offer(userID string, id party.ID) { r.offers.Put(userID, id) }

// Offered returns the facts for the party that the session is about to create, if an away party continues in it. After
// that no other session can continue the away party until the result of the message is known. It refuses with
// AlreadyInParty if the user's seat is in a party that is back or is coming back.
func (r *restorer) Offered(ctx context.Context, s party.Session) (facts party.Facts, offered bool, err error) {
	return r.offered(ctx, s, func(old *ledger.AwayParty) {
		r.joins.begin(s.SessionID, join{joiner: s, behind: old, until: r.ledger.Now().Add(reserve.PendingTTL)})
	})
}

// MayContinue answers as Offered, but keeps no other session from continuing the party.
func (r *restorer) MayContinue(ctx context.Context, s party.Session) (offered bool, err error) {
	_, offered, err = r.offered(ctx, s, func(*ledger.AwayParty) {})
	return offered, err
}

func (r *restorer) offered(ctx context.Context, s party.Session, begin func(*ledger.AwayParty)) (facts party.Facts, offered bool, err error) {
	id, offered := r.offers.Peek(s.UserID)
	if !offered {
		return party.Facts{}, false, nil
	}
	unlock, err := r.restoring.Lock(ctx, r.ledger.Current(id))
	if err != nil {
		return party.Facts{}, false, fmt.Errorf("wait for another member's return: %w", err)
	}
	defer unlock()
	old, err := r.ledger.FindAwayParty(ctx, id, s.UserID)
	if old != nil && r.joins.isContinued(old.ID, r.ledger.Now()) {
		return party.Facts{}, false, party.Refuse(party.AlreadyInParty, "Your party is coming back; call party_resume.")
	}
	if old != nil {
		begin(old)
		return old.Facts, true, nil
	}
	r.offers.Invalidate(s.UserID) // the party is back, or no seat is kept for the user there any more
	var look reserve.Look
	if err == nil {
		look, err = r.ledger.Look(ctx, id)
	}
	switch reason := party.ReasonOf(err); {
	case look.Returning(s.UserID):
		err = party.Refuse(party.AlreadyInParty, "Your party is back; call party_resume.")
	case reason == party.PartyNotFound, reason == party.PartyAway:
		err = nil
	}
	return party.Facts{}, false, err
}

// adopt continues the offered party in one that a client created. If it is too late for that, the creator leaves the
// new party, because no rule was asked whether they may have one.
func (r *restorer) adopt(ctx context.Context, old *ledger.AwayParty, id party.ID, creator party.Session) error {
	return old.ContinueIn(ctx, id, creator, func(may bool) error {
		if !may {
			r.ledger.Briefly(id, func(v *ledger.Visit) { r.boarding.vacate(v, creator, "") })
		}
		return nil
	})
}
