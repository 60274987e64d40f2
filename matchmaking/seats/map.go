package seats

import (
	"cmp"
	"slices"
	"time"
)

// Users lists everybody with a seat of their own, reserved ones too, in no order.
func (t *Table) Users(now time.Time) []Seat {
	t.Purge(now)
	return slices.DeleteFunc(slices.Clone(t.rows), func(s Seat) bool { return s.UserID == "" })
}

// Get is the seat of a user, if there is one; it may be only reserved.
func (t *Table) Get(now time.Time, userID string) (Seat, bool) {
	s := t.seatOf(userID)
	if s == nil || !s.live(now) {
		return Seat{}, false
	}
	return *s, true
}

// Count says how many seats are taken, held or reserved, and open.
func (t *Table) Count(now time.Time) (taken, held, open int) {
	for _, s := range t.rows {
		switch {
		case s.State == Taken:
			taken++
		case s.live(now):
			held++
		}
	}
	return taken, held, t.Capacity() - taken - held
}

// FirstExpiry is when the first hold or reservation ends; zero where there is none.
func (t *Table) FirstExpiry() time.Time {
	var first time.Time
	for _, s := range t.rows {
		if s.State != Taken && (first.IsZero() || s.Expires.Before(first)) {
			first = s.Expires
		}
	}
	return first
}

// OpenByTeam is the number of open seats of each team, as in Map.
func (t *Table) OpenByTeam(now time.Time) []int {
	open := make([]int, t.teams)
	for _, s := range t.Map(now) {
		if s.State == Open {
			open[s.Team]++
		}
	}
	return open
}

// Parties lists the parties that have seats, those with the most first, then by ID; never nil.
func (t *Table) Parties(now time.Time) []string {
	t.Purge(now)
	ids := []string{}
	size := map[string]int{}
	for _, s := range t.rows {
		if s.PartyID == "" || s.State == Reserved {
			continue
		}
		if size[s.PartyID] == 0 {
			ids = append(ids, s.PartyID)
		}
		size[s.PartyID]++
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(size[b]-size[a], cmp.Compare(a, b)) })
	return ids
}

// Map lists every seat, open ones too: by team, taken before held before open, then by
// party and user. Reserved ones are open here. Its length is the capacity.
func (t *Table) Map(now time.Time) []Seat {
	t.Purge(now)
	all := append(make([]Seat, 0, t.Capacity()), t.rows...)
	for i := range all {
		if all[i].State == Reserved {
			all[i] = Seat{Team: all[i].Team, State: Open}
		}
	}
	for team := range t.teams {
		for range t.free(team) {
			all = append(all, Seat{Team: team, State: Open})
		}
	}
	rank := func(s State) int { return slices.Index(inMap[:], s) }
	slices.SortStableFunc(all, func(a, b Seat) int {
		if c := cmp.Or(a.Team-b.Team, rank(a.State)-rank(b.State)); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.PartyID, b.PartyID), cmp.Compare(a.UserID, b.UserID))
	})
	return all
}

// inMap is the order of the states in Map.
var inMap = [...]State{Taken, Held, Open}
