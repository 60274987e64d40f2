package matchmaking

import (
	"context"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/seats"
	"partyline/party"
)

// sameParty bounds how many matches are looked at for one party: it can sit in several
// for a moment, when it goes from one to the next.
const sameParty = 8

// noteMarks follows a change of the seats: parties of which somebody has come, or is expected who was
// not, are marked, those that have no seat any more are not. A seat that is only kept marks nobody: the
// party may have gone on to another match, before this one noticed that its players are gone.
func (c *call) noteMarks(before, after []seats.Seat) {
	here := map[string]bool{} // parties that have seats; true for those to mark
	for _, r := range after {
		known := func(old seats.Seat) bool {
			return old == r || r.State == seats.Held && old.UserID == r.UserID && old.PartyID == r.PartyID
		}
		here[r.PartyID] = here[r.PartyID] || !slices.ContainsFunc(before, known)
	}
	for _, r := range before {
		if _, still := here[r.PartyID]; !still {
			here[r.PartyID] = false
			c.unmark(r.PartyID)
		}
	}
	for partyID, more := range here {
		if more {
			c.mark(partyID)
		}
	}
}

// mark writes this match beside every member, where any node can read it. Without a mark the labels
// of the matches are searched, which are up to a second behind: what this process has begun meanwhile
// it knows by itself. A member whose socket is gone, or is on another node, is left out: the others,
// and the label, lead here as well.
func (c *call) mark(partyID string) {
	id, marks, ok := c.marks(partyID)
	if !ok {
		return
	}
	members, err := c.nk.StreamUserList(party.StreamMode, id.UUID.String(), "", id.Node, false, true)
	if err != nil {
		c.logger.Warn("party members not read party=%s error=%v", id, err)
		return
	}
	for _, p := range members {
		if i := slices.IndexFunc(marks, func(m runtime.Presence) bool { return m.GetSessionId() == p.GetSessionId() }); i >= 0 && marks[i].GetStatus() == c.id {
			continue
		}
		_ = c.nk.StreamUserUpdate(party.PartyMatchMode, id.UUID.String(), "", id.Node, p.GetUserId(), p.GetSessionId(), true, false, c.id)
	}
}

// unmark removes what mark wrote, but nothing that another match has.
func (c *call) unmark(partyID string) {
	id, marks, _ := c.marks(partyID)
	for _, p := range marks {
		if p.GetStatus() == c.id {
			_ = c.nk.StreamUserLeave(party.PartyMatchMode, id.UUID.String(), "", id.Node, p.GetUserId(), p.GetSessionId())
		}
	}
}

// marks reads what is marked of a party; ok is false where that fails, and for a player without a
// party, or a party of the game's own making.
func (c *call) marks(partyID string) (id party.ID, marks []runtime.Presence, ok bool) {
	id, err := party.ParseID(partyID)
	if err != nil {
		return id, nil, false
	}
	if marks, err = marksOf(c.nk, id); err != nil {
		c.logger.Warn("party match not read party=%s error=%v", id, err)
	}
	return id, marks, err == nil
}

func marksOf(host Host, id party.ID) ([]runtime.Presence, error) {
	return host.StreamUserList(party.PartyMatchMode, id.UUID.String(), "", id.Node, true, true)
}

// Of answers the match a party has seats in, "" for none. Marks and lists only say where
// to look: whether the party sits there the match itself answers.
func (m *Matches) Of(ctx context.Context, id party.ID) (string, error) {
	if matchID, err := m.marked(ctx, id); err != nil || matchID != "" {
		return matchID, err
	}
	if matchID, young := m.young.Kept(id.String()); young {
		if matchID, err := m.firstOf(ctx, id, matchID); err != nil || matchID != "" {
			return matchID, err
		}
	}
	// Where no match is listed nobody who leaves a party costs a search.
	any, err := m.listed.Get(ctx, struct{}{}, func(ctx context.Context) (bool, error) {
		listed, err := m.Count(ctx, 1)
		return listed > 0, err
	})
	if err != nil || !any {
		return "", err
	}
	found, err := m.list(ctx, sameParty, partyQuery(id))
	if err != nil {
		return "", err
	}
	matches := make([]string, len(found))
	for i, match := range found {
		matches[i] = match.GetMatchId()
	}
	return m.firstOf(ctx, id, matches...)
}

// listedFor is how long one look at the list of matches says whether any has seats. The list
// itself is as old. A younger match has marks beside everybody whom it holds a seat for.
const listedFor = time.Second

// marked is Of without the search.
func (m *Matches) marked(ctx context.Context, id party.ID) (string, error) {
	marks, err := marksOf(m.host, id)
	if err != nil {
		return "", err
	}
	var matches []string
	for _, p := range marks {
		if matchID := p.GetStatus(); !slices.Contains(matches, matchID) {
			matches = append(matches, matchID)
		}
	}
	return m.firstOf(ctx, id, matches...)
}

// firstOf is the first of some matches in which the party has a seat; "" for none.
func (m *Matches) firstOf(ctx context.Context, id party.ID, matches ...string) (string, error) {
	for _, matchID := range matches {
		if sits, err := m.sits(ctx, matchID, id); err != nil {
			return "", err
		} else if sits {
			return matchID, nil
		}
	}
	return "", nil
}

// sits reports whether the party has a seat in a match.
func (m *Matches) sits(ctx context.Context, matchID string, id party.ID) (bool, error) {
	l, err := m.label(ctx, matchID)
	if err != nil {
		return false, ignoreGone(err)
	}
	if l.Unlisted == 0 || slices.Contains(l.Parties, id.String()) {
		return slices.Contains(l.Parties, id.String()), nil
	}
	all, err := m.Seats(ctx, matchID, "")
	if err != nil {
		return false, ignoreGone(err)
	}
	return slices.ContainsFunc(all.Seats, func(s party.MatchSeat) bool { return s.PartyID == id.String() }), nil
}
