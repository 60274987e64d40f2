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

// Founder makes a native party for a session that will lead it. The caller puts the session
// on its stream and then calls leave, which ends what the founder needed.
type Founder func(ctx context.Context, s party.Session, facts party.Facts) (id party.ID, leave func(entered bool), err error)

// ErrCannotFound is a founder's error where the server's settings leave it to the client to
// create the party.
var ErrCannotFound = errors.New("no native party can be founded on this server")

const (
	mostOffers = 10_000
	offerFor   = time.Hour // the rules keep no seat for longer
)

// returns bring back parties in which everybody was away.
type returns struct {
	ledger    *ledger.Ledger
	boarding  boarding
	joins     *joins
	found     Founder
	restoring keyed.Locks[party.ID]          // held while somebody is put into the party as the first one back, and nothing else is then
	offers    *cache.Cache[string, party.ID] // by user: the party that the next one they create goes on with
}

// restore founds the native party again for the first member back, who leads it. It refuses
// with PartyAway where that is not possible, and with PartyNotFound where no seat is kept for
// the user any more. Two who come back at once wait for each other; the second finds a party
// that lives, and restore returns nil without the session being in it.
func (r *returns) restore(ctx context.Context, id party.ID, s party.Session) error {
	unlock, err := r.restoring.Lock(ctx, r.ledger.Current(id))
	if err != nil {
		return fmt.Errorf("wait for another member's return: %w", err)
	}
	defer unlock()
	old, err := r.ledger.LeftBehind(ctx, id, s.UserID)
	if old == nil {
		return err
	}
	if r.joins.goesOn(old.ID, r.ledger.Now()) {
		return party.Away()
	}
	var native party.ID
	var leave func(entered bool)
	err = ErrCannotFound
	if r.found != nil {
		native, leave, err = r.found(ctx, s, old.Facts)
	}
	if err != nil {
		refusal := party.Away()
		refusal.Cause = fmt.Errorf("found native party: %w", err)
		if !errors.Is(err, ErrCannotFound) {
			r.ledger.Logger.Warn("party not restored party=%s user=%s error=%v", old.ID, s.UserID, err)
		}
		return refusal
	}
	return old.Succeed(ctx, native, s, func(may bool) error {
		if !may {
			leave(false)
			return nil
		}
		err := r.boarding.put(native, s)
		leave(err == nil)
		return err
	})
}

// Offer has the next party that the user creates go on with the one in which everybody is
// away, unless they enter another before.
func (r *returns) Offer(userID string, id party.ID) { r.offers.Put(userID, id) }

// Offered is what a party has to be made with that the session is about to create, if it goes
// on with another. From then on nobody else goes on with that one, until it is clear what has
// become of the message. It refuses with AlreadyInParty where the user's seat is in a party that
// lives again, or is about to.
func (r *returns) Offered(ctx context.Context, s party.Session) (facts party.Facts, offered bool, err error) {
	id, offered := r.offers.Kept(s.UserID)
	if !offered {
		return party.Facts{}, false, nil
	}
	unlock, err := r.restoring.Lock(ctx, r.ledger.Current(id))
	if err != nil {
		return party.Facts{}, false, fmt.Errorf("wait for another member's return: %w", err)
	}
	defer unlock()
	old, err := r.ledger.LeftBehind(ctx, id, s.UserID)
	if old != nil && r.joins.goesOn(old.ID, r.ledger.Now()) {
		return party.Facts{}, false, party.Refuse(party.AlreadyInParty, "Your party is coming back; resume it.")
	}
	if old != nil {
		r.joins.begin(s.SessionID, join{joiner: s, behind: old, until: r.ledger.Now().Add(reserve.PendingTTL)})
		return old.Facts, true, nil
	}
	r.offers.Drop(s.UserID) // it lives, or no seat is kept for the user there any more
	var look reserve.Look
	if err == nil {
		look, err = r.ledger.Look(ctx, id)
	}
	switch reason := party.ReasonOf(err); {
	case look.Returning(s.UserID):
		err = party.Refuse(party.AlreadyInParty, "Your party is back; resume it.")
	case reason == party.PartyNotFound, reason == party.PartyAway:
		err = nil
	}
	return party.Facts{}, false, err
}

// adopt has a party that a client created go on with the one offered to its user. Where that is
// too late, the creator leaves it: no rule was asked whether they may have a new party.
func (r *returns) adopt(ctx context.Context, old *ledger.Behind, id party.ID, creator party.Session) error {
	return old.Succeed(ctx, id, creator, func(may bool) error {
		if !may {
			r.ledger.Briefly(id, func(v *ledger.Visit) { r.boarding.vacate(v, creator) })
		}
		return nil
	})
}
