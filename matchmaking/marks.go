package matchmaking

import (
	"context"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/cache"
	"partyline/matchmaking/seats"
	"partyline/party"
)

// maxPartyMatches limits how many matches are checked for one party. A party that goes from one match to the next has
// seats in several for a moment.
const maxPartyMatches = 8

// A match writes its ID to a stream of each of its parties, as the status of every member. Any node can read such a
// mark. Without a mark, the labels of matches are searched. They are up to a second late, so matchFinder also
// remembers what this process has just started.

// markParties marks parties that got seats. It skips a member whose socket is gone or on another node: the marks of
// the others, and the label, lead here as well. A kept seat marks nobody: the party may have moved on to another match
// before this one noticed that its players are gone.
func (c *call) markParties(came []seats.Seat) {
	for _, text := range partiesOf(came) {
		id, err := party.ParseID(text)
		if err != nil {
			continue // the game made up this ID
		}
		members, err := membersOf(c.nk, id)
		if err != nil {
			c.logger.Warn("party members not read party=%s error=%v", id, err)
			continue
		}
		marked := c.marked(id)
		for _, p := range members {
			if !slices.ContainsFunc(marked, func(mark runtime.Presence) bool { return mark.GetSessionId() == p.GetSessionId() }) {
				_ = c.nk.StreamUserUpdate(party.PartyMatchMode, id.UUID.String(), "", id.Node, p.GetUserId(), p.GetSessionId(), true, false, c.id)
			}
		}
	}
}

// unmarkParties removes the marks of parties that have no seat any more.
func (c *call) unmarkParties(before, after []seats.Seat) {
	here := partiesOf(after)
	for _, text := range partiesOf(before) {
		id, err := party.ParseID(text)
		if err != nil || slices.Contains(here, text) {
			continue
		}
		for _, p := range c.marked(id) {
			_ = c.nk.StreamUserLeave(party.PartyMatchMode, id.UUID.String(), "", id.Node, p.GetUserId(), p.GetSessionId())
		}
	}
}

// marked returns this match's marks of a party. Marks of other matches stay.
func (c *call) marked(id party.ID) []runtime.Presence {
	marks, err := marksOf(c.nk, id)
	if err != nil {
		c.logger.Warn("party match not read party=%s error=%v", id, err)
	}
	return slices.DeleteFunc(marks, func(p runtime.Presence) bool { return p.GetStatus() != c.id })
}

// partiesOf returns the parties of seats, each once. Never nil.
func partiesOf(rows []seats.Seat) []string {
	ids := []string{}
	for _, r := range rows {
		if r.PartyID != "" && !slices.Contains(ids, r.PartyID) {
			ids = append(ids, r.PartyID)
		}
	}
	return ids
}

func marksOf(host Host, id party.ID) ([]runtime.Presence, error) {
	return host.StreamUserList(party.PartyMatchMode, id.UUID.String(), "", id.Node, true, true)
}

// membersOf reads a party's members from the host's own presences, which no client can forge.
func membersOf(host Host, id party.ID) ([]runtime.Presence, error) {
	return host.StreamUserList(party.StreamMode, id.UUID.String(), "", id.Node, false, true)
}

// The host's lists show a match about a second after it was made, on a busy host later.
const (
	recentTTL = 10 * time.Second
	maxRecent = 10_000 // parties
)

// listedTTL is how long one read of the list of matches answers whether any match has seats. The list itself is up
// to a second late too. Everybody with a held seat in a newer match has a mark.
const listedTTL = time.Second

// matchFinder finds the match in which a party has seats.
type matchFinder struct {
	*matchClient
	recent *cache.Cache[string, string] // matches that lists may not show yet, by party
	listed *cache.Cache[struct{}, bool] // whether lists show any match with seats
}

// remember records that these parties now have seats in the match.
func (w *matchFinder) remember(matchID string, claims []seats.Claim) {
	for _, c := range claims {
		if c.PartyID != "" {
			w.recent.Put(c.PartyID, matchID)
		}
	}
}

// MatchOf returns the match in which a party has seats, "" if there is none. Marks and lists only say where to look;
// the match itself answers whether the party has a seat there.
func (w *matchFinder) MatchOf(ctx context.Context, id party.ID) (string, error) {
	if matchID, err := w.marked(ctx, id); err != nil || matchID != "" {
		return matchID, err
	}
	if matchID, young := w.recent.Peek(id.String()); young {
		if matchID, err := w.firstOf(ctx, id, matchID); err != nil || matchID != "" {
			return matchID, err
		}
	}
	// If no match is listed, no search is needed, for example when a member leaves a party.
	any, err := w.listed.Get(ctx, struct{}{}, func(ctx context.Context) (bool, error) {
		listed, err := w.Count(ctx, 1)
		return listed > 0, err
	})
	if err != nil || !any {
		return "", err
	}
	found, err := w.list(ctx, maxPartyMatches, partyQuery(id))
	if err != nil {
		return "", err
	}
	matches := make([]string, len(found))
	for i, match := range found {
		matches[i] = match.GetMatchId()
	}
	return w.firstOf(ctx, id, matches...)
}

// marked is MatchOf without the search.
func (w *matchFinder) marked(ctx context.Context, id party.ID) (string, error) {
	marks, err := marksOf(w.host, id)
	if err != nil {
		return "", err
	}
	var matches []string
	for _, p := range marks {
		if matchID := p.GetStatus(); !slices.Contains(matches, matchID) {
			matches = append(matches, matchID)
		}
	}
	return w.firstOf(ctx, id, matches...)
}

// firstOf returns the first of the matches in which the party has a seat; "" if there is none.
func (w *matchFinder) firstOf(ctx context.Context, id party.ID, matches ...string) (string, error) {
	for _, matchID := range matches {
		if sits, err := w.hasSeat(ctx, matchID, id); err != nil {
			return "", err
		} else if sits {
			return matchID, nil
		}
	}
	return "", nil
}

// hasSeat reports whether the party has a seat in a match.
func (w *matchFinder) hasSeat(ctx context.Context, matchID string, id party.ID) (bool, error) {
	l, err := w.label(ctx, matchID)
	if err != nil {
		return false, ignoreGone(err)
	}
	if l.Unlisted == 0 || slices.Contains(l.Parties, id.String()) {
		return slices.Contains(l.Parties, id.String()), nil
	}
	all, err := w.Seats(ctx, matchID, "")
	if err != nil {
		return false, ignoreGone(err)
	}
	return slices.ContainsFunc(all.Seats, func(s party.MatchSeat) bool { return s.PartyID == id.String() }), nil
}
