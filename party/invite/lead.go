package invite

import (
	"context"
	"fmt"

	"partyline/party"
)

// Lead is where an invite leads a user who is not in yet.
type Lead struct {
	PartyID  party.ID
	InviteID string
}

// Lead answers where the invite leads the caller now, without using it. It is for users on their
// way: it refuses as [Service.Redeem] does, but not because the party is full or locked at the
// moment or the user in another, nor for want of a session. Who is in the party is refused with AlreadyMember.
func (pv *previews) Lead(ctx context.Context, c party.Caller, typed string) (Lead, error) {
	return pv.lead(ctx, c, "", typed)
}

// LeadOf is [Service.Lead] for somebody who waits by the invite with this ID: who waits for a seat of a
// closed party by an invite has to come in by it.
func (pv *previews) LeadOf(ctx context.Context, c party.Caller, inviteID string) (Lead, error) {
	return pv.lead(ctx, c, inviteID, "")
}

func (pv *previews) lead(ctx context.Context, c party.Caller, inviteID, typed string) (Lead, error) {
	_, r, err := pv.find(ctx, c, inviteID, typed)
	if err != nil {
		return Lead{}, err
	}
	look, gone := pv.leads(ctx, r, c.UserID) // first: it finds out who waits there
	if err := pv.refusal(r, c.UserID, look.ID); err != nil {
		return Lead{}, err
	}
	if gone != nil {
		return Lead{PartyID: look.ID}, fmt.Errorf("look at party: %w", gone) // which is named beside PartyAway
	}
	switch _, err := pv.Admission.Check(ctx, look.ID, r.intent(party.Session{UserID: c.UserID, Username: c.Username}), &look); party.ReasonOf(err) {
	case "", party.PartyFull, party.PartyLocked, party.AlreadyInParty: // all may be over when the user arrives
	default:
		return Lead{}, err
	}
	if err := pv.entry.May(ctx, c, r.By, look); err != nil {
		return Lead{}, err
	}
	return Lead{PartyID: look.ID, InviteID: r.ID}, nil
}

// StillLeads asks whether an invite still leads a user who waits by it into the party. It refuses with
// InviteNotFound, the state of one that lets them in nowhere any more, and PartyNotFound where it leads elsewhere.
func (pv *previews) StillLeads(ctx context.Context, inviteID, userID string, id party.ID) error {
	key, err := pv.waited.Get(ctx, inviteID, func(ctx context.Context) (string, error) { return pv.Store.keyOf(ctx, inviteID) })
	if err != nil {
		return err
	}
	r, err := pv.Store.change(ctx, key, func(r *record) error { // in turn: a use that is just taken may be given back
		if err := r.refusalOfWaiter(userID); err != nil {
			return err
		}
		return errUnchanged
	})
	if err != nil {
		return err
	}
	to, err := pv.destination(ctx, r)
	if err == nil && to != id {
		return party.Gone()
	}
	if party.ReasonOf(err) == party.PartyAway && to == id {
		return nil
	}
	return err
}

// Trail answers which invite a code is of, whatever has become of it, and the parties that it leads to now,
// if any, and was made for.
func (pv *previews) Trail(ctx context.Context, c party.Caller, typed string) (inviteID string, ids []party.ID, err error) {
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
