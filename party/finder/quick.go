package finder

import (
	"context"
	"math/rand/v2"
	"slices"
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
	tryMost   = 100 // in one round: a rule may refuse each
	rounds    = 3   // over those that fit, before nothing does

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
	w.mine = s.mine(c.UserID)
	if joined, _, err := s.joinOne(ctx, c, w, w.mine); err != nil || joined.Joined {
		return joined, err
	}
	waited := false
	for range rounds {
		if err := s.refresh(ctx); err != nil {
			return Joined{}, err
		}
		joined, met, err := s.joinFirst(ctx, c, w)
		switch {
		case err != nil || joined.Joined:
			return joined, err
		case met:
			continue
		case waited:
			return Joined{}, noneFits()
		}
		waited = true
		select {
		case <-time.After(newsTakes):
		case <-ctx.Done():
			return Joined{}, ctx.Err()
		}
	}
	return Joined{}, noneFits()
}

// mine lists the parties in which a seat may be kept for the user: it is none of the free ones
// that the index counts.
func (s *Service) mine(userID string) []party.ID {
	known := s.Entry.Admission
	return slices.Concat(known.Lines.Of(userID), known.KnownPartiesOf(userID), known.Held.Of(userID))
}

func noneFits() error {
	return party.Refuse(party.PartyNotFound, "No open party fits at the moment.")
}

// joinFirst tries the parties that fit, from any in the index on and then from the first, so that
// not all callers begin with the same one. met is whether one was full by the time.
func (s *Service) joinFirst(ctx context.Context, c party.Caller, w wanted) (joined Joined, met bool, err error) {
	s.mu.Lock()
	after := rand.Uint64N(s.index.last + 1)
	s.mu.Unlock()
	again := after > 0
	for tries := tryAtOnce; ; tries += tryAtOnce {
		ids, _, last := s.next(w, after, tryAtOnce)
		joined, full, err := s.joinOne(ctx, c, w, ids)
		met = met || full
		if err != nil || joined.Joined || last == 0 && !again || tries >= tryMost {
			return joined, met, err
		}
		after, again = last, again && last > 0
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
			joined.MatchID, _ = s.Seat(ctx, look.ID, c.UserID, look.Expects(c.UserID))
			return joined, met, nil
		case party.AlreadyInParty, party.NoLiveSession, party.SessionAmbiguous, party.Internal:
			return joined, met, err
		case party.PartyFull:
			met = true
		}
	}
	return joined, met, nil
}
