// Package seats is the seat table of a match: which user sits on which team, which
// seats are held for somebody who is still on the way, and which are open.
//
// The table is pure: it takes the time as an argument, does no I/O and starts no
// goroutine. It is owned by one match and is not safe for concurrent use; a match's
// callbacks run one at a time, which is the only lock it needs.
//
// # States
//
// A seat is open, held or taken. Held means that nobody else can have it until the
// hold expires. Each seat moves like this:
//
//	open  --Hold-->  held                      a party's seats, all of them or none
//	open  --Take-->  taken                     an outsider, where the match has room
//	held  --Take-->  taken                     by its user, or by a friend on a spare seat
//	taken --Drop-->  held                      the connection is gone, the grace runs
//	taken --Leave--> open                      on purpose, or kicked
//	held  --Leave--> open                      declined, cancelled, kicked
//	held  --expiry-> open                      no-show; noticed by every call, before it counts
//
// Invariants, after every call: taken + held <= capacity, in total and on every team;
// a user has at most one seat; a party's seats are all on one team.
package seats

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Refusals. A caller maps them to the contract's reasons.
var (
	// ErrFull means every seat is taken.
	ErrFull = errors.New("every seat is taken")
	// ErrReserved means there are free seats, but all of them are held for others.
	ErrReserved = errors.New("the free seats are held for others")
	// ErrTeamFull means the party's own team has no room, though another team may have.
	ErrTeamFull = errors.New("the team has no room")
	// ErrSplit means the users already sit on another team or with another party.
	ErrSplit = errors.New("a party stays together on one team")
	// ErrLayout means a match or a request that cannot be seated at all.
	ErrLayout = errors.New("impossible seating")
)

// State is what a seat is at one moment.
type State string

const (
	Open  State = "open"
	Held  State = "held"
	Taken State = "taken"
)

// Seat is one row of the map that clients see.
type Seat struct {
	UserID  string    // "" for an open seat and for a party's spare hold
	PartyID string    // "" for an open seat and for a player without a party
	Team    int       // from 0
	State   State     //
	Expires time.Time // of a hold; zero otherwise
}

// Table holds the seats of one match.
type Table struct {
	teams    int
	teamSize int
	users    map[string]*Seat // by user ID: held or taken
	spares   []*Seat          // held for a party without a user's name
}

// New makes a table of open seats.
func New(teams, teamSize int) (*Table, error) {
	if teams < 1 || teamSize < 1 {
		return nil, fmt.Errorf("%w: %d teams of %d", ErrLayout, teams, teamSize)
	}
	return &Table{teams: teams, teamSize: teamSize, users: map[string]*Seat{}}, nil
}

// Capacity is the number of seats.
func (t *Table) Capacity() int { return t.teams * t.teamSize }

// Claim asks for the seats of one party, or of one player without a party.
type Claim struct {
	PartyID string
	Team    int      // from 0; AnyTeam lets the table choose the fullest team that has room
	UserIDs []string // members and invited friends known by name
	Spares  int      // seats for friends not known by name; needs a PartyID
}

// AnyTeam leaves the choice of the team to the table.
const AnyTeam = -1

// Hold keeps all seats of a claim until the given time, or none of them. Users who
// hold a seat of this party already keep it, with the later of both expiries; a
// user who sits already stays seated. So the same claim may be made twice.
func (t *Table) Hold(now time.Time, c Claim, until time.Time) error {
	t.Purge(now)
	if c.Team < AnyTeam || c.Team >= t.teams || c.Spares < 0 || c.Spares > 0 && c.PartyID == "" || len(c.UserIDs)+c.Spares == 0 || slices.Contains(c.UserIDs, "") {
		return fmt.Errorf("%w: %+v", ErrLayout, c)
	}
	team, fresh, err := t.place(c)
	if err != nil {
		return err
	}
	spares := max(0, c.Spares-t.sparesOf(c.PartyID))
	need := len(fresh) + spares
	if team == AnyTeam {
		if team = t.fullestWithRoom(need); team == AnyTeam {
			return t.refusal()
		}
	} else if t.free(team) < need {
		if t.openSeats() >= need {
			return ErrTeamFull
		}
		return t.refusal()
	}
	for _, u := range c.UserIDs {
		if s := t.users[u]; s != nil && s.State == Held && s.Expires.Before(until) {
			s.Expires = until
		}
	}
	for _, u := range fresh {
		t.users[u] = &Seat{UserID: u, PartyID: c.PartyID, Team: team, State: Held, Expires: until}
	}
	for _, s := range t.spares {
		if s.PartyID == c.PartyID && c.Spares > 0 && s.Expires.Before(until) {
			s.Expires = until
		}
	}
	for range spares {
		t.spares = append(t.spares, &Seat{PartyID: c.PartyID, Team: team, State: Held, Expires: until})
	}
	return nil
}

// place finds the team a claim is bound to, by its own wish and by seats the party has
// already, and the users who still need a seat.
func (t *Table) place(c Claim) (team int, fresh []string, err error) {
	team = c.Team
	bind := func(to int) bool {
		if team != AnyTeam && team != to {
			return false
		}
		team = to
		return true
	}
	if at, ok := t.TeamOf(c.PartyID); ok && !bind(at) {
		return 0, nil, ErrSplit
	}
	seen := map[string]bool{}
	for _, u := range c.UserIDs {
		if seen[u] {
			continue
		}
		seen[u] = true
		s := t.users[u]
		if s == nil {
			fresh = append(fresh, u)
			continue
		}
		if s.PartyID != c.PartyID || !bind(s.Team) {
			return 0, nil, ErrSplit
		}
	}
	return team, fresh, nil
}

// Take seats a user who has arrived: in his own seat, in a spare one of his party, or
// in an open one, on his party's team where the party has one. Taking twice is taking
// once. An outsider's refusal is ErrReserved or ErrFull.
func (t *Table) Take(now time.Time, userID, partyID string) (Seat, error) {
	t.Purge(now)
	if userID == "" {
		return Seat{}, fmt.Errorf("%w: a seat needs a user", ErrLayout)
	}
	if s := t.users[userID]; s != nil {
		s.State, s.Expires = Taken, time.Time{}
		return *s, nil
	}
	team, together := t.TeamOf(partyID)
	if i := slices.IndexFunc(t.spares, func(s *Seat) bool { return partyID != "" && s.PartyID == partyID }); i >= 0 {
		t.spares = slices.Delete(t.spares, i, i+1)
	} else if together && t.free(team) == 0 {
		if t.openSeats() > 0 {
			return Seat{}, ErrTeamFull
		}
		return Seat{}, t.refusal()
	} else if !together {
		if team = t.emptiestWithRoom(); team == AnyTeam {
			return Seat{}, t.refusal()
		}
	}
	s := &Seat{UserID: userID, PartyID: partyID, Team: team, State: Taken}
	t.users[userID] = s
	return *s, nil
}

// Drop keeps the seat of a user whose connection is gone until the given time. It
// reports false for a user who was not seated: a hold is not prolonged by a drop.
func (t *Table) Drop(now time.Time, userID string, until time.Time) bool {
	t.Purge(now)
	s := t.users[userID]
	if s == nil || s.State != Taken {
		return false
	}
	if !until.After(now) {
		delete(t.users, userID)
		return true
	}
	s.State, s.Expires = Held, until
	return true
}

// Leave opens the seat of a user who left on purpose, was kicked or declined. It
// reports whether there was one.
func (t *Table) Leave(now time.Time, userID string) bool {
	t.Purge(now)
	if t.users[userID] == nil {
		return false
	}
	delete(t.users, userID)
	return true
}

// Release opens the spare seats a party holds and reports how many there were.
func (t *Table) Release(now time.Time, partyID string) int {
	t.Purge(now)
	before := len(t.spares)
	t.spares = slices.DeleteFunc(t.spares, func(s *Seat) bool { return s.PartyID == partyID })
	return before - len(t.spares)
}

// Extend moves the expiry of a user's hold to a later time, for a friend whose download
// makes progress. It never shortens one, and reports whether there is a hold.
func (t *Table) Extend(now time.Time, userID string, until time.Time) bool {
	t.Purge(now)
	s := t.users[userID]
	if s == nil || s.State != Held {
		return false
	}
	if s.Expires.Before(until) {
		s.Expires = until
	}
	return true
}

// Purge opens every seat whose hold has expired and returns those holds, by expiry.
// Every other method purges first, so that an expired hold never counts.
func (t *Table) Purge(now time.Time) []Seat {
	var gone []Seat
	for u, s := range t.users {
		if s.State == Held && !s.Expires.After(now) {
			gone = append(gone, *s)
			delete(t.users, u)
		}
	}
	t.spares = slices.DeleteFunc(t.spares, func(s *Seat) bool {
		if s.Expires.After(now) {
			return false
		}
		gone = append(gone, *s)
		return true
	})
	slices.SortFunc(gone, func(a, b Seat) int {
		if c := a.Expires.Compare(b.Expires); c != 0 {
			return c
		}
		return strings.Compare(a.UserID, b.UserID)
	})
	return gone
}

// Get is the seat of a user, if he has one.
func (t *Table) Get(now time.Time, userID string) (Seat, bool) {
	s := t.users[userID]
	if s == nil || s.State == Held && !s.Expires.After(now) {
		return Seat{}, false
	}
	return *s, true
}

// TeamOf is the team a party sits on; ok is false while it has no seat.
func (t *Table) TeamOf(partyID string) (team int, ok bool) {
	if partyID == "" {
		return AnyTeam, false
	}
	for _, s := range t.users {
		if s.PartyID == partyID {
			return s.Team, true
		}
	}
	for _, s := range t.spares {
		if s.PartyID == partyID {
			return s.Team, true
		}
	}
	return AnyTeam, false
}

// Count says how many seats are taken, held and open.
func (t *Table) Count(now time.Time) (taken, held, open int) {
	t.Purge(now)
	for _, s := range t.users {
		if s.State == Taken {
			taken++
		} else {
			held++
		}
	}
	held += len(t.spares)
	return taken, held, t.Capacity() - taken - held
}

// OpenByTeam is the number of open seats of each team, for backfill.
func (t *Table) OpenByTeam(now time.Time) []int {
	t.Purge(now)
	open := make([]int, t.teams)
	for i := range open {
		open[i] = t.free(i)
	}
	return open
}

// Map lists every seat, open ones too: by team, taken before held before open, then by
// party and user. Its length is the capacity.
func (t *Table) Map(now time.Time) []Seat {
	t.Purge(now)
	all := make([]Seat, 0, t.Capacity())
	for _, s := range t.users {
		all = append(all, *s)
	}
	for _, s := range t.spares {
		all = append(all, *s)
	}
	for team := range t.teams {
		for range t.free(team) {
			all = append(all, Seat{Team: team, State: Open})
		}
	}
	rank := map[State]int{Taken: 0, Held: 1, Open: 2}
	slices.SortFunc(all, func(a, b Seat) int {
		if a.Team != b.Team {
			return a.Team - b.Team
		}
		if a.State != b.State {
			return rank[a.State] - rank[b.State]
		}
		if c := strings.Compare(a.PartyID, b.PartyID); c != 0 {
			return c
		}
		return strings.Compare(a.UserID, b.UserID)
	})
	return all
}

func (t *Table) sparesOf(partyID string) (n int) {
	for _, s := range t.spares {
		if s.PartyID == partyID {
			n++
		}
	}
	return n
}

func (t *Table) free(team int) int {
	n := t.teamSize
	for _, s := range t.users {
		if s.Team == team {
			n--
		}
	}
	for _, s := range t.spares {
		if s.Team == team {
			n--
		}
	}
	return n
}

func (t *Table) openSeats() int { return t.Capacity() - len(t.users) - len(t.spares) }

// fullestWithRoom packs parties tightly, so that large ones still find a team later.
func (t *Table) fullestWithRoom(need int) int {
	best := AnyTeam
	for team := range t.teams {
		if f := t.free(team); f >= need && (best == AnyTeam || f < t.free(best)) {
			best = team
		}
	}
	return best
}

// emptiestWithRoom keeps teams even when players arrive one by one.
func (t *Table) emptiestWithRoom() int {
	best := AnyTeam
	for team := range t.teams {
		if f := t.free(team); f > 0 && (best == AnyTeam || f > t.free(best)) {
			best = team
		}
	}
	return best
}

// refusal says why there is no room: held seats may come free, taken ones are gone.
func (t *Table) refusal() error {
	if len(t.spares) > 0 {
		return ErrReserved
	}
	for _, s := range t.users {
		if s.State == Held {
			return ErrReserved
		}
	}
	return ErrFull
}
