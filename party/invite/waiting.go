package invite

import (
	"context"

	"partyline/party"
)

// Who waits for a seat of a closed party by an invite has to come in by it.

// LeadOf is [Service.Lead] for somebody who waits by the invite with this ID.
func (s *Service) LeadOf(ctx context.Context, c party.Caller, inviteID string) (Lead, error) {
	_, r, err := s.codes.find(ctx, c, inviteID, "")
	if err != nil {
		return Lead{}, err
	}
	return s.lead(ctx, c, r)
}

// RedeemInto is [Service.Redeem] for somebody who waits for a seat of the party by the invite with this ID. It
// refuses with PartyNotFound where that leads elsewhere now.
func (s *Service) RedeemInto(ctx context.Context, c party.Caller, inviteID string, id party.ID) error {
	key, r, err := s.codes.find(ctx, c, inviteID, "")
	if err != nil {
		return err
	}
	look, gone := s.routes.leads(ctx, r, c.UserID)
	if gone == nil && look.ID != id {
		return party.Gone()
	}
	_, err = s.redeemInto(ctx, c, key, r, look, gone, "")
	return err
}

// StillLeads asks whether an invite still leads a user who waits by it into the party. It refuses with
// InviteNotFound, the state of one that lets them in nowhere any more, and PartyNotFound where it leads elsewhere.
func (s *Service) StillLeads(ctx context.Context, inviteID, userID string, id party.ID) error {
	key, err := s.waited.Get(ctx, inviteID, func(ctx context.Context) (string, error) { return s.Store.keyOf(ctx, inviteID) })
	if err != nil {
		return err
	}
	r, err := s.Store.change(ctx, key, func(r *record) error { // in turn: a use that is just taken may be given back
		if err := r.refusalOfWaiter(userID); err != nil {
			return err
		}
		return errUnchanged
	})
	if err != nil {
		return err
	}
	to, err := s.routes.destination(ctx, r)
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
func (s *Service) Trail(ctx context.Context, c party.Caller, typed string) (inviteID string, ids []party.ID, err error) {
	_, r, err := s.codes.lookup(ctx, s.Store.read, c, typed)
	if err != nil {
		return "", nil, err
	}
	own, err := s.routes.partyOf(r)
	if err != nil {
		return "", nil, err
	}
	id, err := s.routes.destination(ctx, r)
	switch party.ReasonOf(err) {
	case "", party.PartyAway:
		return r.ID, []party.ID{id, own}, nil
	case party.PartyNotFound:
		return r.ID, []party.ID{own}, nil
	}
	return "", nil, err
}
