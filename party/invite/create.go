package invite

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/keyed"
	"partyline/party"
)

// codeDraws bounds how many codes are drawn for an invite if other invites have the same codes.
const codeDraws = 4

// maxPerMember is how many live invites (not expired and not revoked) one user may have in one party. The bound
// exists because a list reads all of them, and every join looks at the seats that they hold.
const maxPerMember = 100

// creations makes invites. Safe for concurrent use.
type creations struct {
	*resolver
	index   *index
	notices *notices
	turns   keyed.Locks[string] // by user, whose invites are counted and written one at a time
}

// Create makes an invite to a party that the caller is a member of, and notifies the users it is for. Refusals:
// InvalidRequest naming the field, RateLimited, PartyNotFound, NotMember, NotLeader if only leaders may invite, a
// designer's rule, and PartyFull if the party has fewer free seats than the invite should hold.
func (s *creations) Create(ctx context.Context, c party.Caller, req party.InviteRequest) (made party.CreatedInvite, err error) {
	var none party.CreatedInvite
	id, err := party.NamedID(req.PartyID)
	if err != nil {
		return none, err
	}
	r, err := draft(c, req, s.Policy().Invites, s.Now())
	if err != nil {
		return none, err
	}
	done, err := s.Limits.Invite(c.UserID, len(r.For))
	if err != nil {
		return none, err
	}
	defer func() { done(made.ID != "") }()
	v, err := s.mayInvite(ctx, c, id, s.Judge)
	if err != nil {
		return none, err
	}
	origin := s.Admission.Origin(id) // stays the same if another native party takes this one's place
	s.index.add(origin)              // before the write: the party may end meanwhile
	r.PartyID = origin.String()
	code, err := s.insertBelowLimit(ctx, c, id, r)
	if err != nil {
		return none, err
	}
	made = s.createdInvite(r, code) // from here on the invite counts, even if a notification panics
	s.notices.tellTargets(ctx, c, v, made, r.For)
	only := ""
	if len(r.For) == 1 {
		only = r.For[0]
	}
	s.notices.tellParty(id, event{Event: eventCreated, ID: r.ID, By: c.UserID, User: only})
	return made, nil
}

func (s *creations) createdInvite(r *record, code Code) party.CreatedInvite {
	url := strings.TrimRight(s.Policy().Invites.PublicURL, "/") + joinPath + code.Reveal()
	return party.CreatedInvite{
		ID: r.ID, Code: code.Reveal(), URL: url, QRURL: url + "/qr.svg", PartyID: s.partyOf(r).String(), Kind: r.Kind,
		CreatedAt: r.createdAt().Unix(), ExpiresAt: r.ExpiresAt, MaxUses: r.MaxUses, Uses: r.Uses,
		HoldSeat: r.Hold, FollowInviter: r.Follow, ForUserIDs: nonNil(r.For), Message: r.Message, Info: nonNil(r.Info), Launch: json.RawMessage(r.Launch),
	}
}

// MayCreate returns the refusal that [Service.Create] would give for this party before it makes anything. It does not
// check rate limits or the request.
func (s *creations) MayCreate(ctx context.Context, c party.Caller, id party.ID, judge party.Judge) error {
	_, err := s.mayInvite(ctx, c, id, judge)
	if err == nil {
		_, err = s.checkInviteLimit(ctx, c, id)
	}
	return err
}

// checkInviteLimit refuses with RateLimited if the user has too many invites in the party. The refusal ends when the
// first of them expires. ended are the index entries of ended invites, which the caller has to delete, because only the
// first pages of the index are read.
func (s *creations) checkInviteLimit(ctx context.Context, c party.Caller, id party.ID) (ended []*runtime.StorageDelete, err error) {
	now, origin := s.Now(), s.Admission.Origin(id)
	end := func(inviteID string) {
		ended = append(ended, &runtime.StorageDelete{Collection: indexCollection(origin), Key: inviteID})
	}
	var keys []string
	_, err = s.Store.eachPointer(ctx, indexCollection(origin), func(inviteID string, p pointer) {
		switch {
		case !now.Before(time.Unix(p.ExpiresAt, 0)):
			end(inviteID)
		case p.By == c.UserID:
			keys = append(keys, p.Key)
		}
	})
	if err != nil || len(keys) < maxPerMember {
		return ended, err
	}
	live, err := s.Store.records(ctx, keys) // only the records tell which invites were revoked
	if err != nil {
		return ended, err
	}
	live = slices.DeleteFunc(live, func(r *record) bool {
		if r.ended(now) {
			end(r.ID)
		}
		return r.ended(now)
	})
	if len(live) >= maxPerMember {
		first := slices.MinFunc(live, func(a, b *record) int { return cmp.Compare(a.ExpiresAt, b.ExpiresAt) })
		err = party.RefuseRate(first.expiresAt().Sub(now))
	}
	return ended, err
}

// insertBelowLimit writes the record, unless the user has too many invites in the party.
func (s *creations) insertBelowLimit(ctx context.Context, c party.Caller, id party.ID, r *record) (Code, error) {
	unlock, err := s.turns.Lock(ctx, c.UserID)
	if err != nil {
		return Code{}, err
	}
	defer unlock()
	ended, err := s.checkInviteLimit(ctx, c, id)
	if len(ended) > 0 {
		err = cmp.Or(err, s.Store.storage.StorageDelete(ctx, ended))
	}
	if err != nil {
		return Code{}, err
	}
	if err := party.CheckUsers(ctx, "for_user_ids", s.Users, r.For); err != nil {
		return Code{}, err
	}
	return s.holdAndInsert(ctx, id, r)
}

// holdAndInsert first holds the seats that the invite asks for, then writes the record.
func (s *creations) holdAndInsert(ctx context.Context, id party.ID, r *record) (Code, error) {
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
		s.Admission.Release(id, r.ID) // also after a panic
		s.Admission.HoldsChanged(id, true)
	}()
	code, err := s.insert(ctx, id, r)
	made = err == nil
	return code, err
}

// insert writes the record under a new code. If storage fails, the write may be done all the same, now or later. Then
// insert deletes the invite again: nobody has its code, but it would be listed and hold its seats.
func (s *creations) insert(ctx context.Context, id party.ID, r *record) (Code, error) {
	for range codeDraws {
		code := NewCode(r.Kind)
		err := s.Store.create(ctx, code.key(), r)
		if err == nil {
			return code, nil
		}
		if errors.Is(err, runtime.ErrStorageRejectedVersion) {
			continue
		}
		s.undoCreate(ctx, code.key(), r, func() { s.Admission.HoldsChanged(id, true) })
		return Code{}, err
	}
	return Code{}, errTooManyRaces
}

// Renew returns the caller's own invite for everybody once more, by its code, so that sharing a party again needs no
// second invite. It changes only the message, of at most 255 bytes; "" keeps the current one. ok is false if the invite
// cannot be used any more, if half of its life is over, or if it is another kind of invite. The caller then makes a
// new one. The refusals are those of [Service.Create].
func (s *creations) Renew(ctx context.Context, c party.Caller, known string, message string) (inv party.CreatedInvite, ok bool, err error) {
	if err := party.CheckText("message", message, maxMessage); err != nil {
		return inv, false, err
	}
	code, now := Code{known}, s.Now()
	r, err := s.Store.read(ctx, code.key())
	if err != nil {
		return inv, false, unlessMissing(err)
	}
	if r.By != c.UserID || r.MaxUses > 0 || len(r.For) > 0 || r.ended(now) || now.Sub(r.createdAt()) > r.expiresAt().Sub(now) {
		return inv, false, nil
	}
	if _, err := s.mayInvite(ctx, c, s.partyOf(r), s.Judge); err != nil {
		return inv, false, err
	}
	if message != "" && r.Message != message {
		r, err = s.Store.change(ctx, code.key(), func(r *record) error {
			r.Message = message
			return nil
		})
		if err != nil {
			return inv, false, err
		}
		s.publicPreviews.Invalidate(code.key())
	}
	return s.createdInvite(r, code), true, nil
}

// nonNil never returns nil, so that clients receive [] for an empty list.
func nonNil[T any](items []T) []T { return append([]T{}, items...) }
