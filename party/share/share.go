package share

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"partyline/party"
)

const (
	maxMessage = 255 // bytes, as in an invite
	maxUsers   = 100 // users named in one call, as in an invite
)

// Request is the request of party_share.
type Request struct {
	PartyID string `json:"party_id"`
	To      To     `json:"to"`
	Message string `json:"message,omitempty"` // at most 255 bytes; "" keeps the invite's message
}

// To says who should see the shared party. At least one field must be set.
type To struct {
	Status  bool     `json:"status,omitempty"`   // followers, by the caller's Nakama status
	Friends bool     `json:"friends,omitempty"`  // mutual friends
	GroupID string   `json:"group_id,omitempty"` // the members of a group that the caller is in
	UserIDs []string `json:"user_ids,omitempty"` // at most 100
}

// Answer is the answer of party_share.
type Answer struct {
	URL       string    `json:"url"`
	ID        string    `json:"id"`         // the invite's
	ExpiresAt int64     `json:"expires_at"` // Unix seconds
	Delivered Delivered `json:"delivered"`
}

// Delivered counts the users that the call reached. Each user is counted once: a named user who is a friend counts as
// named, a friend who is in the group counts as a friend.
type Delivered struct {
	Status  int `json:"status"` // 1 if the caller's status was set
	Friends int `json:"friends"`
	Group   int `json:"group"`
	Users   int `json:"users"`
}

// Share makes the party known as the request says. It notifies at most limits.share_recipients users (see the rules):
// named users first, then friends, then the group. It never notifies members of the party or users with a block
// between them and the caller.
//
// Refusals: InvalidRequest naming the field, PartyNotFound, NotMember of the party or the group, RateLimited, and
// those of [invite.Service.Create].
func (s *Service) Share(ctx context.Context, c party.Caller, r Request) (Answer, error) {
	if err := r.check(c); err != nil {
		return Answer{}, err
	}
	id, err := party.NamedID(r.PartyID)
	if err != nil {
		return Answer{}, err
	}
	v, err := s.Admission.Look(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	member, in := v.Member(c.UserID)
	if !in {
		return Answer{}, party.NotAMember()
	}
	if own, is := v.Session(c.SessionID); is && own.UserID == c.UserID {
		member = own
	}
	if err := s.Limits.Share.Take(c.UserID); err != nil {
		return Answer{}, err
	}
	// The users are read before anything is made and chosen afterwards, so that a refusal leaves nothing behind.
	a, err := s.audience(ctx, c, v.View, r.To)
	if err != nil {
		return Answer{}, err
	}
	inv, err := s.invite(ctx, c, id, party.LinkInvite, r.Message)
	if err != nil {
		return Answer{}, err
	}
	users := a.choose()
	answer := Answer{URL: inv.URL, ID: inv.ID, ExpiresAt: inv.ExpiresAt, Delivered: a.delivered}
	if len(users) > 0 {
		if err := s.Invites.Notify(ctx, c, inv, users); err != nil {
			return Answer{}, err
		}
	}
	if r.To.Status {
		if err := s.shareStatus(ctx, member.Session, id, inv); err != nil {
			return Answer{}, err
		}
		answer.Delivered.Status = 1
	}
	return answer, nil
}

// check refuses a request that is wrong for any party. Refusals name the field.
func (r *Request) check(caller party.Caller) error {
	if to := &r.To; !to.Status && !to.Friends && to.GroupID == "" && len(to.UserIDs) == 0 {
		return party.Invalid("to", "name at least one of status, friends, group_id and user_ids.")
	}
	if err := party.CheckText("message", r.Message, maxMessage); err != nil {
		return err
	}
	if r.To.GroupID != "" {
		group, err := uuid.Parse(r.To.GroupID)
		if err != nil || group == uuid.Nil {
			return party.Invalid("to.group_id", "must be a group's ID.")
		}
		r.To.GroupID = group.String()
	}
	var err error
	r.To.UserIDs, err = party.NamedUsers("to.user_ids", caller, r.To.UserIDs, maxUsers)
	return err
}

// invite returns the caller's invite of this kind to share. It is the same one as long as that can be used. An empty
// message keeps the message that the invite has.
func (s *Service) invite(ctx context.Context, c party.Caller, id party.ID, kind party.InviteKind, message string) (party.CreatedInvite, error) {
	which := shareKey{s.Admission.Origin(id), c.UserID, kind}
	unlock, err := s.turns.Lock(ctx, c.UserID)
	if err != nil {
		return party.CreatedInvite{}, fmt.Errorf("wait for the user's other invite: %w", err)
	}
	defer unlock()
	if known, ok := s.codes.Peek(which); ok {
		inv, ok, err := s.Invites.Renew(ctx, c, known, message)
		if err != nil || ok {
			return inv, err
		}
	}
	unlimited := 0
	inv, err := s.Invites.Create(ctx, c, party.InviteRequest{PartyID: id.String(), Kind: kind, MaxUses: &unlimited, Message: message})
	if err == nil {
		s.codes.Put(which, inv.Code)
	}
	return inv, err
}

func (s *Service) shareStatus(ctx context.Context, session party.Session, id party.ID, inv party.CreatedInvite) error {
	_, entryState, err := s.entryState(ctx, id)
	if err != nil {
		return err
	}
	err = s.publish(&sharedStatus{
		id: id, session: session, url: inv.URL, text: inv.Message, inviteID: inv.ID, expiresAt: inv.ExpiresAt,
	}, entryState)
	s.Refresh(id) // a change of the party during this call found no status to update
	return err
}
