package invite

import (
	"context"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// maxPerMember is how many invites that have not expired one user may have in one party: a list
// reads all of them, and every join looks at the seats they hold.
const maxPerMember = 100

// mayHaveMore refuses with RateLimited a user who has too many invites in the party, until the
// first of them expires. Two calls at once may both pass. What has expired is to go out of the
// index, of which only the first pages are read.
func (s *Service) mayHaveMore(ctx context.Context, c party.Caller, id party.ID) (expired []*runtime.StorageDelete, err error) {
	now, origin := s.Now(), s.Admission.Origin(id)
	count, first := 0, time.Time{}
	err = s.Store.eachIndexed(ctx, origin, func(inviteID string, p pointer) {
		expires := time.Unix(p.ExpiresAt, 0)
		switch {
		case !now.Before(expires):
			expired = append(expired, &runtime.StorageDelete{Collection: indexOf(origin), Key: inviteID})
			return
		case p.By != c.UserID:
			return
		}
		count++
		if first.IsZero() || expires.Before(first) {
			first = expires
		}
	})
	if err == nil && count >= maxPerMember {
		err = party.RefuseRate(first.Sub(now))
	}
	return expired, err
}

// follow finds the party an invite has followed its inviter to: the one they entered last, of
// those they may invite to. The rules were asked about the party it was made in alone.
func (s *Service) follow(ctx context.Context, r *record, own party.ID, in []party.Membership) (party.ID, error) {
	by := party.Caller{UserID: r.By, Username: r.ByName}
	for _, m := range in {
		if m.ID == own {
			return m.ID, nil
		}
		switch _, err := s.mayInvite(ctx, by, m.ID, s.Judge); party.ReasonOf(err) {
		case "":
			return m.ID, nil
		case party.NotLeader, party.RuleDenied, party.NotMember, party.PartyNotFound:
		default:
			return party.ID{}, err
		}
	}
	return party.ID{}, party.Refuse(party.PartyNotFound, "Your friend is in no party at the moment.")
}
