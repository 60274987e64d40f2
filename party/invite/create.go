package invite

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"partyline/party"
)

// codeDraws bounds how often a new code is drawn because another invite has it.
const codeDraws = 4

// Create makes an invite to a party the caller is a member of and tells its targets. Refusals:
// InvalidRequest naming the field, RateLimited, PartyNotFound, NotMember, NotLeader where only
// leaders invite, a designer's rule, and PartyFull where more seats are to be held than are free.
func (s *Service) Create(ctx context.Context, c party.Caller, req party.InviteRequest) (party.CreatedInvite, error) {
	var none party.CreatedInvite
	id, err := party.NamedID(req.PartyID)
	if err != nil {
		return none, err
	}
	conf := s.Policy().Invites
	r, err := draft(c, req, conf, s.Now())
	if err != nil {
		return none, err
	}
	if err := s.Limits.InviteCreate.Take(c.UserID); err != nil {
		return none, err
	}
	s.Limits.InviteNamed(c.UserID, len(r.For))
	v, err := s.routes.mayInvite(ctx, c, id, s.Judge)
	if err != nil {
		return none, err
	}
	ended, err := s.mayHaveMore(ctx, c, id)
	if len(ended) > 0 {
		err = cmp.Or(err, s.Store.storage.StorageDelete(ctx, ended))
	}
	if err != nil {
		return none, err
	}
	if err := party.CheckUsers(ctx, "for_user_ids", s.Users, r.For); err != nil {
		return none, err
	}
	origin := s.Admission.Origin(id) // which stays, whatever becomes of the native party
	r.PartyID = origin.String()
	code, err := s.keepAndInsert(ctx, id, r)
	if err != nil {
		return none, err
	}
	s.index.add(origin)
	url := URL(conf.PublicURL, code)
	inv := s.created(r, code, url)
	s.tellTargets(ctx, &telling{by: c, view: v, made: inv, users: r.For})
	only := ""
	if len(r.For) == 1 {
		only = r.For[0]
	}
	s.tellParty(id, event{Event: eventCreated, ID: r.ID, By: c.UserID, User: only})
	return inv, nil
}

func (s *Service) created(r *record, code Code, url string) party.CreatedInvite {
	return party.CreatedInvite{
		ID: r.ID, Code: code.Reveal(), URL: url, QRURL: url + "/qr.svg", PartyID: s.routes.partyNow(r), Kind: r.Kind,
		CreatedAt: r.createdAt().Unix(), ExpiresAt: r.ExpiresAt, MaxUses: r.MaxUses, Uses: r.Uses,
		HoldSeat: r.Hold, FollowInviter: r.Follow, ForUserIDs: list(r.For), Message: r.Message, Info: list(r.Info), Launch: json.RawMessage(r.Launch),
	}
}

// MayCreate refuses as [Service.Create] does before it makes anything, but for rates and the request itself.
func (s *Service) MayCreate(ctx context.Context, c party.Caller, id party.ID, judge party.Judge) error {
	_, err := s.routes.mayInvite(ctx, c, id, judge)
	if err == nil {
		_, err = s.mayHaveMore(ctx, c, id)
	}
	return err
}

// keepAndInsert writes the record once the seats it is to hold are kept.
func (s *Service) keepAndInsert(ctx context.Context, id party.ID, r *record) (Code, error) {
	h, holds := r.hold(s.Now())
	if !holds {
		return s.insert(ctx, id, r)
	}
	if err := s.Admission.Hold(ctx, id, h); err != nil {
		return Code{}, err
	}
	made := false
	defer func() {
		if made {
			s.Admission.Stored(id, r.ID)
			return
		}
		s.Admission.Release(id, r.ID) // also if a panic goes through
		s.Admission.HoldsChanged(id, true)
	}()
	code, err := s.insert(ctx, id, r)
	made = err == nil
	return code, err
}

// insert writes the record under a fresh code. Where storage may have taken it although it
// said that it did not, or will yet, it takes it back: nobody has its code, but it would be
// listed and keep its seats.
func (s *Service) insert(ctx context.Context, id party.ID, r *record) (Code, error) {
	for range codeDraws {
		code := NewCode(r.Kind)
		err := s.Store.create(ctx, code.key(), r)
		if err == nil {
			return code, nil
		}
		if errors.Is(err, errLost) {
			continue
		}
		s.owed.takeBack(ctx, code.key(), r, func() { s.Admission.HoldsChanged(id, true) })
		return Code{}, err
	}
	return Code{}, errCrowded()
}

// list is never nil, so that clients receive [] for an empty list.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return slices.Clone(items)
}
