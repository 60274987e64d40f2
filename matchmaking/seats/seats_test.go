package seats_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"partyline/matchmaking/seats"
)

var t0 = time.Unix(1_000_000, 0)

func at(sec int) time.Time { return t0.Add(time.Duration(sec) * time.Second) }

func table(t testing.TB, teams, size int) *seats.Table {
	t.Helper()
	tab, err := seats.New(teams, size, 0)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func hold(t testing.TB, tab *seats.Table, c seats.Claim, until int) {
	t.Helper()
	if err := tab.Hold(t0, at(until), c); err != nil {
		t.Fatalf("Hold(%+v): %v", c, err)
	}
}

func wantCount(t *testing.T, tab *seats.Table, now, taken, held, open int) {
	t.Helper()
	a, b, c := tab.Count(at(now))
	if a != taken || b != held || c != open {
		t.Errorf("Count at %d = taken %d, held %d, open %d; want %d, %d, %d", now, a, b, c, taken, held, open)
	}
}

// parties lists the parties in the order of the map.
func parties(tab *seats.Table, now time.Time) (ids []string) {
	for _, s := range tab.Map(now) {
		if s.PartyID != "" && !slices.Contains(ids, s.PartyID) {
			ids = append(ids, s.PartyID)
		}
	}
	return ids
}

func TestNew_Refuses(t *testing.T) {
	for _, c := range [][2]int{{0, 1}, {1, 0}, {-1, 5}} {
		if _, err := seats.New(c[0], c[1], 0); !errors.Is(err, seats.ErrLayout) {
			t.Errorf("New(%d, %d) = %v", c[0], c[1], err)
		}
	}
}

func TestHold_AllOrNothing(t *testing.T) {
	tab := table(t, 1, 4)
	hold(t, tab, seats.Claim{PartyID: "p", UserIDs: []string{"a", "b"}}, 60)
	err := tab.Hold(t0, at(60), seats.Claim{PartyID: "q", UserIDs: []string{"x", "y", "z"}})
	if !errors.Is(err, seats.ErrReserved) {
		t.Fatalf("a party of three in two seats = %v", err)
	}
	if _, ok := tab.Get(t0, "x"); ok {
		t.Error("a part of the refused party got a seat")
	}
	wantCount(t, tab, 0, 0, 2, 2)
	hold(t, tab, seats.Claim{PartyID: "q", UserIDs: []string{"x", "y"}}, 60)
	wantCount(t, tab, 0, 0, 4, 0)
}

func TestHold_Idempotent(t *testing.T) {
	tab := table(t, 2, 3)
	c := seats.Claim{PartyID: "p", UserIDs: []string{"a", "b", "a"}, Spares: 1}
	hold(t, tab, c, 60)
	hold(t, tab, c, 30)
	wantCount(t, tab, 0, 0, 3, 3)
	if s, _ := tab.Get(t0, "a"); !s.Expires.Equal(at(60)) {
		t.Errorf("holding again shortened the hold to %v", s.Expires)
	}
	if _, err := tab.Take(t0, "a", "p"); err != nil {
		t.Fatal(err)
	}
	hold(t, tab, c, 90)
	wantCount(t, tab, 0, 1, 2, 3)
	if s, _ := tab.Get(t0, "a"); s.State != seats.Taken {
		t.Errorf("holding again unseated a player: %+v", s)
	}
}

func TestHold_KeepsTogether(t *testing.T) {
	tab := table(t, 2, 2)
	hold(t, tab, seats.Claim{PartyID: "p", Team: 1, UserIDs: []string{"a"}}, 60)
	if err := tab.Hold(t0, at(60), seats.Claim{PartyID: "p", Team: 0, UserIDs: []string{"b"}}); !errors.Is(err, seats.ErrSplit) {
		t.Errorf("a second team for one party = %v", err)
	}
	hold(t, tab, seats.Claim{PartyID: "p", Team: 1, UserIDs: []string{"b"}}, 60)
	if s, _ := tab.Get(t0, "b"); s.Team != 1 {
		t.Errorf("the second member sits on team %d", s.Team)
	}
	if err := tab.Hold(t0, at(60), seats.Claim{PartyID: "p", Team: 1, UserIDs: []string{"c"}}); !errors.Is(err, seats.ErrTeamFull) {
		t.Errorf("a third member for a team of two = %v", err)
	}
	if err := tab.Hold(t0, at(60), seats.Claim{PartyID: "q", Team: 0, UserIDs: []string{"a"}}); !errors.Is(err, seats.ErrSplit) {
		t.Errorf("a user of another party = %v", err)
	}
}

func TestNeverFits(t *testing.T) {
	tab, err := seats.New(2, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, tab, seats.Claim{PartyID: "p", Team: 0, UserIDs: []string{"a", "b"}}, 60)
	hold(t, tab, seats.Claim{Team: 1, UserIDs: []string{"x", "y", "z"}}, 60)
	for name, tt := range map[string]struct {
		claim seats.Claim
		want  bool
	}{
		"others":           {seats.Claim{PartyID: "q", UserIDs: []string{"c"}}, false},
		"a full team":      {seats.Claim{PartyID: "q", Team: 1, UserIDs: []string{"c"}}, false},
		"the same again":   {seats.Claim{PartyID: "p", UserIDs: []string{"a"}}, false},
		"another team":     {seats.Claim{PartyID: "p", Team: 1, UserIDs: []string{"c"}}, true},
		"without a party":  {seats.Claim{UserIDs: []string{"a"}}, true},
		"another party":    {seats.Claim{PartyID: "q", UserIDs: []string{"c", "a"}}, true},
		"a third of two":   {seats.Claim{PartyID: "p", UserIDs: []string{"c"}}, true},
		"too large for it": {seats.Claim{PartyID: "q", UserIDs: []string{"c", "d"}, Spares: 1}, true},
	} {
		if got := tab.NeverFits(t0, tt.claim); got != tt.want {
			t.Errorf("%s: NeverFits = %v", name, got)
		}
	}
	wantCount(t, tab, 0, 0, 5, 1)
	if tab.NeverFits(at(60), seats.Claim{UserIDs: []string{"a"}}) {
		t.Error("a misfit after its seat has expired")
	}
}

func TestHold_BadClaims(t *testing.T) {
	tab := table(t, 2, 2)
	for _, c := range []seats.Claim{
		{PartyID: "p"}, {PartyID: "p", Team: 2, UserIDs: []string{"a"}}, {PartyID: "p", Team: -1, UserIDs: []string{"a"}},
		{Spares: 1}, {PartyID: "p", Spares: -1, UserIDs: []string{"a"}}, {PartyID: "p", UserIDs: []string{""}},
	} {
		if err := tab.Hold(t0, at(60), c); !errors.Is(err, seats.ErrLayout) {
			t.Errorf("Hold(%+v) = %v", c, err)
		}
	}
	wantCount(t, tab, 0, 0, 0, 4)
}

func TestTake(t *testing.T) {
	tab := table(t, 2, 2)
	hold(t, tab, seats.Claim{PartyID: "p", Team: 0, UserIDs: []string{"a"}, Spares: 1}, 60)
	hold(t, tab, seats.Claim{PartyID: "q", Team: 1, UserIDs: []string{"x"}}, 60)
	if s, err := tab.Take(t0, "friend", "p"); err != nil || s.Team != 0 {
		t.Fatalf("a friend on the spare seat = %+v, %v", s, err)
	}
	if s, err := tab.Take(t0, "out", ""); err != nil || s.Team != 1 {
		t.Fatalf("an outsider on the open seat = %+v, %v", s, err)
	}
	if _, err := tab.Take(t0, "out2", ""); !errors.Is(err, seats.ErrReserved) {
		t.Errorf("an outsider while seats are held = %v", err)
	}
	if _, err := tab.Take(t0, "friend2", "p"); !errors.Is(err, seats.ErrReserved) {
		t.Errorf("a friend without a spare seat = %v", err)
	}
	for _, u := range []string{"a", "x", "a"} {
		if _, err := tab.Take(t0, u, ""); err != nil {
			t.Errorf("Take(%s) = %v", u, err)
		}
	}
	wantCount(t, tab, 0, 4, 0, 0)
	if _, err := tab.Take(t0, "out2", ""); !errors.Is(err, seats.ErrFull) {
		t.Errorf("an outsider in a full match = %v", err)
	}
	if s, _ := tab.Get(t0, "a"); s.PartyID != "p" {
		t.Errorf("taking changed the party to %q", s.PartyID)
	}
}

// A party whose team is full cannot wait for held seats of another team.
func TestTake_TeamIsTaken(t *testing.T) {
	tab := table(t, 2, 2)
	for _, user := range []string{"a", "b"} {
		hold(t, tab, seats.Claim{PartyID: "p", Team: 0, UserIDs: []string{user}}, 60)
		if _, err := tab.Take(t0, user, "p"); err != nil {
			t.Fatal(err)
		}
	}
	hold(t, tab, seats.Claim{PartyID: "q", Team: 1, UserIDs: []string{"c", "d"}}, 60)
	if _, err := tab.Take(t0, "e", "p"); !errors.Is(err, seats.ErrTeamFull) {
		t.Errorf("a third of the party = %v", err)
	}
	if _, err := tab.Take(t0, "out", ""); !errors.Is(err, seats.ErrReserved) {
		t.Errorf("an outsider = %v", err)
	}
}

func TestTake_FriendStaysOnTheTeam(t *testing.T) {
	tab := table(t, 2, 2)
	hold(t, tab, seats.Claim{PartyID: "p", Team: 0, UserIDs: []string{"a", "b"}}, 60)
	if _, err := tab.Take(t0, "c", "p"); !errors.Is(err, seats.ErrTeamFull) {
		t.Errorf("a third of a party for a team of two = %v", err)
	}
	tab.Leave(t0, "b")
	if s, err := tab.Take(t0, "c", "p"); err != nil || s.Team != 0 {
		t.Errorf("the friend = %+v, %v; want team 0", s, err)
	}
}

func TestExpiry(t *testing.T) {
	tab := table(t, 1, 3)
	hold(t, tab, seats.Claim{PartyID: "p", UserIDs: []string{"a", "b"}, Spares: 1}, 60)
	tab.Extend(t0, "b", "p", at(90))
	if tab.Extend(t0, "nobody", "p", at(90)) {
		t.Error("a hold was made by extending it")
	}
	if _, ok := tab.Get(at(60), "a"); ok {
		t.Error("an expired hold is still there")
	}
	if s, err := tab.Take(at(60), "out", ""); err != nil || s.State != seats.Taken {
		t.Errorf("the no-show's seat is not open: %v", err)
	}
	wantCount(t, tab, 60, 1, 1, 1)
	if _, err := tab.Take(at(61), "a", "p"); err != nil {
		t.Errorf("the no-show comes late while there is room: %v", err)
	}
	if gone := tab.Purge(at(90)); gone != 1 {
		t.Errorf("Purge = %d", gone)
	}
	if _, ok := tab.Get(at(61), "b"); ok {
		t.Error("the seat that was purged is not the one whose hold has expired")
	}
}

func TestDropAndReturn(t *testing.T) {
	tab := table(t, 1, 1)
	if _, err := tab.Take(t0, "a", "p"); err != nil {
		t.Fatal(err)
	}
	if !tab.Drop(at(1), "a", at(31)) || tab.Drop(at(2), "a", at(600)) {
		t.Error("a drop must count once and never prolong the grace")
	}
	if s, _ := tab.Get(at(2), "a"); !s.Since.Equal(at(1)) {
		t.Errorf("the seat is kept since %v; the drop was at %v", s.Since, at(1))
	}
	if _, err := tab.Take(at(30), "out", ""); !errors.Is(err, seats.ErrReserved) {
		t.Errorf("an outsider during the grace = %v", err)
	}
	if _, err := tab.Take(at(30), "a", ""); err != nil {
		t.Errorf("the return = %v", err)
	}
	tab.Drop(at(40), "a", at(70))
	if _, err := tab.Take(at(70), "out", ""); err != nil {
		t.Errorf("after the grace = %v", err)
	}
	if !tab.Drop(at(71), "out", at(71)) {
		t.Error("a drop without grace")
	}
	wantCount(t, tab, 71, 0, 0, 1)
}

func TestMap(t *testing.T) {
	tab := table(t, 2, 2)
	hold(t, tab, seats.Claim{PartyID: "p", Team: 1, UserIDs: []string{"b", "a"}}, 60)
	if _, err := tab.Take(t0, "b", "p"); err != nil {
		t.Fatal(err)
	}
	want := []seats.Seat{
		{Team: 0, State: seats.Open}, {Team: 0, State: seats.Open},
		{UserID: "b", PartyID: "p", Team: 1, State: seats.Taken},
		{UserID: "a", PartyID: "p", Team: 1, State: seats.Held, Since: t0, Expires: at(60)},
	}
	if got := tab.Map(t0); !reflect.DeepEqual(got, want) {
		t.Errorf("Map = %+v\nwant %+v", got, want)
	}
}

func TestHold_SeveralClaims(t *testing.T) {
	tab := table(t, 2, 2)
	duo := func(p string, team int, a, b string) seats.Claim {
		return seats.Claim{PartyID: p, Team: team, UserIDs: []string{a, b}}
	}
	if err := tab.Hold(t0, at(60), duo("p", 0, "a", "b"), duo("q", 1, "c", "d"), duo("r", 0, "e", "f")); !errors.Is(err, seats.ErrReserved) {
		t.Errorf("three parties of two in four seats = %v", err)
	}
	wantCount(t, tab, 0, 0, 0, 4)
	if err := tab.Hold(t0, at(60), duo("p", 0, "a", "b"), duo("q", 1, "c", "d")); err != nil {
		t.Fatal(err)
	}
	if err := tab.Hold(t0, at(60)); err != nil {
		t.Errorf("no claim at all = %v", err)
	}
	if got := parties(tab, t0); !slices.Equal(got, []string{"p", "q"}) {
		t.Errorf("parties %v", got)
	}
}

func TestAssign(t *testing.T) {
	tab := table(t, 2, 2)
	hold(t, tab, seats.Claim{PartyID: "p", Team: 1, UserIDs: []string{"a"}, Spares: 1}, 60)
	if s, err := tab.Assign(t0, at(90), "friend", "p", false); err != nil || s != (seats.Seat{UserID: "friend", PartyID: "p", Team: 1, State: seats.Held, Since: t0, Expires: at(90)}) {
		t.Errorf("a friend on the spare seat = %+v, %v", s, err)
	}
	if s, err := tab.Assign(t0, at(30), "friend", "p", true); err != nil || !s.Expires.Equal(at(90)) {
		t.Errorf("the friend again = %+v, %v", s, err)
	}
	if _, err := tab.Assign(t0, at(60), "third", "p", true); !errors.Is(err, seats.ErrTeamFull) {
		t.Errorf("a third for a team of two = %v", err)
	}
	if _, err := tab.Assign(t0, at(60), "out", "q", true); !errors.Is(err, seats.ErrSplit) {
		t.Errorf("a friend of a party without seats = %v", err)
	}
	if _, err := tab.Assign(t0, at(60), "", "p", true); !errors.Is(err, seats.ErrLayout) {
		t.Errorf("nobody = %v", err)
	}
	if _, err := tab.Take(t0, "a", ""); err != nil {
		t.Fatal(err)
	}
	if s, err := tab.Assign(t0, at(60), "a", "p", false); err != nil || s.State != seats.Taken {
		t.Errorf("somebody who sits = %+v, %v", s, err)
	}
	tab.Leave(t0, "a")
	if s, err := tab.Assign(t0, at(60), "third", "p", false); err != nil || s.Team != 1 {
		t.Errorf("an open seat of the team = %+v, %v", s, err)
	}
}

// A spare seat waits for a friend whom the party expects. Nobody else gets it while another seat is open.
func TestSpareSeatWaits(t *testing.T) {
	tab := table(t, 2, 4)
	hold(t, tab, seats.Claim{PartyID: "p", Team: 1, UserIDs: []string{"a"}, Spares: 1}, 60)
	spare := func(want bool) {
		t.Helper()
		got := slices.ContainsFunc(tab.Map(t0), func(s seats.Seat) bool { return s.PartyID == "p" && s.UserID == "" })
		if got != want {
			t.Errorf("the party has a spare seat: %v; want %v", got, want)
		}
	}
	if s, err := tab.Take(t0, "member", "p"); err != nil || s.Team != 1 {
		t.Errorf("a member = %+v, %v", s, err)
	}
	if s, err := tab.Assign(t0, at(30), "late", "p", false); err != nil || s.Team != 1 || !s.Expires.Equal(at(30)) {
		t.Errorf("a late friend = %+v, %v", s, err)
	}
	spare(true)
	tab.Leave(t0, "late")
	if s, err := tab.Assign(t0, at(30), "awaited", "p", true); err != nil || s.Team != 1 || !s.Expires.Equal(at(60)) {
		t.Errorf("the friend who is awaited = %+v, %v", s, err)
	}
	spare(false)
	wantCount(t, tab, 0, 1, 2, 5)
}

func TestExtend(t *testing.T) {
	tab := table(t, 1, 4)
	expiries := func(spare, named int) {
		t.Helper()
		rows := tab.Map(t0)
		if !rows[0].Expires.Equal(at(spare)) || !rows[1].Expires.Equal(at(named)) || rows[1].UserID != "a" {
			t.Errorf("seats %+v; want the spare one until %v, that of a until %v", rows[:2], at(spare), at(named))
		}
	}
	hold(t, tab, seats.Claim{PartyID: "p", UserIDs: []string{"a"}, Spares: 1}, 60)
	tab.Extend(t0, "a", "p", at(90))
	expiries(60, 90)
	if !tab.Extend(t0, "", "p", at(120)) || tab.Extend(t0, "", "q", at(120)) {
		t.Error("Extend disagrees about who holds spare seats")
	}
	expiries(120, 90)
}

func TestClone(t *testing.T) {
	tab := table(t, 1, 2)
	hold(t, tab, seats.Claim{PartyID: "p", UserIDs: []string{"a"}}, 60)
	other := tab.Clone()
	if _, err := other.Take(t0, "a", ""); err != nil {
		t.Fatal(err)
	}
	other.Leave(t0, "a")
	wantCount(t, tab, 0, 0, 1, 1)
}

func BenchmarkTable_TakeAndLeave(b *testing.B) {
	tab := table(b, 2, 5)
	hold(b, tab, seats.Claim{PartyID: "p", Team: 0, UserIDs: []string{"a", "b", "c"}}, 1<<20)
	for b.Loop() {
		if _, err := tab.Take(t0, "x", ""); err != nil {
			b.Fatal(err)
		}
		tab.Leave(t0, "x")
	}
}

func TestRename(t *testing.T) {
	table, now := table(t, 2, 2), at(0)
	if err := table.Hold(now, at(60), seats.Claim{PartyID: "old", UserIDs: []string{"ann"}, Spares: 1}, seats.Claim{PartyID: "other", Team: 1, UserIDs: []string{"bob"}}); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"", "other"} {
		if table.Rename(now, "old", to) {
			t.Errorf("Rename to %q did something", to)
		}
	}
	if table.Rename(now, "nobody", "new") || table.Rename(now, "", "new") {
		t.Error("a party without seats was renamed")
	}
	if !table.Rename(now, "old", "new") {
		t.Fatal("Rename = false")
	}
	if got := parties(table, now); !slices.Equal(got, []string{"new", "other"}) {
		t.Errorf("parties %q", got)
	}
	if s, err := table.Take(now, "cat", "new"); err != nil || s.Team != 0 {
		t.Errorf("Take of the spare seat = %+v, %v", s, err)
	}
}

// A party without seats here has no team that could be full.
func TestHold_TooFewSeatsForAnother(t *testing.T) {
	tab := table(t, 1, 2)
	if _, err := tab.Take(t0, "a", ""); err != nil {
		t.Fatal(err)
	}
	err := tab.Hold(t0, t0.Add(1e9), seats.Claim{PartyID: "p", Team: 0, UserIDs: []string{"b", "c"}})
	if !errors.Is(err, seats.ErrFull) {
		t.Errorf("Hold = %v; want %v", err, seats.ErrFull)
	}
}
