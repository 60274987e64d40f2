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
func (s *Service) Lead(ctx context.Context, c party.Caller, typed string) (Lead, error) {
	_, r, err := s.codes.lookup(ctx, s.Store.read, c, typed)
	if err != nil {
		return Lead{}, err
	}
	return s.lead(ctx, c, r)
}

func (s *Service) lead(ctx context.Context, c party.Caller, r *record) (Lead, error) {
	look, gone := s.routes.leads(ctx, r, c.UserID) // first: it finds out who waits there
	if err := s.routes.refusal(r, c.UserID, look.ID); err != nil {
		return Lead{}, err
	}
	if gone != nil {
		return Lead{PartyID: look.ID}, fmt.Errorf("look at party: %w", gone) // which is named beside PartyAway
	}
	id := look.ID
	switch _, err := s.Admission.Check(ctx, id, r.intent(party.Session{UserID: c.UserID, Username: c.Username}), &look); party.ReasonOf(err) {
	case "", party.PartyFull, party.PartyLocked, party.AlreadyInParty: // all may be over when the user arrives
	default:
		return Lead{}, err
	}
	if err := s.entry.May(ctx, c, r.By, look); err != nil {
		return Lead{}, err
	}
	return Lead{PartyID: id, InviteID: r.ID}, nil
}
