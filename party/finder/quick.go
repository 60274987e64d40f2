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
	maxTries     = 100 // in one round, because a rule may refuse each of them
	maxRounds    = 3   // over the parties that fit, before the call gives up

	// newsDelay is how long this process may not have heard of a new party although its creator has: the server first
	// answers the creator and then calls the module's hook.
	newsDelay = 200 * time.Millisecond
)

// QuickJoin makes the caller a member of an open party that fits. It skips parties that do not let the caller in, and
// tries busy parties last. If no party lets the caller in, it refuses with PartyNotFound. Other refusals:
// InvalidRequest naming the field, RateLimited, AlreadyInParty, NoLiveSession, SessionAmbiguous.
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
	w.ownParties = s.ownParties(c.UserID)
	if t, err := s.joinOne(ctx, c, w, w.ownParties, s.Entry.Admission.TryLook); err != nil || t.joined.Joined {
		return t.joined, err
	}
	var busy []party.ID
	var after uint64
	waited := false
	for round := range maxRounds {
		unread, err := s.refresh(ctx)
		if err != nil {
			return Joined{}, err
		}
		if round == 0 {
			after = s.randomStart(w)
		}
		t, err := s.joinRound(ctx, c, w, after)
		if err != nil || t.joined.Joined {
			return t.joined, err
		}
		after = t.next
		busy = append(t.busy, slices.DeleteFunc(unread, func(id party.ID) bool { return slices.Contains(t.busy, id) })...)
		if t.full {
			continue
		}
		if waited {
			break
		}
		waited = true
		if err := bounded.Sleep(ctx, newsDelay); err != nil {
			return Joined{}, err
		}
	}
	if t, err := s.joinOne(ctx, c, w, busy, s.Entry.Admission.Look); err != nil || t.joined.Joined {
		return t.joined, err
	}
	return Joined{}, party.Refuse(party.PartyNotFound, "No open party fits at the moment.")
}

// ownParties returns the parties that may have a seat for the user in particular. The free seats in the index do not
// include it.
func (s *Service) ownParties(userID string) []party.ID {
	known := s.Entry.Admission
	return slices.Concat(known.Waitlists.Of(userID), known.KnownPartiesOf(userID), known.Held.Of(userID))
}

// tryResult is the result of trying some parties.
type tryResult struct {
	joined Joined
	full   bool       // a party was full when tried
	busy   []party.ID // parties that were skipped as busy
	next   uint64     // the index number to continue after
}

// joinRound tries parties that fit, at most maxTries: those with an index number above after, then the ones before.
func (s *Service) joinRound(ctx context.Context, c party.Caller, w query, after uint64) (all tryResult, err error) {
	all.next = after
	wrapped := after == 0
	for tries := 0; tries < maxTries; tries += triesPerStep {
		ids, seqs, last := s.candidates(w, all.next, triesPerStep)
		if n, _ := slices.BinarySearch(seqs, after+1); wrapped && after > 0 && n < len(ids) {
			ids, last = ids[:n], 0 // the others were tried before the wrap
		}
		t, err := s.joinOne(ctx, c, w, ids, s.Entry.Admission.TryLook)
		all = tryResult{t.joined, all.full || t.full, append(all.busy, t.busy...), last}
		if err != nil || t.joined.Joined {
			return all, err
		}
		if last == 0 && wrapped {
			all.next = after
			break
		}
		wrapped = wrapped || last == 0
	}
	return all, nil
}

func (s *Service) joinOne(ctx context.Context, c party.Caller, w query, ids []party.ID, see lookFunc) (t tryResult, err error) {
	looks, busy, err := s.fitting(ctx, c, ids, w, see)
	t.busy = busy
	if err != nil {
		return t, err
	}
	for _, look := range looks {
		if _, member := look.Member(c.UserID); member {
			continue
		}
		switch err := s.Entry.Join(ctx, c, look); party.ReasonOf(err) {
		case "":
			t.joined = Joined{PartyID: look.ID.String(), Joined: true}
			t.joined.MatchID, _ = s.Seat(ctx, look.ID, c.UserID, look.Expects(c.UserID))
			return t, nil
		case party.AlreadyInParty, party.NoLiveSession, party.SessionAmbiguous, party.Internal:
			return t, err
		case party.PartyFull:
			t.full = true
		}
	}
	return t, nil
}
