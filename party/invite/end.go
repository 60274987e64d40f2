package invite

import (
	"context"
	"errors"
	"slices"
	"sync"

	"partyline/party"
)

// endings ends invites, for everybody or for one user, and releases the seats that they hold. Safe for concurrent
// use.
type endings struct {
	*resolver
	notices    *notices
	unsureEnds sync.Map // by ending.id: storage may have ended it, but has not said so
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
	return s.end(ctx, ending{key: key, before: r, event: event{Event: eventRevoked, ID: r.ID, By: by}, change: func(r *record) bool {
		r.RevokedAt = s.Now().Unix()
		return true
	}})
}

// ending is the end of an invite.
type ending struct {
	key    string
	before *record
	by     party.Caller // who declines; the zero Caller if it ends for everybody
	event  event
	change func(*record) bool // false if there is nothing to do
}

// id names the end: one task at most tries it again.
func (e ending) id() string { return e.before.ID + " " + e.by.UserID }

// end ends an invite, unless it has ended already. If storage does not answer, it returns the error and goes on in the
// background until the invite has ended.
func (s *endings) end(ctx context.Context, e ending) error {
	err := s.tryEnd(ctx, e, s.Store.change)
	if !errors.As(err, &unsureError{}) {
		return err
	}
	if e.before.Hold {
		s.Admission.HoldsChanged(s.partyOf(e.before), true)
	}
	if _, tried := s.unsureEnds.LoadOrStore(e.id(), true); !tried {
		s.retryLater(e.key, "end of "+e.before.ID, func(ctx context.Context) error {
			err := s.tryEnd(ctx, e, s.Store.changeInTurn)
			if party.ReasonOf(err) == party.InviteNotFound {
				s.unsureEnds.Delete(e.id())
				return nil
			}
			return err
		})
	}
	return err
}

// tryEnd ends an invite once, by a change of its record. It takes the following steps also if an earlier try has changed
// the record and could not know it.
func (s *endings) tryEnd(ctx context.Context, e ending, write func(context.Context, string, func(*record) error) (*record, error)) error {
	user, ended := e.by.UserID, false
	r, err := write(ctx, e.key, func(r *record) error {
		if ended = !r.ended(s.Now()) && e.change(r); !ended {
			return errUnchanged
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, again := s.unsureEnds.LoadAndDelete(e.id()); again { // an earlier try failed before it could do the steps below
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
	s.publicPreviews.Invalidate(e.key)
	s.notices.withdraw(r.ID, user)
	s.OnInviteOver(r.ID, user)
	s.notices.tellParty(id, e.event)
	if user != "" {
		s.notices.tellInviter(ctx, e.by, r)
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
	e := event{Event: eventDeclined, ID: r.ID, By: c.UserID, User: c.UserID}
	return s.end(ctx, ending{key, r, c, e, func(r *record) bool { return r.decline(c.UserID) }})
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
