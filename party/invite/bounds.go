package invite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// maxPerMember is how many invites that have neither expired nor been revoked one user may have in one
// party: a list reads all of them, and every join looks at the seats they hold.
const maxPerMember = 100

// mayHaveMore refuses with RateLimited a user who has too many invites in the party, until the
// first of them expires. Two calls at once may both pass. What has ended is to go out of the
// index, of which only the first pages are read.
func (s *Service) mayHaveMore(ctx context.Context, c party.Caller, id party.ID) (ended []*runtime.StorageDelete, err error) {
	now, origin := s.Now(), s.Admission.Origin(id)
	end := func(inviteID string) {
		ended = append(ended, &runtime.StorageDelete{Collection: indexOf(origin), Key: inviteID})
	}
	var keys []string
	err = s.Store.eachIndexed(ctx, origin, func(inviteID string, p pointer) {
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
	records, err := s.Store.records(ctx, keys) // only these say what was revoked
	if err != nil {
		return ended, err
	}
	for _, r := range records {
		if r.ended(now) {
			end(r.ID)
		}
	}
	records = slices.DeleteFunc(records, func(r *record) bool { return r.ended(now) })
	if len(records) >= maxPerMember {
		first := slices.MinFunc(records, func(a, b *record) int { return cmp.Compare(a.ExpiresAt, b.ExpiresAt) })
		err = party.RefuseRate(first.expiresAt().Sub(now))
	}
	return ended, err
}
