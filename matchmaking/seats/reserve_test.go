package seats_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/matchmaking/seats"
)

// Reservations and withdrawals in between are visible to nobody. No team and no party gets more seats than it may
// have, and nobody has two seats.
func TestTable_Reservations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const teams, size = 2, 4
		most := rapid.IntRange(1, size).Draw(t, "max_party")
		tab, err := seats.New(teams, size, most)
		if err != nil {
			t.Fatal(err)
		}
		now := t0
		claim := func(t *rapid.T) seats.Claim {
			c := seats.Claim{PartyID: rapid.SampledFrom(partyNames).Draw(t, "party"), Team: rapid.IntRange(0, teams-1).Draw(t, "team")}
			c.UserIDs = rapid.SliceOfN(rapid.SampledFrom(userNames), 1, 3).Draw(t, "users")
			if c.PartyID != "" {
				c.Spares = rapid.IntRange(0, 1).Draw(t, "spares")
			}
			return c
		}
		t.Repeat(map[string]func(*rapid.T){
			"reserve": func(t *rapid.T) {
				seen := tab.Map(now)
				_ = tab.Reserve(now, now.Add(10*time.Second), claim(t))
				if !slices.Equal(seen, tab.Map(now)) {
					t.Fatalf("a reservation shows: %v; before %v", tab.Map(now), seen)
				}
			},
			"withdraw": func(t *rapid.T) {
				seen := tab.Map(now)
				tab.Withdraw(now, claim(t))
				if !slices.Equal(seen, tab.Map(now)) {
					t.Fatalf("a withdrawal shows: %v; before %v", tab.Map(now), seen)
				}
			},
			"reserve_and_withdraw": func(t *rapid.T) {
				c := claim(t)
				_, before, open := tab.Count(now)
				all := len(tab.Users(now))
				fresh := !slices.ContainsFunc(c.UserIDs, func(u string) bool { _, has := tab.Get(now, u); return has }) && c.Spares == 0 &&
					!tab.Clone().Withdraw(now, seats.Claim{PartyID: c.PartyID, Spares: 1}) // the friends would get that seat
				if tab.Reserve(now, now.Add(10*time.Second), c) == nil && fresh {
					tab.Withdraw(now, c)
				}
				if _, held, after := tab.Count(now); fresh && (held != before || after != open || len(tab.Users(now)) != all) {
					t.Fatalf("%d held, %d open; want %d and %d as before", held, after, before, open)
				}
			},
			"a_friend_comes_in": func(t *rapid.T) { // between the reservation and the hold
				c := claim(t)
				friend := rapid.SampledFrom(userNames).Draw(t, "friend")
				if c.Spares == 0 || tab.Reserve(now, now.Add(10*time.Second), c) != nil {
					return
				}
				if _, has := tab.Get(now, friend); has {
					return
				}
				_, _, before := tab.Count(now)
				c.UserIDs, c.Spares = append(c.UserIDs, friend), 0
				if err := tab.Hold(now, now.Add(20*time.Second), c); err != nil {
					t.Fatalf("the friend does not get the seat that the party has: %v", err)
				}
				if _, _, open := tab.Count(now); open != before {
					t.Fatalf("%d open; want %d as before", open, before)
				}
			},
			"hold": func(t *rapid.T) { _ = tab.Hold(now, now.Add(20*time.Second), claim(t)) },
			"take": func(t *rapid.T) {
				_, _ = tab.Take(now, rapid.SampledFrom(userNames).Draw(t, "user"), rapid.SampledFrom(partyNames).Draw(t, "party"))
			},
			"late": func(t *rapid.T) {
				_, _ = tab.Assign(now, now.Add(20*time.Second), rapid.SampledFrom(userNames).Draw(t, "user"), rapid.SampledFrom(partyNames).Draw(t, "party"), rapid.Bool().Draw(t, "awaited"))
			},
			"leave": func(t *rapid.T) { tab.Leave(now, rapid.SampledFrom(userNames).Draw(t, "user")) },
			"wait":  func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(1, 6).Draw(t, "seconds")) * time.Second) },
			"": func(t *rapid.T) {
				taken, held, open := tab.Count(now)
				if taken+held+open != teams*size || open < 0 {
					t.Fatalf("%d taken, %d held, %d open of %d", taken, held, open, teams*size)
				}
				byUser, byParty := map[string]bool{}, map[string]int{}
				for _, s := range tab.Users(now) {
					if byUser[s.UserID] {
						t.Fatalf("%s sits twice", s.UserID)
					}
					byUser[s.UserID] = true
					byParty[s.PartyID]++
				}
				for party, n := range byParty {
					if party != "" && n > most {
						t.Fatalf("party %s has %d seats of %d", party, n, most)
					}
				}
				for _, s := range tab.Map(now) {
					if s.State == seats.Reserved {
						t.Fatalf("reserved seats are shown: %+v", s)
					}
				}
			},
		})
	})
}
