package seats_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"partyline/matchmaking/seats"
)

var t0 = time.Unix(1_000_000, 0)

func at(sec int) time.Time { return t0.Add(time.Duration(sec) * time.Second) }

func table(t testing.TB, teams, size int) *seats.Table {
	t.Helper()
	tab, err := seats.New(teams, size)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func hold(t testing.TB, tab *seats.Table, c seats.Claim, until int) {
	t.Helper()
	if err := tab.Hold(t0, c, at(until)); err != nil {
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

func TestNew_Refuses(t *testing.T) {
	for _, c := range [][2]int{{0, 1}, {1, 0}, {-1, 5}} {
		if _, err := seats.New(c[0], c[1]); !errors.Is(err, seats.ErrLayout) {
			t.Errorf("New(%d, %d) = %v", c[0], c[1], err)
		}
	}
}

func TestHold_AllOrNothing(t *testing.T) {
	tab := table(t, 1, 4)
	hold(t, tab, seats.Claim{PartyID: "p", UserIDs: []string{"a", "b"}}, 60)
	err := tab.Hold(t0, seats.Claim{PartyID: "q", UserIDs: []string{"x", "y", "z"}}, at(60))
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
	c := seats.Claim{PartyID: "p", UserIDs: []string{"a", "b", "a"}, Spares: 1, Team: seats.AnyTeam}
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
	if err := tab.Hold(t0, seats.Claim{PartyID: "p", Team: 0, UserIDs: []string{"b"}}, at(60)); !errors.Is(err, seats.ErrSplit) {
		t.Errorf("a second team for one party = %v", err)
	}
	hold(t, tab, seats.Claim{PartyID: "p", Team: seats.AnyTeam, UserIDs: []string{"b"}}, 60)
	if s, _ := tab.Get(t0, "b"); s.Team != 1 {
		t.Errorf("the second member sits on team %d", s.Team)
	}
	if err := tab.Hold(t0, seats.Claim{PartyID: "p", Team: seats.AnyTeam, UserIDs: []string{"c"}}, at(60)); !errors.Is(err, seats.ErrTeamFull) {
		t.Errorf("a third member for a team of two = %v", err)
	}
	if err := tab.Hold(t0, seats.Claim{PartyID: "q", Team: 0, UserIDs: []string{"a"}}, at(60)); !errors.Is(err, seats.ErrSplit) {
		t.Errorf("a user of another party = %v", err)
	}
}

func TestHold_BadClaims(t *testing.T) {
	tab := table(t, 2, 2)
	for _, c := range []seats.Claim{
		{PartyID: "p"}, {PartyID: "p", Team: 2, UserIDs: []string{"a"}}, {PartyID: "p", Team: -2, UserIDs: []string{"a"}},
		{Spares: 1}, {PartyID: "p", Spares: -1, UserIDs: []string{"a"}}, {PartyID: "p", UserIDs: []string{""}},
	} {
		if err := tab.Hold(t0, c, at(60)); !errors.Is(err, seats.ErrLayout) {
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
	tab.Extend(t0, "b", at(90))
	if tab.Extend(t0, "nobody", at(90)) {
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
	if gone := tab.Purge(at(90)); len(gone) != 1 || gone[0].UserID != "b" {
		t.Errorf("Purge = %+v", gone)
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
		{UserID: "a", PartyID: "p", Team: 1, State: seats.Held, Expires: at(60)},
	}
	if got := tab.Map(t0); !reflect.DeepEqual(got, want) {
		t.Errorf("Map = %+v\nwant %+v", got, want)
	}
	if got := tab.OpenByTeam(t0); !reflect.DeepEqual(got, []int{2, 0}) {
		t.Errorf("OpenByTeam = %v", got)
	}
	if n := tab.Release(t0, "p"); n != 0 {
		t.Errorf("Release of no spares = %d", n)
	}
}

// A million random operations, each followed by the invariants and by a comparison
// with a model that knows nothing but users, teams and deadlines.
func TestTable_RandomOperations(t *testing.T) {
	const operations = 1_000_000
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	for done := 0; done < operations; {
		teams, size := 1+rng.IntN(3), 1+rng.IntN(5)
		m := newModel(t, teams, size)
		for range 500 {
			m.step(rng)
			if m.failed != "" {
				t.Fatalf("seed %d, operation %d: %s", seed, done, m.failed)
			}
			done++
		}
	}
}

type model struct {
	tab         *seats.Table
	teams, size int
	now         time.Time
	users       map[string]*seats.Seat
	spares      []seats.Seat
	failed      string
}

func newModel(t testing.TB, teams, size int) *model {
	return &model{tab: table(t, teams, size), teams: teams, size: size, now: t0, users: map[string]*seats.Seat{}}
}

func (m *model) expire() {
	for u, s := range m.users {
		if s.State == seats.Held && !s.Expires.After(m.now) {
			delete(m.users, u)
		}
	}
	kept := m.spares[:0]
	for _, s := range m.spares {
		if s.Expires.After(m.now) {
			kept = append(kept, s)
		}
	}
	m.spares = kept
}

func (m *model) onTeam(team int) (n int) {
	for _, s := range m.users {
		if s.Team == team {
			n++
		}
	}
	for _, s := range m.spares {
		if s.Team == team {
			n++
		}
	}
	return n
}

func (m *model) step(rng *rand.Rand) {
	m.now = m.now.Add(time.Duration(rng.IntN(4)) * time.Second)
	user := fmt.Sprintf("u%d", rng.IntN(12))
	party := []string{"", "p", "q", "r"}[rng.IntN(4)]
	until := m.now.Add(time.Duration(1+rng.IntN(20)) * time.Second)
	m.expire()
	switch op := rng.IntN(12); {
	case op < 4:
		c := seats.Claim{PartyID: party, Team: rng.IntN(m.teams+1) - 1, Spares: rng.IntN(2)}
		for range rng.IntN(4) {
			c.UserIDs = append(c.UserIDs, fmt.Sprintf("u%d", rng.IntN(12)))
		}
		before := m.tab.Map(m.now)
		if err := m.tab.Hold(m.now, c, until); err != nil {
			if after := m.tab.Map(m.now); !reflect.DeepEqual(before, after) {
				m.failed = fmt.Sprintf("a refused hold %+v (%v) changed the table:\n%+v\n%+v", c, err, before, after)
			}
			return
		}
		m.held(c, until)
	case op < 8:
		s, err := m.tab.Take(m.now, user, party)
		if err == nil {
			m.took(user, party, s)
		} else if m.users[user] != nil {
			m.failed = fmt.Sprintf("Take(%s) refused its own seat: %v", user, err)
		}
	case op == 8:
		had := m.users[user] != nil && m.users[user].State == seats.Taken
		if m.tab.Drop(m.now, user, until) != had {
			m.failed = "Drop disagrees about who was seated"
		}
		if had {
			m.users[user].State, m.users[user].Expires = seats.Held, until
		}
	case op == 9:
		had := m.users[user] != nil
		if m.tab.Leave(m.now, user) != had {
			m.failed = "Leave disagrees about who had a seat"
		}
		delete(m.users, user)
	case op == 10:
		s := m.users[user]
		if m.tab.Extend(m.now, user, until) != (s != nil && s.State == seats.Held) {
			m.failed = "Extend disagrees about who holds a seat"
		}
		if s != nil && s.State == seats.Held && s.Expires.Before(until) {
			s.Expires = until
		}
	default:
		kept := m.spares[:0]
		for _, s := range m.spares {
			if s.PartyID != party {
				kept = append(kept, s)
			}
		}
		if n := m.tab.Release(m.now, party); n != len(m.spares)-len(kept) {
			m.failed = "Release disagrees about the spare seats"
		}
		m.spares = kept
	}
	// Comparing every row is the slow part; an invariant broken by one operation is
	// still broken a few later.
	if m.failed == "" && rng.IntN(8) == 0 {
		m.compare()
	}
}

// held copies a granted claim into the model, taking the team from the table: which
// team it chose is its own business, that there was room is checked by compare.
func (m *model) held(c seats.Claim, until time.Time) {
	team, _ := m.tab.TeamOf(c.PartyID)
	for _, u := range c.UserIDs {
		if s := m.users[u]; s != nil {
			if s.State == seats.Held && s.Expires.Before(until) {
				s.Expires = until
			}
			continue
		}
		got, ok := m.tab.Get(m.now, u)
		if !ok {
			m.failed = fmt.Sprintf("a granted hold has no seat for %s", u)
			return
		}
		m.users[u] = &seats.Seat{UserID: u, PartyID: c.PartyID, Team: got.Team, State: seats.Held, Expires: until}
	}
	have := 0
	for i := range m.spares {
		if m.spares[i].PartyID == c.PartyID {
			have++
			if c.Spares > 0 && m.spares[i].Expires.Before(until) {
				m.spares[i].Expires = until
			}
		}
	}
	for range c.Spares - have {
		m.spares = append(m.spares, seats.Seat{PartyID: c.PartyID, Team: team, State: seats.Held, Expires: until})
	}
}

func (m *model) took(user, party string, got seats.Seat) {
	if s := m.users[user]; s != nil {
		s.State, s.Expires = seats.Taken, time.Time{}
		return
	}
	if party != "" {
		for i, s := range m.spares {
			if s.PartyID == party {
				m.spares = append(m.spares[:i], m.spares[i+1:]...)
				break
			}
		}
	}
	m.users[user] = &seats.Seat{UserID: user, PartyID: party, Team: got.Team, State: seats.Taken}
}

func (m *model) compare() {
	teamOf := map[string]int{}
	for _, s := range m.users {
		if was, ok := teamOf[s.PartyID]; ok && was != s.Team && s.PartyID != "" {
			m.failed = fmt.Sprintf("party %s is split over teams %d and %d", s.PartyID, was, s.Team)
			return
		}
		teamOf[s.PartyID] = s.Team
	}
	for team := range m.teams {
		if n := m.onTeam(team); n > m.size {
			m.failed = fmt.Sprintf("team %d has %d of %d seats", team, n, m.size)
			return
		}
	}
	rows := m.tab.Map(m.now)
	if len(rows) != m.teams*m.size {
		m.failed = fmt.Sprintf("%d rows for %d seats", len(rows), m.teams*m.size)
		return
	}
	spares := 0
	for _, r := range rows {
		switch {
		case r.State == seats.Open:
		case r.UserID == "":
			spares++
		case m.users[r.UserID] == nil || *m.users[r.UserID] != r:
			m.failed = fmt.Sprintf("seat %+v; the model has %+v", r, m.users[r.UserID])
			return
		}
	}
	taken, held, open := m.tab.Count(m.now)
	if spares != len(m.spares) || taken+held != len(m.users)+spares || taken+held+open != m.teams*m.size {
		m.failed = fmt.Sprintf("counts %d/%d/%d; the model has %d users and %d spares", taken, held, open, len(m.users), len(m.spares))
	}
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
