package invite

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"partyline/party"
)

// List shows its members the party's invites that can still lead somewhere, the newest first.
func (s *Service) List(ctx context.Context, c party.Caller, partyID string) ([]party.InviteSummary, error) {
	v, err := s.Roster.ViewAs(ctx, c, partyID)
	if err != nil {
		return nil, err
	}
	records, err := s.Store.ofParty(ctx, s.Admission.Origin(v.ID), false)
	if err != nil {
		return nil, err
	}
	records = slices.DeleteFunc(records, func(r *record) bool { return r.ended(s.Now()) })
	slices.SortFunc(records, func(a, b *record) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	rows := make([]party.InviteSummary, len(records))
	for i, r := range records {
		rows[i] = r.summary()
	}
	return rows, nil
}

// Revoke ends an invite, named by exactly one of its ID and its code, for its creator or the
// leader of its party; others are refused with NotLeader. Revoking again does nothing.
func (s *Service) Revoke(ctx context.Context, c party.Caller, inviteID, typed string) error {
	if (inviteID == "") == (typed == "") {
		return party.Invalid("id", "give either id or code.")
	}
	key, r, err := s.codes.find(ctx, c, inviteID, typed)
	if err != nil {
		return err
	}
	if err := s.mayRevoke(ctx, c, r); err != nil {
		return err
	}
	return s.revoke(ctx, key, r, c.UserID)
}

// RevokeAny revokes an invite by its ID for an operator: the party's event names nobody. It
// refuses with InviteNotFound.
func (s *Service) RevokeAny(ctx context.Context, inviteID string) error {
	key, r, err := s.codes.find(ctx, party.Caller{}, inviteID, "")
	if err != nil {
		return err
	}
	return s.revoke(ctx, key, r, "")
}

func (s *Service) revoke(ctx context.Context, key string, r *record, by string) error {
	_, err := s.end(ctx, key, r, "", event{Event: eventRevoked, ID: r.ID, By: by}, func(r *record) bool {
		r.RevokedAt = s.Now().Unix()
		return true
	})
	return err
}

// end ends an invite for a user, or for everybody, by a change of its record. ended is false where
// that finds nothing to do, or the invite is over.
func (s *Service) end(ctx context.Context, key string, before *record, userID string, e event, change func(*record) bool) (ended bool, err error) {
	r, err := s.Store.change(ctx, key, func(r *record) error {
		if ended = !r.ended(s.Now()) && change(r); !ended {
			return errUnchanged
		}
		return nil
	})
	half := before.ID + " " + userID
	if err != nil {
		if errors.As(err, &unsure{}) {
			s.halfEnded.Put(half, struct{}{})
		}
		s.holdsUnsure(before, err)
		return false, err
	}
	if _, again := s.halfEnded.Take(half); again { // what follows is still to be done
		ended = ended || userID == "" && r.RevokedAt != 0 || slices.Contains(r.Declined, userID)
	}
	var users []string
	if userID != "" {
		users = []string{userID}
	}
	id, idErr := s.routes.partyOf(r)
	if idErr == nil && r.Hold { // again too: who was told of a failure may come back after it was done
		s.Admission.Release(id, r.ID, users...)
		s.Admission.HoldsChanged(id, false)
	}
	if !ended {
		return false, nil
	}
	s.previews.kept.Drop(key)
	s.withdraw(r.ID, users...)
	s.Over(r.ID, userID)
	if idErr == nil {
		s.tellParty(id, e)
	}
	return true, nil
}

func (s *Service) mayRevoke(ctx context.Context, c party.Caller, r *record) error {
	if r.By == c.UserID {
		return nil
	}
	id, err := s.routes.partyOf(r)
	if err != nil {
		return err
	}
	v, err := s.Admission.Look(ctx, id)
	if err != nil && party.ReasonOf(err) != party.PartyNotFound {
		return err
	}
	if v.Leader().UserID != c.UserID {
		return party.Refuse(party.NotLeader, "Only its creator or the party leader can revoke this invite.")
	}
	return nil
}

// Decline says that a target will not come: its seat is free again and the inviter is told. An
// invite that is over, used or declined stays as it is. Others are refused with InviteNotForYou.
func (s *Service) Decline(ctx context.Context, c party.Caller, typed string) error {
	key, r, err := s.codes.lookup(ctx, s.Store.read, c, typed)
	if err != nil {
		return err
	}
	if !slices.Contains(r.For, c.UserID) {
		return party.Refuse(party.InviteNotForYou, "Only somebody who was invited by name can decline.")
	}
	e := event{Event: eventDeclined, ID: r.ID, By: c.UserID, User: c.UserID}
	declined, err := s.end(ctx, key, r, c.UserID, e, func(r *record) bool {
		if !slices.Contains(r.pending(), c.UserID) {
			return false
		}
		r.Declined = append(r.Declined, c.UserID)
		return true
	})
	if err != nil || !declined {
		return err
	}
	id, err := s.routes.partyOf(r)
	if err != nil {
		return err
	}
	if v, err := s.Roster.View(ctx, id); err == nil {
		if _, member := v.Member(r.By); member {
			return nil
		}
	}
	s.tellInviter(ctx, c, r)
	return nil
}

// holdsUnsure has the seats that the invite keeps read again where a write of it failed
// that may have been done all the same.
func (s *Service) holdsUnsure(r *record, err error) {
	id, idErr := s.routes.partyOf(r)
	if idErr == nil && r.Hold && errors.As(err, &unsure{}) {
		s.Admission.HoldsChanged(id, true)
	}
}
