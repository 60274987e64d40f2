package invite

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"

	"partyline/party"
)

// counters are what became of invites on this node since the process began.
type counters struct{ created, redeemed, declined, revoked atomic.Uint64 }

// Counts is what became of invites on this node since the process began.
type Counts struct {
	Created  uint64 `json:"created"`
	Redeemed uint64 `json:"redeemed"`
	Declined uint64 `json:"declined"`
	Revoked  uint64 `json:"revoked"`
}

func (c *counters) count(event eventName) {
	switch event {
	case eventCreated:
		c.created.Add(1)
	case eventRedeemed:
		c.redeemed.Add(1)
	case eventDeclined:
		c.declined.Add(1)
	case eventRevoked:
		c.revoked.Add(1)
	}
}

// Counts reads the counters.
func (s *Service) Counts() Counts {
	return Counts{
		Created: s.counted.created.Load(), Redeemed: s.counted.redeemed.Load(),
		Declined: s.counted.declined.Load(), Revoked: s.counted.revoked.Load(),
	}
}

// Outstanding is an invite that somebody can still use.
type Outstanding struct {
	party.InviteSummary
	PartyID string `json:"party_id"`
}

const outstandingPages = 20 // most pages of invites that are looked at

// Outstanding lists the invites that can still be used, of all live parties, the latest
// made first; more says that there were too many to look at all. No code is in it: none is
// kept anywhere. It reads the database and is for operators.
func (s *Service) Outstanding(ctx context.Context) (list []Outstanding, more bool, err error) {
	now := s.Now()
	cursor := ""
	for range outstandingPages {
		objects, next, err := s.Store.list(ctx, cursor)
		if err != nil {
			return nil, false, err
		}
		for _, o := range objects {
			var r record
			if err := json.Unmarshal([]byte(o.GetValue()), &r); err != nil {
				s.Logger.Warn("invite not readable error=%v", err)
				continue
			}
			if r.ended(now) || r.exhausted() {
				continue
			}
			if gone, err := s.leadsNowhere(ctx, &r); err != nil {
				return nil, false, err
			} else if !gone {
				list = append(list, Outstanding{r.summary(), s.partyNow(&r)})
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

// leadsNowhere reports whether the party of an invite has ended. One that follows its
// inviter may still lead to the next.
func (s *Service) leadsNowhere(ctx context.Context, r *record) (bool, error) {
	if r.Follow {
		return false, nil
	}
	id, err := s.partyOf(r)
	if err != nil {
		return true, nil
	}
	_, err = s.Admission.Look(ctx, id)
	switch party.ReasonOf(err) {
	case party.PartyNotFound:
		return true, nil
	case party.PartyAway:
		return false, nil
	}
	return false, err
}
