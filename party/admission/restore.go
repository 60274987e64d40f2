package admission

import (
	"context"
	"errors"
	"fmt"

	"partyline/party"
	"partyline/party/ledger"
)

// A party in which everybody was away is brought back by the first member: a native party is
// founded again for them, or, where the module cannot, the next party that they create goes on
// with it. What is known of such a party is the ledger's.

// Founder makes a native party for a session that will lead it. The caller puts the session
// on its stream and then calls leave, which ends what the founder needed.
type Founder func(ctx context.Context, s party.Session, facts party.Facts) (id party.ID, leave func(entered bool), err error)

// ErrCannotFound is a founder's error where the server's settings leave it to the client to
// create the party.
var ErrCannotFound = errors.New("no native party can be founded on this server")

// restore founds the native party again for the first member back, who leads it. It refuses
// with PartyAway where that is not possible, and with PartyNotFound where no seat is kept for
// the user any more. Two who come back at once wait for each other; the second finds a party
// that lives, and restore returns nil without the session being in it.
func (a *Admission) restore(ctx context.Context, id party.ID, s party.Session) error {
	unlock, err := a.restoring.Lock(ctx, id)
	if err != nil {
		return fmt.Errorf("wait for another member's return: %w", err)
	}
	defer unlock()
	old, err := a.LeftBehind(ctx, id, s.UserID)
	if old == nil {
		return err
	}
	var native party.ID
	var leave func(entered bool)
	err = ErrCannotFound
	if a.Found != nil {
		native, leave, err = a.Found(ctx, s, old.Facts)
	}
	if err != nil {
		refusal := party.Away()
		refusal.Cause = fmt.Errorf("found native party: %w", err)
		if !errors.Is(err, ErrCannotFound) {
			a.Logger.Warn("party not restored party=%s user=%s error=%v", old.ID, s.UserID, err)
		}
		return refusal
	}
	return a.Succeed(ctx, old, native, s, func(may bool) error {
		if !may {
			leave(false)
			return nil
		}
		err := a.Put(native, s)
		leave(err == nil)
		return err
	})
}

// Offer has the next party that the user creates go on with the one in which everybody is
// away.
func (a *Admission) Offer(userID string, id party.ID) { a.offers.Store(userID, id) }

// Offered is what a party has to be made with that the user is about to create, if it goes
// on with another. It refuses with AlreadyInParty where that one lives again: the user's
// seat is there.
func (a *Admission) Offered(ctx context.Context, userID string) (facts party.Facts, offered bool, err error) {
	old, err := a.offer(ctx, userID)
	if old == nil || err != nil {
		return party.Facts{}, false, err
	}
	return old.Facts, true, nil
}

// adopt has a party that a client created go on with the one offered to its user; false where
// there is none.
func (a *Admission) adopt(ctx context.Context, id party.ID, creator party.Session) (bool, error) {
	old, err := a.offer(ctx, creator.UserID)
	if old == nil || err != nil {
		return false, err
	}
	a.offers.Delete(creator.UserID)
	return true, a.Succeed(ctx, old, id, creator, func(bool) error { return nil })
}

func (a *Admission) offer(ctx context.Context, userID string) (*ledger.Behind, error) {
	id, offered := a.offers.Load(userID)
	if !offered {
		return nil, nil
	}
	old, err := a.LeftBehind(ctx, id.(party.ID), userID)
	switch {
	case old != nil:
		return old, nil
	case err == nil:
		err = party.Refuse(party.AlreadyInParty, "Your party is back; resume it.")
	case party.ReasonOf(err) == party.PartyNotFound: // its time is over
		err = nil
	}
	a.offers.Delete(userID)
	return nil, err
}
