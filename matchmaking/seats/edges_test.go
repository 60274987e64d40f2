package seats_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"partyline/matchmaking/seats"
)

// An expired hold belongs to nobody: no call finds it.
func TestExpired_IsNobodys(t *testing.T) {
	over := func() *seats.Table {
		tab := table(t, 1, 2)
		hold(t, tab, seats.Claim{PartyID: "p", UserIDs: []string{"a"}, Spares: 1}, 10)
		return tab
	}
	claim := seats.Claim{PartyID: "p", UserIDs: []string{"a"}, Spares: 1}
	for name, finds := range map[string]func(tab *seats.Table, now time.Time) bool{
		"Leave":  func(tab *seats.Table, now time.Time) bool { return tab.Leave(now, "a") },
		"Rename": func(tab *seats.Table, now time.Time) bool { return tab.Rename(now, "p", "q") },
		"Extend": func(tab *seats.Table, now time.Time) bool { return tab.Extend(now, "a", "p", at(60)) },
		"Get":    func(tab *seats.Table, now time.Time) bool { _, ok := tab.Get(now, "a"); return ok },
		"Users":  func(tab *seats.Table, now time.Time) bool { return len(tab.Users(now)) > 0 },
		"Purge":  func(tab *seats.Table, now time.Time) bool { return tab.Purge(now) == 0 },
		"Count":  func(tab *seats.Table, now time.Time) bool { _, held, _ := tab.Count(now); return held > 0 },
		"Assign": func(tab *seats.Table, now time.Time) bool {
			_, err := tab.Assign(now, at(60), "b", "p", false)
			return err == nil
		},
		"Hold": func(tab *seats.Table, now time.Time) bool {
			return tab.Hold(now, at(60), seats.Claim{UserIDs: []string{"x"}}) != nil
		},
	} {
		if !finds(over(), at(9)) {
			t.Errorf("%s does not find a hold before its end", name)
		}
		if finds(over(), at(10)) {
			t.Errorf("%s finds a hold that is over", name)
		}
	}
	tab := table(t, 1, 2)
	if err := tab.Reserve(t0, at(10), claim); err != nil {
		t.Fatal(err)
	}
	if tab.Clone().Withdraw(at(10), claim) || !tab.Withdraw(at(9), claim) {
		t.Error("Withdraw finds a reservation that is over, or none before its end")
	}
}

// A repeated claim also extends the spare seats, but not the seats of others.
func TestHold_ProlongsSpares(t *testing.T) {
	tab := table(t, 2, 3)
	for _, c := range []seats.Claim{{PartyID: "p", UserIDs: []string{"a"}, Spares: 1}, {PartyID: "q", Team: 1, Spares: 1}} {
		hold(t, tab, c, 10)
	}
	hold(t, tab, seats.Claim{PartyID: "p", UserIDs: []string{"a"}}, 20)
	wantCount(t, tab.Clone(), 10, 0, 1, 5) // a claim for no spare seat does not keep them
	hold(t, tab, seats.Claim{PartyID: "p", UserIDs: []string{"a"}, Spares: 1}, 20)
	wantCount(t, tab, 9, 0, 3, 3)
	wantCount(t, tab, 10, 0, 2, 4)
	wantCount(t, tab, 20, 0, 0, 6)
}

// If a party may fill its team, the limit that it meets is the team's.
func TestHold_PartyOfATeam(t *testing.T) {
	for maxParty, want := range map[int]error{0: seats.ErrTeamFull, 1: seats.ErrPartyFull, 2: seats.ErrTeamFull, 3: seats.ErrTeamFull} {
		tab, err := seats.New(2, 2, maxParty)
		if err != nil {
			t.Fatal(err)
		}
		if err := tab.Hold(t0, at(60), seats.Claim{PartyID: "p", Spares: 3}); !errors.Is(err, want) {
			t.Errorf("three in parties of up to %d: %v; want %v", maxParty, err, want)
		}
	}
}

// Nobody sits without a user ID, not even on a spare seat.
func TestTake_NeedsAUser(t *testing.T) {
	tab := table(t, 1, 2)
	hold(t, tab, seats.Claim{PartyID: "p", Spares: 1}, 60)
	if s, err := tab.Take(t0, "", "p"); !errors.Is(err, seats.ErrLayout) {
		t.Errorf("Take = %+v, %v", s, err)
	}
	if tab.Leave(t0, "") {
		t.Error("nobody has left")
	}
	wantCount(t, tab, 0, 0, 1, 1)
}

// A user who joins the party between the reservation and the hold gets a spare seat of the party, also in a full
// match. Nobody gets more than there is, and nobody sees a reservation.
func TestHold_FriendsCameIn(t *testing.T) {
	reserved := seats.Claim{PartyID: "p", UserIDs: []string{"a"}, Spares: 2}
	others := seats.Claim{Team: 1, UserIDs: []string{"x", "y", "z"}}
	for name, tt := range map[string]struct {
		claim seats.Claim
		err   error
		users []string // who has a seat
		spare int      // held seats without a user
	}{
		"one":          {seats.Claim{PartyID: "p", UserIDs: []string{"a", "b"}, Spares: 1}, nil, []string{"a", "b"}, 1},
		"one for two":  {seats.Claim{PartyID: "p", UserIDs: []string{"a", "b"}}, nil, []string{"a", "b"}, 0},
		"all":          {seats.Claim{PartyID: "p", UserIDs: []string{"a", "b", "c"}}, nil, []string{"a", "b", "c"}, 0},
		"without a":    {seats.Claim{PartyID: "p", UserIDs: []string{"c", "b"}}, nil, []string{"b", "c"}, 0},
		"one too many": {seats.Claim{PartyID: "p", UserIDs: []string{"a", "b", "c", "d"}}, seats.ErrReserved, nil, 0},
		"still wanted": {seats.Claim{PartyID: "p", UserIDs: []string{"a", "b"}, Spares: 2}, seats.ErrReserved, nil, 0},
		"of others":    {seats.Claim{PartyID: "q", UserIDs: []string{"b"}}, seats.ErrReserved, nil, 0},
		"alone":        {seats.Claim{UserIDs: []string{"b"}}, seats.ErrReserved, nil, 0},
	} {
		tab := table(t, 2, 3)
		if err := tab.Reserve(t0, at(10), reserved, others); err != nil {
			t.Fatal(err)
		}
		before := tab.Users(t0)
		if err := tab.Clone().Reserve(t0, at(10), tt.claim); !errors.Is(err, tt.err) {
			t.Errorf("%s: Reserve = %v; want %v", name, err, tt.err)
		}
		if err := tab.Hold(t0, at(60), tt.claim); !errors.Is(err, tt.err) {
			t.Errorf("%s: Hold = %v; want %v", name, err, tt.err)
		}
		if tt.err != nil && !slices.Equal(before, tab.Users(t0)) {
			t.Errorf("%s: a refused claim leaves %v; before %v", name, tab.Users(t0), before)
		}
		var users []string
		spare := 0
		for _, s := range tab.Map(t0) {
			switch {
			case s.State == seats.Held && s.UserID == "":
				spare++
			case s.State == seats.Held:
				users = append(users, s.UserID)
			}
		}
		if !slices.Equal(users, tt.users) || spare != tt.spare {
			t.Errorf("%s: held for %v and %d more; want %v and %d", name, users, spare, tt.users, tt.spare)
		}
		wantCount(t, tab, 0, 0, 6, 0)
	}
}

// A reservation does not use seats that are already held for somebody else.
func TestReserve_LeavesHeldSpares(t *testing.T) {
	tab := table(t, 1, 3)
	hold(t, tab, seats.Claim{PartyID: "p", UserIDs: []string{"a"}, Spares: 1}, 60)
	again := seats.Claim{PartyID: "p", UserIDs: []string{"a", "b"}}
	if err := tab.Reserve(t0, at(10), again); err != nil {
		t.Fatal(err)
	}
	wantCount(t, tab, 0, 0, 3, 0)
	tab.Withdraw(t0, again)
	wantCount(t, tab, 0, 0, 2, 1)
}
