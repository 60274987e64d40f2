// Package seats is the seat table of a match: which user sits on which team, which
// seats are held for somebody who is still on the way, and which are open.
//
// The table is pure: it takes the time as an argument, does no I/O and starts no
// goroutine. It is owned by one match and is not safe for concurrent use; a match's
// callbacks run one at a time, which is the only lock it needs. Matches have at most a
// few hundred seats, so every method simply goes through all of them.
//
// # States
//
// A seat is open, reserved, held or taken. Held means that nobody else can have it until
// the hold expires. Reserved is the same before anybody has been told: in the map it is
// open, and it is in the list of no party. Each seat moves like this:
//
//	open  --Reserve--> reserved                a party's seats, all of them or none
//	reserved --Hold--> held                    and open --Hold--> held, in the same way
//	reserved --Withdraw--> open                and when its short time is over
//	open  --Take-->  taken                     an outsider, where the match has room
//	held  --Take-->  taken                     by its user, or by a friend on a spare seat
//	taken --Drop-->  held                      the connection is gone, the grace runs
//	taken --Leave--> open                      on purpose
//	held  --Leave--> open                      declined, cancelled, kicked
//	held  --Release--> open                    a party gives up its spare seats
//	held  --expiry-> open                      no-show; noticed by every call, before it counts
//
// Invariants, after every call: taken + held + reserved <= capacity, in total and on every
// team; a user has at most one seat; a party's seats are all on one team, and never more
// than the largest party may have.
package seats

import (
	"errors"
	"fmt"
	"slices"
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
	// ErrPartyFull means the party has as many seats as a party may have here.
	ErrPartyFull = errors.New("the party may have no more seats")
	// ErrSplit means the users already sit on another team or with another party.
	ErrSplit = errors.New("a party stays together on one team")
	// ErrLayout means a match or a request that cannot be seated at all.
	ErrLayout = errors.New("impossible seating")
)

// State is what a seat is at one moment.
type State string

const (
	Open     State = "open"
	Reserved State = "reserved" // never in [Table.Map]
	Held     State = "held"
	Taken    State = "taken"
)

// Seat is one row of the map that clients see.
type Seat struct {
	UserID  string    // "" for an open seat and for a party's spare hold
	PartyID string    // "" for an open seat and for a player without a party
	Team    int       // from 0
	State   State     //
	Since   time.Time // when a hold or reservation began; zero otherwise
	Expires time.Time // of a hold or reservation; zero otherwise
}

// Table holds the seats of one match.
type Table struct {
	teams, teamSize int
	maxParty        int    // most seats of one party; 0 = as many as its team has
	rows            []Seat // all but open ones, in the order they came about
}

// New makes a table of open seats, of which one party may have up to maxParty; with 0 as
// many as there are on a team.
func New(teams, teamSize, maxParty int) (*Table, error) {
	if teams < 1 || teamSize < 1 || maxParty < 0 {
		return nil, fmt.Errorf("%w: %d teams of %d, parties of up to %d", ErrLayout, teams, teamSize, maxParty)
	}
	return &Table{teams: teams, teamSize: teamSize, maxParty: maxParty}, nil
}

// Capacity is the number of seats.
func (t *Table) Capacity() int { return t.teams * t.teamSize }

// Clone is a table of its own with the same seats.
func (t *Table) Clone() *Table {
	return &Table{teams: t.teams, teamSize: t.teamSize, maxParty: t.maxParty, rows: slices.Clone(t.rows)}
}

// Claim asks for the seats of one party, or of one player without a party.
type Claim struct {
	PartyID string   `json:"party_id,omitempty"`
	Team    int      `json:"team"`               // from 0
	UserIDs []string `json:"user_ids,omitempty"` // members and invited friends known by name
	Spares  int      `json:"spares,omitempty"`   // seats for friends not known by name; needs a PartyID
}

// Hold keeps all seats of all claims until the given time, or none of them. What is
// reserved for them becomes held. Users who hold a seat of their party already keep it,
// with the later of both expiries; a user who sits already stays seated. So the same
// claim may be made twice, and by name for friends who had spare seats before.
func (t *Table) Hold(now, until time.Time, claims ...Claim) error {
	return t.keep(now, until, Held, claims)
}

// Reserve is Hold before it is certain: nobody is to know yet. What the claims hold or
// sit on already stays as it is.
func (t *Table) Reserve(now, until time.Time, claims ...Claim) error {
	return t.keep(now, until, Reserved, claims)
}

// Misfit reports whether a claim cannot be kept here whatever seats come free: its users, or their party,
// sit elsewhere in the match, or it is for more seats than a party may have.
func (t *Table) Misfit(now time.Time, c Claim) bool {
	err := t.Clone().Reserve(now, now, c)
	return errors.Is(err, ErrSplit) || errors.Is(err, ErrPartyFull)
}

func (t *Table) keep(now, until time.Time, as State, claims []Claim) error {
	t.Purge(now)
	before := slices.Clone(t.rows)
	for _, c := range claims {
		t.name(c, now, as)
		if err := t.claim(c, now, until, as); err != nil {
			t.rows = before
			return err
		}
	}
	return nil
}

// name gives spare seats that the party of a claim has, and that the claim does not ask for any more, to those of its
// users who have none: friends have come in. Held ones were told of, so a reservation leaves them as they are.
func (t *Table) name(c Claim, now time.Time, as State) {
	fresh, _ := t.fresh(c) // what is wrong with it claim says
	for _, u := range fresh {
		i := slices.IndexFunc(t.rows, func(s Seat) bool {
			return s.UserID == "" && s.PartyID == c.PartyID && (as == Held || s.State == Reserved)
		})
		if i < 0 || t.spares(c.PartyID) <= c.Spares {
			return
		}
		t.rows[i].UserID, t.rows[i].Since = u, now
	}
}

func (t *Table) claim(c Claim, now, until time.Time, as State) error {
	if c.Team < 0 || c.Team >= t.teams || c.Spares < 0 || c.Spares > 0 && c.PartyID == "" || len(c.UserIDs)+c.Spares == 0 || slices.Contains(c.UserIDs, "") {
		return fmt.Errorf("%w: %+v", ErrLayout, c)
	}
	fresh, err := t.fresh(c)
	if err != nil {
		return err
	}
	spares := max(0, c.Spares-t.spares(c.PartyID))
	need := len(fresh) + spares
	switch {
	case !t.partyMayHave(c.PartyID, need):
		return ErrPartyFull
	case t.free(c.Team) < need:
		if t.openSeats() >= need {
			return ErrTeamFull
		}
		return t.refusal()
	}
	for i := range t.rows {
		s := &t.rows[i]
		ours := slices.Contains(c.UserIDs, s.UserID) || s.UserID == "" && s.PartyID == c.PartyID && c.Spares > 0
		if ours {
			s.prolong(now, until, as)
		}
	}
	since := now
	if as == Taken {
		since = time.Time{}
	}
	for _, u := range fresh {
		t.rows = append(t.rows, Seat{UserID: u, PartyID: c.PartyID, Team: c.Team, State: as, Since: since, Expires: until})
	}
	for range spares {
		t.rows = append(t.rows, Seat{PartyID: c.PartyID, Team: c.Team, State: as, Since: since, Expires: until})
	}
	return nil
}

// prolong keeps a seat until the given time at least; holding makes a reservation a hold, and
// a player who takes a seat has it for good.
func (s *Seat) prolong(now, until time.Time, as State) {
	switch {
	case as == Taken:
		s.State, s.Since, s.Expires = Taken, time.Time{}, time.Time{}
	case s.State == Reserved && as == Held:
		s.State, s.Since, s.Expires = Held, now, until
	case s.State == as && until.After(s.Expires):
		s.Expires = until
	}
}

// Withdraw opens what is reserved for the claims. It reports whether anything was.
func (t *Table) Withdraw(now time.Time, claims ...Claim) bool {
	t.Purge(now)
	return t.remove(func(s Seat) bool {
		return s.State == Reserved && slices.ContainsFunc(claims, func(c Claim) bool {
			return s.PartyID == c.PartyID && (slices.Contains(c.UserIDs, s.UserID) || s.UserID == "" && c.Spares > 0)
		})
	}) > 0
}

// fresh are the users of a claim who still need a seat. Who has one already, and the rest of their
// party, has to be where the claim wants to be.
func (t *Table) fresh(c Claim) (users []string, err error) {
	if at, ok := t.teamOf(c.PartyID); ok && at != c.Team {
		return nil, ErrSplit
	}
	for _, u := range c.UserIDs {
		s := t.seatOf(u)
		switch {
		case s == nil && !slices.Contains(users, u):
			users = append(users, u)
		case s != nil && (s.PartyID != c.PartyID || s.Team != c.Team):
			return nil, ErrSplit
		}
	}
	return users, nil
}

// Purge opens every seat whose hold has expired and reports how many there were.
// Every other method ignores or purges them first, so that an expired hold never counts.
func (t *Table) Purge(now time.Time) int {
	return t.remove(func(s Seat) bool { return !s.live(now) })
}

// live is false for a hold or reservation that has expired.
func (s Seat) live(now time.Time) bool { return s.State == Taken || s.Expires.After(now) }

// remove deletes the seats that match and reports how many there were.
func (t *Table) remove(match func(Seat) bool) int {
	before := len(t.rows)
	t.rows = slices.DeleteFunc(t.rows, match)
	return before - len(t.rows)
}

// seatOf points into the rows: only good until they change.
func (t *Table) seatOf(userID string) *Seat {
	for i := range t.rows {
		if t.rows[i].UserID == userID && userID != "" {
			return &t.rows[i]
		}
	}
	return nil
}

// spare is the row of a spare seat of the party, a held one where there is any; -1 for none.
func (t *Table) spare(partyID string) int {
	found := -1
	for i, s := range t.rows {
		if s.UserID == "" && s.PartyID == partyID && (found < 0 || s.State == Held && t.rows[found].State == Reserved) {
			found = i
		}
	}
	return found
}

// count is how many seats match that are not open.
func (t *Table) count(match func(Seat) bool) (n int) {
	for _, s := range t.rows {
		if match(s) {
			n++
		}
	}
	return n
}

// spares is how many spare seats the party has.
func (t *Table) spares(partyID string) int {
	return t.count(func(s Seat) bool { return s.UserID == "" && s.PartyID == partyID })
}

func (t *Table) teamOf(partyID string) (team int, ok bool) {
	for _, s := range t.rows {
		if s.PartyID == partyID && partyID != "" {
			return s.Team, true
		}
	}
	return 0, false
}

func (t *Table) free(team int) int {
	return t.teamSize - t.count(func(s Seat) bool { return s.Team == team })
}

func (t *Table) openSeats() int { return t.Capacity() - len(t.rows) }

// partyMayHave reports whether a party may have so many seats more, if its team has them.
func (t *Table) partyMayHave(partyID string, more int) bool {
	return partyID == "" || t.maxParty == 0 || t.maxParty >= t.teamSize || t.count(func(s Seat) bool { return s.PartyID == partyID })+more <= t.maxParty
}

// refusal says why there is no room: held seats may come free, taken ones are gone.
func (t *Table) refusal() error {
	if slices.ContainsFunc(t.rows, func(s Seat) bool { return s.State != Taken }) {
		return ErrReserved
	}
	return ErrFull
}
