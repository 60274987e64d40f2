package invite

import (
	"cmp"
	"context"
	"slices"

	"partyline/party"
)

// Outstanding is an invite that somebody can still use.
type Outstanding struct {
	party.InviteSummary
	PartyID string `json:"party_id"`
}

const outstandingPages = 20 // most pages of invites that are looked at

// Outstanding lists the invites that can still be used, of all live parties, the latest made
// first, for operators; more says that there were too many to look at all.
func (s *Service) Outstanding(ctx context.Context) (list []Outstanding, more bool, err error) {
	now := s.Now()
	cursor := ""
	for range outstandingPages {
		objects, next, err := s.Store.storage.StorageList(ctx, "", party.SystemUser, invitesCollection, page, cursor)
		if err != nil {
			return nil, false, err
		}
		for _, o := range objects {
			r, err := decode(o)
			if err != nil {
				s.Logger.Warn("invite not readable error=%v", err)
				continue
			}
			if r.ended(now) || r.exhausted() {
				continue
			}
			if gone, err := s.routes.leadsNowhere(ctx, r); err != nil {
				return nil, false, err
			} else if !gone {
				list = append(list, Outstanding{r.summary(), s.routes.partyNow(r)})
			}
		}
		cursor = next
		if cursor == "" {
			break
		}
	}
	slices.SortFunc(list, func(a, b Outstanding) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return list, cursor != "", nil
}
