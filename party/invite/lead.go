package invite

import (
	"context"
	"fmt"

	"partyline/party"
)

// Lead is the party that an invite leads to, for a user who is not in it yet.
type Lead struct {
	PartyID  party.ID
	InviteID string
}

// Lead returns where an invite, named by its ID or its code, leads the caller now, without using it. It is for users
// who are on the way, or wait for a seat. It refuses as [Service.Redeem] does, with three exceptions: the party may be
// full or locked, the user may be in another party, and the user needs no session. Members of the party are refused
// with AlreadyMember.
func (pv *previews) Lead(ctx context.Context, c party.Caller, inviteID, typed string) (Lead, error) {
	_, r, err := pv.find(ctx, c, inviteID, typed)
	if err != nil {
		return Lead{}, err
	}
	look, gone := pv.lookDestination(ctx, r, c.UserID) // must be first: it finds out who waits there
	if err := pv.refusal(r, c.UserID, look.ID); err != nil {
		return Lead{}, err
	}
	if gone != nil {
		return Lead{PartyID: look.ID}, fmt.Errorf("look at party: %w", gone) // PartyAway comes with the ID
	}
	switch _, err := pv.Admission.Check(ctx, look.ID, r.intent(party.Session{UserID: c.UserID, Username: c.Username}), &look); party.ReasonOf(err) {
	case "", party.PartyFull, party.PartyLocked, party.AlreadyInParty: // all may be over on arrival
	default:
		return Lead{}, err
	}
	if err := pv.entry.Check(ctx, c, r.By, look); err != nil {
		return Lead{}, err
	}
	return Lead{PartyID: look.ID, InviteID: r.ID}, nil
}

// CheckWaiter checks whether an invite still leads a waiting user into the party. It refuses with InviteNotFound, with
// the state of an invite that can no longer be used, or with PartyNotFound if it leads to another party.
func (pv *previews) CheckWaiter(ctx context.Context, inviteID, userID string, id party.ID) error {
	key, err := pv.waitedKeys.Get(ctx, inviteID, func(ctx context.Context) (string, error) { return pv.Store.keyOf(ctx, inviteID) })
	if err != nil {
		return err
	}
	r, err := pv.Store.change(ctx, key, func(r *record) error { // in turn: another call may be about to give a use back
		if err := r.refusalOfWaiter(userID); err != nil {
			return err
		}
		return errUnchanged
	})
	if err != nil {
		return err
	}
	to, err := pv.destination(ctx, r)
	switch {
	case err != nil && party.ReasonOf(err) != party.PartyAway:
		return err
	case to != id: // everybody in the other party may be away
		return party.RefuseGone()
	}
	return nil
}

// InviteAndParties returns the ID of a code's invite, whatever its state, and the parties that belong to it: the one it
// leads to now, if any, and the one it was made for.
func (pv *previews) InviteAndParties(ctx context.Context, c party.Caller, typed string) (inviteID string, ids []party.ID, err error) {
	_, r, err := pv.find(ctx, c, "", typed)
	if err != nil {
		return "", nil, err
	}
	own := pv.partyOf(r)
	id, err := pv.destination(ctx, r)
	switch party.ReasonOf(err) {
	case "", party.PartyAway:
		return r.ID, []party.ID{id, own}, nil
	case party.PartyNotFound:
		return r.ID, []party.ID{own}, nil
	}
	return "", nil, err
}
