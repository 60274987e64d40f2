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
