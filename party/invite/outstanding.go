package invite

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"partyline/party"
)

// MetricSteps counts the steps of invites and of those who follow them, by the tag step.
const MetricSteps = "partyline_invite_steps"

// step is one of an invite, or of somebody who follows it.
type step string

const (
	stepCreated  = step(eventCreated)
	stepFetched  = step("fetched") // a chat program or search engine has read the page
	stepOpened   = step("opened")  // a browser has opened the page
	stepRedeemed = step(eventRedeemed)
	stepMatched  = step("matched") // somebody who came by an invite has a match with the party
	stepDeclined = step(eventDeclined)
	stepRevoked  = step(eventRevoked)
)

// Counts is what became of invites on this node since the process began.
type Counts struct {
	Created  uint64 `json:"created"`
	Fetched  uint64 `json:"fetched"` // the page, by chat programs and search engines
	Opened   uint64 `json:"opened"`  // the page, in browsers
	Redeemed uint64 `json:"redeemed"`
	Matched  uint64 `json:"matched"` // players who came by an invite and then had a match with the party
	Declined uint64 `json:"declined"`
	Revoked  uint64 `json:"revoked"`
}

// counters count by step.
type counters map[step]*atomic.Uint64

func newCounters() counters {
	c := counters{}
	for _, s := range []step{stepCreated, stepFetched, stepOpened, stepRedeemed, stepMatched, stepDeclined, stepRevoked} {
		c[s] = new(atomic.Uint64)
	}
	return c
}

func (s *Service) count(what step) {
	s.counted[what].Add(1)
	s.Metrics.MetricsCounterAdd(MetricSteps, map[string]string{"step": string(what)}, 1)
}

// Counts reads the counters.
func (s *Service) Counts() Counts {
	n := func(what step) uint64 { return s.counted[what].Load() }
	return Counts{
		Created: n(stepCreated), Fetched: n(stepFetched), Opened: n(stepOpened), Redeemed: n(stepRedeemed),
		Matched: n(stepMatched), Declined: n(stepDeclined), Revoked: n(stepRevoked),
	}
}

// PageRead counts a look at the page of an invite that leads somewhere: by a program that
// fetches pages, or by a person's browser.
func (s *Service) PageRead(byProgram bool) {
	if byProgram {
		s.count(stepFetched)
		return
	}
	s.count(stepOpened)
}

// Matched counts those of the party's members who came by an invite, each once.
func (s *Service) Matched(ctx context.Context, id party.ID) {
	if s.came.Len() == 0 {
		return
	}
	v, err := s.Roster.View(ctx, id)
	if err != nil { // gone: nobody is left to be counted
		return
	}
	for _, m := range v.Members {
		if _, came := s.came.Take(m.UserID); came {
			s.count(stepMatched)
		}
	}
}

// cameWith notes who has just come by an invite, and counts them where the party's match has
// a seat for them.
func (s *Service) cameWith(userID, matchID string) {
	if matchID != "" {
		s.count(stepMatched)
		return
	}
	s.came.Put(userID, struct{}{})
}

// For so many players, and so long, a match counts as one that an invite led to.
const (
	maxCame = 50_000
	cameFor = 24 * time.Hour
)

// Live is how many invites had not ended in the last full round of the sweep; known is false before.
func (s *Service) Live() (n int, known bool) {
	live := s.live.Load()
	return int(live), live >= 0
}

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
			if gone, err := s.leadsNowhere(ctx, r); err != nil {
				return nil, false, err
			} else if !gone {
				list = append(list, Outstanding{r.summary(), s.partyNow(r)})
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
	return s.gone(ctx, id)
}
