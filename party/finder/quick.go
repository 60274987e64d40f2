package finder

import (
	"context"
	"slices"
	"time"

	"partyline/internal/bounded"
	"partyline/party"
)

// Joined is the answer of party_quick_join.
type Joined struct {
	PartyID string `json:"party_id"`
	Joined  bool   `json:"joined"`
	MatchID string `json:"match_id,omitempty"`
}

const (
	triesPerStep = 10
	maxTries     = 150 // in one round, because a rule may refuse each of them

	// newsDelay is how long this process may not have heard of a new party although its creator has: the server first
	// answers the creator and then calls the module's hook.
	newsDelay = 200 * time.Millisecond
)

// QuickJoin makes the caller a member of an open party that fits. It skips parties that do not let the caller in. If
// none does, it tries again after a moment, and waits then for busy parties too. It refuses with PartyNotFound if none
// lets the caller in. Other refusals: InvalidRequest naming the field, RateLimited, AlreadyInParty, NoLiveSession,
// SessionAmbiguous.
func (s *Service) QuickJoin(ctx context.Context, c party.Caller, f Filter) (Joined, error) {
	w, err := f.check()
	if err != nil {
		return Joined{}, err
	}
	w.free = max(w.free, 1)
	if _, err := s.Entry.Session(c, "", party.View{}); err != nil {
		return Joined{}, err
	}
	if err := s.Limits.QuickJoin.Take(c.UserID); err != nil {
		return Joined{}, err
	}
	// Parties that may have a seat for the caller in particular. The free seats in the index do not include it.
	known := s.Entry.Admission
	own := slices.Concat(known.Waitlists.Of(c.UserID), known.KnownPartiesOf(c.UserID), known.Held.Of(c.UserID))
	for round, see := range []lookFunc{known.TryLook, known.Look} {
		if round > 0 {
			if err := bounded.Sleep(ctx, newsDelay); err != nil {
				return Joined{}, err
			}
		}
		busy := s.refresh(ctx)
		ids := slices.Concat(own, s.sample(w))
		if round > 0 {
			ids = append(ids, busy...)
		}
		if joined, err := s.joinOne(ctx, c, w, ids, see); err != nil || joined.Joined {
			return joined, err
		}
	}
	return Joined{}, party.Refuse(party.PartyNotFound, "No open party fits at the moment.")
}

// sample returns parties that fit according to the index, in random order.
func (s *Service) sample(w query) []party.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.searched = true
	return s.index.sample(w, maxTries)
}

// joinOne makes the caller a member of the first of the parties that lets them in.
func (s *Service) joinOne(ctx context.Context, c party.Caller, w query, ids []party.ID, see lookFunc) (Joined, error) {
	for step := range slices.Chunk(ids, triesPerStep) {
		looks, err := s.fitting(ctx, c, step, w, see)
		if err != nil {
			return Joined{}, err
		}
		for _, look := range looks {
			if _, member := look.Member(c.UserID); member {
				continue
			}
			switch err := s.Entry.Join(ctx, c, look); party.ReasonOf(err) {
			case "":
				joined := Joined{PartyID: look.ID.String(), Joined: true}
				joined.MatchID, _ = s.Seat(ctx, look.ID, c.UserID, look.Expects(c.UserID))
				return joined, nil
			case party.AlreadyInParty, party.NoLiveSession, party.SessionAmbiguous, party.Internal:
				return Joined{}, err
			}
		}
	}
	return Joined{}, nil
}
