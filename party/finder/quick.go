package finder

import (
	"context"
	"math/rand/v2"
	"time"

	"partyline/party"
)

// Joined answers party_quick_join.
type Joined struct {
	PartyID string `json:"party_id"`
	Joined  bool   `json:"joined"`
	MatchID string `json:"match_id,omitempty"`
}

const (
	tryAtOnce = 10
	rounds    = 3 // over all that fit, before nothing does

	// newsTakes is for how long nobody here may have heard of a party that its creator has
	// already: the server answers first and calls the module's hook then.
	newsTakes = 200 * time.Millisecond
)

// QuickJoin makes the caller a member of an open party that fits, at once. It passes over
// parties that do not let the caller in, and refuses with PartyNotFound where none does. Other
// refusals: InvalidRequest naming the field, RateLimited, AlreadyInParty, NoLiveSession,
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
	// A seat that is kept for the caller is none of the free ones that the index counts.
	mine := append(s.Entry.Admission.LinesOf(c.UserID), s.Entry.Admission.KnownPartiesOf(c.UserID)...)
	if joined, _, err := s.joinOne(ctx, c, w, mine); err != nil || joined.Joined {
		return joined, err
	}
	waited := false
	for range rounds {
		if err := s.refresh(ctx); err != nil {
			return Joined{}, err
		}
		s.mu.Lock()
		start := rand.Uint64N(s.index.last + 1) // so that not all begin with the same party
		s.mu.Unlock()
		for _, from := range []uint64{start, 0} {
			joined, met, err := s.joinFirst(ctx, c, w, from)
			if err != nil || joined.Joined {
				return joined, err
			}
			if from != 0 || met {
				continue
			}
			if waited {
				return Joined{}, noneFits()
			}
			waited = true
			select {
			case <-time.After(newsTakes):
			case <-ctx.Done():
				return Joined{}, ctx.Err()
			}
			break // look again
		}
	}
	return Joined{}, noneFits()
}

func noneFits() error {
	return party.Refuse(party.PartyNotFound, "No open party fits at the moment.")
}

// joinFirst tries the parties that fit, from one in the index on. met is whether one was full
// by the time.
func (s *Service) joinFirst(ctx context.Context, c party.Caller, w wanted, after uint64) (joined Joined, met bool, err error) {
	for {
		ids, last := s.next(w, after, tryAtOnce)
		joined, full, err := s.joinOne(ctx, c, w, ids)
		met = met || full
		if after = last; err != nil || joined.Joined || last == 0 {
			return joined, met, err
		}
	}
}

// joinOne tries those of the parties that fit.
func (s *Service) joinOne(ctx context.Context, c party.Caller, w wanted, ids []party.ID) (joined Joined, met bool, err error) {
	looks, err := s.fitting(ctx, c, ids, w)
	if err != nil {
		return joined, met, err
	}
	for _, look := range looks {
		if _, member := look.Member(c.UserID); member {
			continue
		}
		switch err := s.Entry.Join(ctx, c, look); party.ReasonOf(err) {
		case "":
			joined = Joined{PartyID: look.ID.String(), Joined: true}
			joined.MatchID, _ = s.Seat(ctx, look.ID, c.UserID)
			return joined, met, nil
		case party.AlreadyInParty, party.NoLiveSession, party.SessionAmbiguous, party.Internal:
			return joined, met, err
		case party.PartyFull:
			met = true
		}
	}
	return joined, met, nil
}
