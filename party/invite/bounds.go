package invite

import (
	"context"
	"encoding/json"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// maxPerMember is how many invites that have not expired one user may have in one party.
// A call that lists a party's invites reads all of them, and a held seat is looked at on every
// join, so no member may pile them up.
const maxPerMember = 100

// mayHaveMore refuses with RateLimited a user who has too many invites in the party, until
// the first of them expires. Two calls at the same moment may both pass.
func (s *Service) mayHaveMore(ctx context.Context, c party.Caller, id party.ID) error {
	now := s.Now()
	count, first := 0, time.Time{}
	err := s.Store.eachIndexed(ctx, s.Admission.Origin(id), func(p pointer) {
		if p.By != c.UserID {
			return
		}
		expires := time.Unix(p.ExpiresAt, 0)
		count++
		if first.IsZero() || expires.Before(first) {
			first = expires
		}
	})
	if err != nil || count < maxPerMember {
		return err
	}
	return party.RefuseRate(first.Sub(now))
}

// eachIndexed passes the party's index to f, as far as it is read. Of invites that have
// expired it takes the entries out, so that those of others are found however many there were.
func (s *Store) eachIndexed(ctx context.Context, id party.ID, f func(pointer)) error {
	cursor := ""
	var expired []*runtime.StorageDelete
	for range indexPages {
		index, next, err := s.storage.StorageList(ctx, "", party.SystemUser, indexOf(id), page, cursor)
		if err != nil {
			return err
		}
		for _, o := range index {
			var p pointer
			if err := json.Unmarshal([]byte(o.Value), &p); err != nil {
				return err
			}
			if !s.now().Before(time.Unix(p.ExpiresAt, 0)) {
				expired = append(expired, &runtime.StorageDelete{Collection: indexOf(id), Key: o.Key})
				continue
			}
			f(p)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(expired) == 0 {
		return nil
	}
	return s.storage.StorageDelete(ctx, expired)
}

// follow finds the party an invite has followed its inviter to: the one they entered last, of
// those they may invite to. The rules were asked about the party it was made in, and about no
// other: the inviter may be a plain member there, where only leaders invite.
func (s *Service) follow(ctx context.Context, r *record, own party.ID, in []party.Membership) (party.ID, error) {
	by := party.Caller{UserID: r.By, Username: r.ByName}
	for _, m := range in {
		if m.ID == own {
			return m.ID, nil
		}
		switch err := s.MayInvite(ctx, by, m.ID, s.Judge); party.ReasonOf(err) {
		case "":
			return m.ID, nil
		case party.NotLeader, party.RuleDenied, party.NotMember, party.PartyNotFound:
		default:
			return party.ID{}, err
		}
	}
	return party.ID{}, party.Refuse(party.PartyNotFound, "Your friend is in no party at the moment.")
}
