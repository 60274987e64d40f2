// Package restore brings back a party in which everybody was away: it founds a native party
// again for the first member back, or leaves that to the next party the member creates where
// the module cannot. What is known of such a party is the ledger's.
package restore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/ledger"
)

// Founder makes a native party for a session that will lead it. The caller puts the session
// on its stream and then calls leave, which ends what the founder needed.
type Founder func(ctx context.Context, s party.Session, facts party.Facts) (id party.ID, leave func(entered bool), err error)

// ErrCannotFound is a founder's error where the server's settings leave it to the client to
// create the party.
var ErrCannotFound = errors.New("no native party can be founded on this server")

// Restorer restores parties. Safe for concurrent use.
type Restorer struct {
	ledger *ledger.Ledger
	found  Founder
	locks  keyed.Locks[party.ID] // of parties being restored; held over the founding, and nothing else is then

	mu     sync.Mutex          // a leaf
	offers map[string]party.ID // parties that the next one their user creates goes on with, by user
}

// New makes a restorer; a nil founder means that only clients make native parties.
func New(l *ledger.Ledger, found Founder) *Restorer {
	if found == nil {
		found = func(context.Context, party.Session, party.Facts) (party.ID, func(bool), error) {
			return party.ID{}, nil, ErrCannotFound
		}
	}
	return &Restorer{ledger: l, found: found, locks: keyed.NewLocks[party.ID](), offers: map[string]party.ID{}}
}

// Restore founds the native party again for the first member back, who leads it. It refuses
// with PartyAway where that is not possible, and with PartyNotFound where no seat is kept for
// the user any more. Two who come back at once wait for each other; the second finds a party
// that lives, and Restore returns nil without the session being in it.
func (r *Restorer) Restore(ctx context.Context, id party.ID, s party.Session) error {
	unlock, err := r.locks.Lock(ctx, id)
	if err != nil {
		return fmt.Errorf("wait for another member's return: %w", err)
	}
	defer unlock()
	old, err := r.ledger.LeftBehind(ctx, id, s.UserID)
	if old == nil {
		return err
	}
	native, leave, err := r.found(ctx, s, old.Facts)
	if err != nil {
		refusal := party.Away()
		refusal.Cause = fmt.Errorf("found native party: %w", err)
		if !errors.Is(err, ErrCannotFound) {
			r.ledger.Logger.Warn("party not restored party=%s user=%s error=%v", old.ID, s.UserID, err)
		}
		return refusal
	}
	return r.ledger.Succeed(ctx, old, native, s, func(may bool) error {
		if !may {
			leave(false)
			return nil
		}
		err := r.ledger.Put(native, s)
		leave(err == nil)
		return err
	})
}

// Offer has the next party that the user creates go on with the one in which everybody is
// away.
func (r *Restorer) Offer(userID string, id party.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offers[userID] = id
}

// Offered is what a party has to be made with that the user is about to create, if it goes
// on with another. It refuses with AlreadyInParty where that one lives again: the user's
// seat is there.
func (r *Restorer) Offered(ctx context.Context, userID string) (facts party.Facts, offered bool, err error) {
	old, err := r.offer(ctx, userID)
	if old == nil || err != nil {
		return party.Facts{}, false, err
	}
	return old.Facts, true, nil
}

// Adopt has a party that a client created go on with the one offered to its user; false where
// there is none.
func (r *Restorer) Adopt(ctx context.Context, id party.ID, creator party.Session) (bool, error) {
	old, err := r.offer(ctx, creator.UserID)
	if old == nil || err != nil {
		return false, err
	}
	r.withdraw(creator.UserID)
	return true, r.ledger.Succeed(ctx, old, id, creator, func(bool) error { return nil })
}

func (r *Restorer) offer(ctx context.Context, userID string) (*ledger.Behind, error) {
	r.mu.Lock()
	id, offered := r.offers[userID]
	r.mu.Unlock()
	if !offered {
		return nil, nil
	}
	old, err := r.ledger.LeftBehind(ctx, id, userID)
	switch {
	case old != nil:
		return old, nil
	case err == nil:
		err = party.Refuse(party.AlreadyInParty, "Your party is back; resume it.")
	case party.ReasonOf(err) == party.PartyNotFound: // its time is over
		err = nil
	}
	r.withdraw(userID)
	return nil, err
}

func (r *Restorer) withdraw(userID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.offers, userID)
}
