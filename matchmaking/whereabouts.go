package matchmaking

import (
	"context"
	"slices"
	"sync"
	"time"

	"partyline/matchmaking/seats"
	"partyline/party"
)

const (
	// knownFor is how long the cache answers for a party in a match without being asked
	// again, noneFor how long it remembers that a party is in none.
	knownFor = 30 * time.Minute
	noneFor  = 2 * time.Second
	// maxKnown bounds the cache; it is emptied of what is old when it grows beyond.
	maxKnown = 50_000
	// sameParty bounds how many matches are looked at for one party: it can sit in
	// several for a moment, when it goes from one to the next.
	sameParty = 8
)

// whereabouts is a cache of the match each party is in, as far as this process knows.
// Losing it costs a search each.
type whereabouts struct {
	now     party.Clock
	mu      *sync.Mutex
	byParty map[string]whereabout
}

type whereabout struct {
	matchID string // "" = in none
	until   time.Time
}

func newWhereabouts(now party.Clock) whereabouts {
	return whereabouts{now: now, mu: new(sync.Mutex), byParty: map[string]whereabout{}}
}

// are notes that the parties of the claims are in a match.
func (w whereabouts) are(matchID string, claims []seats.Claim) {
	for _, c := range claims {
		if c.PartyID != "" {
			w.is(c.PartyID, matchID)
		}
	}
}

func (w whereabouts) is(partyID, matchID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(partyID, whereabout{matchID, w.now().Add(knownFor)})
}

// none notes that a party is in no match. Where it has come into one other than seen
// meanwhile, that stands.
func (w whereabouts) none(partyID, seen string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if k := w.byParty[partyID]; k.matchID == "" || k.matchID == seen {
		w.put(partyID, whereabout{"", w.now().Add(noneFor)})
	}
}

// put makes room first. The caller holds the lock.
func (w whereabouts) put(partyID string, known whereabout) {
	now := w.now()
	if len(w.byParty) >= maxKnown {
		for id, k := range w.byParty {
			if !now.Before(k.until) {
				delete(w.byParty, id)
			}
		}
	}
	if len(w.byParty) < maxKnown {
		w.byParty[partyID] = known
	}
}

// recent is what was last found out of a party; known is false if that is too old.
func (w whereabouts) recent(partyID string) (matchID string, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k, ok := w.byParty[partyID]
	return k.matchID, ok && w.now().Before(k.until)
}

// Of answers the match a party has seats in, the newest where there are several; "" for
// none. The match's own label decides; a party that does not fit into its match's label
// is found by the node that placed it alone.
func (m *Matches) Of(ctx context.Context, id party.ID) (string, error) {
	last, known := m.where.recent(id.String())
	if known && last != "" {
		if sits, err := m.sits(ctx, last, id); err != nil || sits {
			return last, err
		}
	}
	found, err := m.host.MatchList(ctx, sameParty, true, "", nil, nil, partyQuery(id))
	if err != nil {
		return "", err
	}
	for _, match := range found {
		if sits, err := m.sits(ctx, match.GetMatchId(), id); err != nil {
			return "", err
		} else if sits {
			m.where.is(id.String(), match.GetMatchId())
			return match.GetMatchId(), nil
		}
	}
	m.where.none(id.String(), last)
	return "", nil
}

var _ party.MatchOf = (*Matches)(nil).Of

// sits reports whether the party has a seat in a match.
func (m *Matches) sits(ctx context.Context, matchID string, id party.ID) (bool, error) {
	l, err := m.label(ctx, matchID)
	if err != nil {
		return false, ignoreGone(err)
	}
	if l.Unlisted == 0 || slices.Contains(l.Parties, id.String()) {
		return slices.Contains(l.Parties, id.String()), nil
	}
	all, err := m.Seats(ctx, matchID)
	if err != nil {
		return false, ignoreGone(err)
	}
	return slices.ContainsFunc(all.Seats, func(s party.MatchSeat) bool { return s.PartyID == id.String() }), nil
}
