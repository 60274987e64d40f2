package seats_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"partyline/matchmaking/seats"
)

// Runs a million random operations. After each one it checks the invariants and compares the table with a model
// that knows only users, teams and ends of holds.
func TestTable_RandomOperations(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	for done := 0; done < 1_000_000; {
		m := newModel(t, 1+rng.IntN(3), 1+rng.IntN(5))
		for range 500 {
			m.step(rng)
			done++
			if m.failed != "" {
				t.Fatalf("seed %d, operation %d: %s", seed, done, m.failed)
			}
		}
	}
}

var (
	userNames  = []string{"u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10", "u11"}
	partyNames = []string{"", "p", "q", "r"}
)

// model is a copy of the table: who has a seat on which team until when. The table chooses the team; the model
// checks that the choice is allowed.
type model struct {
	tab         *seats.Table
	teams, size int
	now         time.Time
	users       []seats.Seat // by index into userNames; State "" = no seat
	spares      []seats.Seat
	failed      string
}

func newModel(t testing.TB, teams, size int) *model {
	return &model{tab: table(t, teams, size), teams: teams, size: size, now: t0, users: make([]seats.Seat, len(userNames))}
}

func (m *model) fail(format string, args ...any) { m.failed = fmt.Sprintf(format, args...) }

func (m *model) expire() {
	for u, s := range m.users {
		if s.State == seats.Held && !s.Expires.After(m.now) {
			m.users[u] = seats.Seat{}
		}
	}
	m.spares = slices.DeleteFunc(m.spares, func(s seats.Seat) bool { return !s.Expires.After(m.now) })
}

func (m *model) step(rng *rand.Rand) {
	m.now = m.now.Add(time.Duration(rng.IntN(4)) * time.Second)
	user := rng.IntN(len(userNames))
	name := userNames[user]
	party := partyNames[rng.IntN(len(partyNames))]
	until := m.now.Add(time.Duration(1+rng.IntN(20)) * time.Second)
	m.expire()
	had := m.users[user].State
	switch rng.IntN(13) {
	case 0, 1, 2:
		m.hold(rng, until)
	case 3, 4, 5, 6:
		s, err := m.tab.Take(m.now, name, party)
		switch {
		case err == nil:
			m.seated(user, party, s, seats.Taken, time.Time{}, false)
		case had != "":
			m.fail("Take(%s) refused its own seat: %v", name, err)
		}
	case 7:
		awaited := rng.IntN(2) == 0
		s, err := m.tab.Assign(m.now, until, name, party, awaited)
		switch {
		case err == nil && had == "":
			m.seated(user, party, s, seats.Held, s.Expires, awaited)
		case err != nil && had != "":
			m.fail("Assign(%s) refused its own seat: %v", name, err)
		}
	case 8, 9:
		if m.tab.Drop(m.now, name, until) != (had == seats.Taken) {
			m.fail("Drop disagrees about who was seated")
		}
		if had == seats.Taken {
			m.users[user].State, m.users[user].Expires = seats.Held, until
		}
	case 10:
		if m.tab.Leave(m.now, name) != (had != "") {
			m.fail("Leave disagrees about who had a seat")
		}
		m.users[user] = seats.Seat{}
	case 11:
		if m.tab.Extend(m.now, name, m.users[user].PartyID, until) != (had == seats.Held) {
			m.fail("Extend disagrees about who holds a seat")
		}
		m.users[user] = extended(m.users[user], until)
	default:
		m.tab.Extend(m.now, "", party, until)
		m.extendSpares(party, until)
	}
	if m.failed == "" {
		m.count()
	}
	// Comparing every row is slow. A row that one operation made wrong is still wrong a few operations later.
	if m.failed == "" && rng.IntN(8) == 0 {
		m.compare()
	}
}

// hold makes one or two claims at once.
func (m *model) hold(rng *rand.Rand, until time.Time) {
	claims := make([]seats.Claim, 1+rng.IntN(2))
	for i := range claims {
		c := &claims[i]
		*c = seats.Claim{PartyID: partyNames[rng.IntN(len(partyNames))], Team: rng.IntN(m.teams), Spares: rng.IntN(2)}
		for range rng.IntN(4) {
			c.UserIDs = append(c.UserIDs, userNames[rng.IntN(len(userNames))])
		}
	}
	room := len(claims) == 1 && m.room(claims[0])
	switch err := m.tab.Hold(m.now, until, claims...); {
	case err == nil:
		for _, c := range claims {
			m.held(c, until)
		}
	case room: // otherwise nothing may have changed; step checks that
		m.fail("Hold(%+v) refused what there is room for: %v", claims[0], err)
	}
}

// room reports whether a claim fits into the open seats and the seats that its party has.
func (m *model) room(c seats.Claim) bool {
	if c.Spares > 0 && c.PartyID == "" || len(c.UserIDs)+c.Spares == 0 {
		return false
	}
	need, others := c.Spares, 0
	for u, s := range slices.Concat(m.users, m.spares) {
		mine := s.State != "" && c.PartyID != "" && s.PartyID == c.PartyID
		named := u < len(userNames) && slices.Contains(c.UserIDs, userNames[u])
		switch {
		case mine && s.Team != c.Team, named && s.State != "" && (s.PartyID != c.PartyID || s.Team != c.Team):
			return false
		case mine && u >= len(userNames):
			need--
		case named && s.State == "":
			need++
		}
		if s.State != "" && s.Team == c.Team {
			others++
		}
	}
	return need <= m.size-others
}

// held applies a granted claim to the model.
func (m *model) held(c seats.Claim, until time.Time) {
	for _, name := range c.UserIDs {
		u := slices.Index(userNames, name)
		if m.users[u].State != "" {
			m.users[u] = extended(m.users[u], until)
			continue
		}
		got, ok := m.tab.Get(m.now, name)
		if !ok {
			m.fail("a granted hold has no seat for %s", name)
			return
		}
		s := seats.Seat{State: seats.Held, Expires: until}
		if i := slices.IndexFunc(m.spares, func(s seats.Seat) bool { return s.PartyID == c.PartyID }); i >= 0 && m.sparesOf(c.PartyID) > c.Spares {
			s = extended(m.spares[i], until) // a spare seat that the claim no longer asks for
			m.spares = slices.Delete(m.spares, i, i+1)
		}
		m.users[u] = seats.Seat{UserID: name, PartyID: c.PartyID, Team: got.Team, State: seats.Held, Expires: s.Expires}
	}
	if c.Spares == 0 {
		return
	}
	have := m.extendSpares(c.PartyID, until)
	rows := m.tab.Map(m.now)
	team := rows[slices.IndexFunc(rows, func(s seats.Seat) bool { return s.PartyID == c.PartyID })].Team
	for range c.Spares - have {
		m.spares = append(m.spares, seats.Seat{PartyID: c.PartyID, Team: team, State: seats.Held, Expires: until})
	}
}

func (m *model) sparesOf(party string) (n int) {
	for _, s := range m.spares {
		if s.PartyID == party {
			n++
		}
	}
	return n
}

func (m *model) extendSpares(party string, until time.Time) (n int) {
	for i, s := range m.spares {
		if s.PartyID == party {
			m.spares[i] = extended(s, until)
			n++
		}
	}
	return n
}

func extended(s seats.Seat, until time.Time) seats.Seat {
	if s.State == seats.Held && s.Expires.Before(until) {
		s.Expires = until
	}
	return s
}

// seated applies a seat that the table gave to a user. A spare seat must go to an awaited user, or be the last
// choice.
func (m *model) seated(user int, party string, got seats.Seat, state seats.State, expires time.Time, awaited bool) {
	if s := &m.users[user]; s.State != "" {
		s.State, s.Expires = state, expires
		return
	}
	sits := 0
	for _, s := range append(slices.Clone(m.users), m.spares...) {
		if s.State != "" && s.Team == got.Team {
			sits++
		}
	}
	if i := slices.IndexFunc(m.spares, func(s seats.Seat) bool { return s.PartyID == party && party != "" }); i >= 0 && (awaited || sits == m.size) {
		m.spares = slices.Delete(m.spares, i, i+1)
	}
	m.users[user] = seats.Seat{UserID: userNames[user], PartyID: party, Team: got.Team, State: state, Expires: expires}
}

// count checks the invariants and the table's numbers.
func (m *model) count() {
	var onTeam [8]int
	var teamOf [4]int // by party, plus one; 0 = the party has no seat
	taken, held := 0, len(m.spares)
	sits := func(s seats.Seat) {
		onTeam[s.Team]++
		p := slices.Index(partyNames, s.PartyID)
		if p > 0 && teamOf[p] != 0 && teamOf[p] != s.Team+1 {
			m.fail("party %s is split over teams %d and %d", s.PartyID, teamOf[p]-1, s.Team)
		}
		teamOf[p] = s.Team + 1
	}
	for _, s := range m.users {
		switch s.State {
		case seats.Taken:
			taken++
			sits(s)
		case seats.Held:
			held++
			sits(s)
		}
	}
	for _, s := range m.spares {
		sits(s)
	}
	for team, n := range onTeam[:m.teams] {
		if n > m.size {
			m.fail("team %d has %d of %d seats", team, n, m.size)
		}
	}
	if a, b, open := m.tab.Count(m.now); a != taken || b != held || a+b+open != m.teams*m.size {
		m.fail("Count = %d taken, %d held, %d open; the model has %d and %d", a, b, open, taken, held)
	}
}

// compare checks every row.
func (m *model) compare() {
	rows := m.tab.Map(m.now)
	if len(rows) != m.teams*m.size {
		m.fail("%d rows for %d seats", len(rows), m.teams*m.size)
		return
	}
	spares := 0
	for _, r := range rows {
		r.Since = time.Time{} // TestDropAndReturn checks it
		switch {
		case r.State == seats.Open:
		case r.UserID == "":
			spares++
		case m.users[slices.Index(userNames, r.UserID)] != r:
			m.fail("seat %+v; the model has %+v", r, m.users[slices.Index(userNames, r.UserID)])
			return
		}
	}
	if spares != len(m.spares) {
		m.fail("%d spare seats; the model has %d", spares, len(m.spares))
	}
}
