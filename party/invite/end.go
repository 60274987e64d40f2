package invite

import (
	"context"
	"errors"
	"slices"

	"partyline/internal/cache"
	"partyline/party"
)

// endings ends invites, for everybody or for one user, and releases the seats that they hold. Safe for concurrent
// use.
type endings struct {
	*resolver
	notices    *notices
	unsureEnds *cache.Cache[string, bool] // by invite and user; storage may have ended it, but has not said so
}

// Revoke ends an invite, named by its ID or its code. Exactly one of the two must be given. Only the invite's creator
// and the leader of its party may revoke it; others are refused with NotLeader. Revoking twice does nothing.
func (s *endings) Revoke(ctx context.Context, c party.Caller, inviteID, typed string) error {
	if (inviteID == "") == (typed == "") {
		return party.Invalid("id", "give either id or code.")
	}
	key, r, err := s.find(ctx, c, inviteID, typed)
	if err != nil {
		return err
	}
	if err := s.mayRevoke(ctx, c, r); err != nil {
		return err
	}
	return s.revoke(ctx, key, r, c.UserID)
}

// RevokeAny revokes an invite by its ID for an operator. The event to the party names no user. It refuses with
// InviteNotFound.
func (s *endings) RevokeAny(ctx context.Context, inviteID string) error {
	key, r, err := s.find(ctx, party.Caller{}, inviteID, "")
	if err != nil {
		return err
	}
	return s.revoke(ctx, key, r, "")
}

func (s *endings) revoke(ctx context.Context, key string, r *record, by string) error {
	return s.end(ctx, party.Caller{}, key, r, event{Event: eventRevoked, ID: r.ID, By: by})
}

// end ends an invite, unless it has ended already: for everybody, or for the caller if the event names them as its user.
// If storage does not answer, it returns the error. The change may be done all the same: then the sweep releases the
// seats, and a repeated call takes the other steps.
func (s *endings) end(ctx context.Context, c party.Caller, key string, before *record, e event) error {
	user, ended := e.User, false
	r, err := s.Store.change(ctx, key, func(r *record) error {
		switch {
		case r.ended(s.Now()):
			ended = false
		case user == "":
			r.RevokedAt, ended = s.Now().Unix(), true
		default:
			ended = r.decline(user)
		}
		if !ended {
			return errUnchanged
		}
		return nil
	})
	unsure := e.ID + " " + user
	if errors.As(err, &unsureError{}) {
		s.unsureEnds.Put(unsure, true)
		s.Admission.HoldsChanged(s.partyOf(before), true)
	}
	if err != nil {
		return err
	}
	if _, again := s.unsureEnds.Take(unsure); again { // an earlier call failed before it could take the steps below
		ended = ended || user == "" && r.RevokedAt != 0 || slices.Contains(r.Declined, user)
	}
	var users []string
	if user != "" {
		users = []string{user}
	}
	id := s.partyOf(r)
	if r.Hold { // also when repeated: a player who was told of a failure may try again after the change was done
		s.Admission.Release(id, r.ID, users...)
		s.Admission.HoldsChanged(id, false)
	}
	if !ended {
		return nil
	}
	s.publicPreviews.Invalidate(key)
	s.notices.withdraw(r.ID, user)
	s.OnInviteOver(r.ID, user)
	s.notices.tellParty(id, e)
	if user != "" {
		s.notices.tellInviter(ctx, c, r)
	}
	return nil
}

func (s *endings) mayRevoke(ctx context.Context, c party.Caller, r *record) error {
	if r.By == c.UserID {
		return nil
	}
	v, err := s.Admission.Look(ctx, s.partyOf(r))
	if err != nil && party.ReasonOf(err) != party.PartyNotFound {
		return err
	}
	if v.Leader().UserID != c.UserID {
		return party.Refuse(party.NotLeader, "Only its creator or the party leader can revoke this invite.")
	}
	return nil
}

// Decline records that a user whom the invite names will not come. It frees the held seat and tells the inviter. It
// changes nothing if the invite is over, used or declined already. Users whom the invite does not name are refused
// with InviteNotForYou.
func (s *endings) Decline(ctx context.Context, c party.Caller, typed string) error {
	key, r, err := s.find(ctx, c, "", typed)
	if err != nil {
		return err
	}
	if !slices.Contains(r.For, c.UserID) {
		return party.Refuse(party.InviteNotForYou, "Only somebody who was invited by name can decline.")
	}
	return s.end(ctx, c, key, r, event{Event: eventDeclined, ID: r.ID, By: c.UserID, User: c.UserID})
}

// releaseHold records in storage that an invite holds no seat any more, or none for the kicked user. The kicked user
// then counts as having declined: after the ban the invite lets them in if there is a free seat.
func (s *endings) releaseHold(id party.ID, inviteID, kicked string) {
	var users []string
	if kicked != "" {
		users = []string{kicked}
	}
	err := runWithTimeout(context.Background(), func(ctx context.Context) error {
		key, _, err := s.find(ctx, party.Caller{}, inviteID, "")
		if err == nil {
			_, err = s.Store.change(ctx, key, func(r *record) error {
				if !r.Hold || kicked != "" && !r.decline(kicked) {
					return errUnchanged
				}
				r.Hold = kicked != "" // for the other users it still holds seats
				return nil
			})
		}
		if err = unlessMissing(err); err != nil {
			return err
		}
		s.Admission.Release(id, inviteID, users...) // another call may have read the hold from storage again
		s.Admission.HoldsChanged(id, false)
		return nil
	})
	if err != nil {
		s.Logger.Warn("held seat of an invite not released party=%s invite=%s error=%v", id, inviteID, err)
	}
}
