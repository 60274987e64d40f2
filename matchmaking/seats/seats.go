// Package seats is the seat table of a match: which user sits on which team, which seats are held for somebody on
// the way, and which are open.
//
// The table is pure: it takes the time as an argument, does no I/O and starts no goroutine. One match owns it. It
// is not safe for concurrent use and needs no lock, because a match's callbacks run one at a time. A match has at
// most a few hundred seats, so every method simply visits all of them.
//
// # States
//
// A seat is open, reserved, held or taken. Nobody else can have a held seat until the hold expires. A reserved seat
// is a held seat that nobody was told of: the map shows it as open, and no party's list has it. A seat moves like
// this:
//
//	open  --Reserve--> reserved                a party's seats, all of them or none
//	reserved --Hold--> held                    and open --Hold--> held, in the same way
//	reserved --Withdraw--> open                and when its short time is over
//	open  --Take-->  taken                     an outsider, if the match has room
//	held  --Take-->  taken                     by its user, or by a friend on a spare seat
//	taken --Drop-->  held                      the connection is lost, the grace starts
//	taken --Leave--> open                      on purpose
//	held  --Leave--> open                      declined, cancelled, kicked
//	held  --expiry-> open                      no-show; every call opens expired seats first
//
// Invariants after every call: taken + held + reserved <= capacity, in total and on every team. A user has at most
// one seat. A party's seats are all on one team, and never more than the largest party may have.
package seats

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Refusals. The caller maps them to the reasons of package party.
var (
	// ErrFull means every seat is taken.
	ErrFull = errors.New("every seat is taken")
	// ErrReserved means there are free seats, but all of them are held for others.
	ErrReserved = errors.New("the free seats are held for others")
	// ErrTeamFull means the party's own team has no room. Another team may have room.
	ErrTeamFull = errors.New("the team has no room")
	// ErrPartyFull means the party already has as many seats as one party may have here.
	ErrPartyFull = errors.New("the party may have no more seats")
	// ErrSplit means the users already sit on another team or with another party.
	ErrSplit = errors.New("a party stays together on one team")
	// ErrLayout means that the request is invalid and can never be seated.
	ErrLayout = errors.New("invalid seat request")
)

// State is the state of a seat.
type State string

const (
	Open     State = "open"
	Reserved State = "reserved" // never in [Table.Map]
	Held     State = "held"
	Taken    State = "taken"
)

// Seat is one row of the map that clients see.
type Seat struct {
	UserID  string    // "" for an open seat and for a party's spare seat
	PartyID string    // "" for an open seat and for a player without a party
	Team    int       // from 0
	State   State     //
	Since   time.Time // when a hold or reservation began; zero otherwise
	Expires time.Time // when a hold or reservation ends; zero otherwise
}

// Table holds the seats of one match. Its own methods give seats to users who have none. The methods of rows change
// seats that users have.
type Table struct {
	teams, teamSize int
	maxParty        int // most seats of one party; 0 = a whole team
	rows
}

// New makes a table of open seats. One party may have up to maxParty of them; 0 means a whole team.
func New(teams, teamSize, maxParty int) (*Table, error) {
	if teams < 1 || teamSize < 1 || maxParty < 0 {
		return nil, fmt.Errorf("%w: %d teams of %d, parties of up to %d", ErrLayout, teams, teamSize, maxParty)
	}
	return &Table{teams: teams, teamSize: teamSize, maxParty: maxParty}, nil
}

// Capacity is the number of seats.
func (t *Table) Capacity() int { return t.teams * t.teamSize }

// Clone returns an independent copy of the table.
func (t *Table) Clone() *Table {
	clone := *t
	clone.rows = slices.Clone(t.rows)
	return &clone
}

// Claim asks for the seats of one party, or of one player without a party.
type Claim struct {
	PartyID string   `json:"party_id,omitempty"`
	Team    int      `json:"team"`               // from 0
	UserIDs []string `json:"user_ids,omitempty"` // members and invited friends known by name
	Spares  int      `json:"spares,omitempty"`   // seats for friends not known by name; needs a PartyID
}

// Hold holds all seats of all claims until the given time, or none of them. Reserved seats of the claims become
// held. Users who already hold a seat of their party keep it, with the later of both ends. Users who already sit
// stay seated. So a claim may be repeated, and may name friends who had spare seats before.
func (t *Table) Hold(now, until time.Time, claims ...Claim) error {
	return t.keepAll(term{now, until, Held}, claims)
}

// Reserve is Hold while the match may still fail: nobody is told. Seats that the claims already hold or have taken
// do not change.
func (t *Table) Reserve(now, until time.Time, claims ...Claim) error {
	return t.keepAll(term{now, until, Reserved}, claims)
}

// NeverFits reports whether a claim can never be seated here, even if seats open: its users or their party sit
// elsewhere in the match, or it asks for more seats than a party may have.
func (t *Table) NeverFits(now time.Time, c Claim) bool {
	err := t.Clone().Reserve(now, now, c)
	return errors.Is(err, ErrSplit) || errors.Is(err, ErrPartyFull)
}

func (t *Table) keepAll(k term, claims []Claim) error {
	t.Purge(k.now)
	before := slices.Clone(t.rows)
	for _, c := range claims {
		t.nameSpares(c, k)
		if err := t.claim(c, k); err != nil {
			t.rows = before
			return err
		}
	}
	return nil
}

// nameSpares gives the party's spare seats that the claim no longer asks for to users of the claim who have no seat.
// These are friends who have joined. A reservation uses only reserved spare seats: the party was already told of
// held ones.
func (t *Table) nameSpares(c Claim, k term) {
	fresh, _ := t.unseatedUsers(c) // claim returns the error
	for _, u := range fresh {
		i := slices.IndexFunc(t.rows, func(s Seat) bool {
			return s.UserID == "" && s.PartyID == c.PartyID && (k.state == Held || s.State == Reserved)
		})
		if i < 0 || t.countSpares(c.PartyID) <= c.Spares {
			return
		}
		t.rows[i].UserID, t.rows[i].Since = u, k.now
	}
}

func (t *Table) claim(c Claim, k term) error {
	if c.Team < 0 || c.Team >= t.teams || c.Spares < 0 || c.Spares > 0 && c.PartyID == "" || len(c.UserIDs)+c.Spares == 0 || slices.Contains(c.UserIDs, "") {
		return fmt.Errorf("%w: %+v", ErrLayout, c)
	}
	fresh, err := t.unseatedUsers(c)
	if err != nil {
		return err
	}
	for range c.Spares - t.countSpares(c.PartyID) {
		fresh = append(fresh, "")
	}
	ofParty := func(s Seat) bool { return s.PartyID == c.PartyID }
	switch {
	case c.PartyID != "" && t.maxParty > 0 && t.maxParty < t.teamSize && t.count(ofParty)+len(fresh) > t.maxParty:
		return ErrPartyFull
	case t.freeSeats(c.Team) < len(fresh):
		return t.noRoom(c, len(fresh))
	}
	for i := range t.rows {
		s := &t.rows[i]
		ours := slices.Contains(c.UserIDs, s.UserID) || s.UserID == "" && s.PartyID == c.PartyID && c.Spares > 0
		if ours {
			k.apply(s)
		}
	}
	for _, u := range fresh {
		s := Seat{UserID: u, PartyID: c.PartyID, Team: c.Team, State: Open}
		k.apply(&s)
		t.rows = append(t.rows, s)
	}
	return nil
}

// noRoom returns why there is no room for a claim. For a party with seats here, held seats on other teams do not
// count: it cannot wait for them.
func (t *Table) noRoom(c Claim, seats int) error {
	_, together := t.teamOf(c.PartyID)
	kept := t.count(func(s Seat) bool { return !isTaken(s) && (!together || s.Team == c.Team) })
	switch {
	case t.Capacity()-len(t.rows) >= seats:
		return ErrTeamFull
	case kept > 0:
		return ErrReserved
	case together && t.count(isTaken) < t.Capacity():
		return ErrTeamFull
	}
	return ErrFull
}

func (t *Table) freeSeats(team int) int {
	return t.teamSize - t.count(func(s Seat) bool { return s.Team == team })
}

// Take seats a user who has arrived: in their own seat, else in an open seat, on the party's team if the party has
// one. It uses a spare seat of the party only if no seat is open, because the spare seat waits for somebody else. A
// second Take changes nothing. It refuses outsiders with ErrReserved or ErrFull.
func (t *Table) Take(now time.Time, userID, partyID string) (Seat, error) {
	return t.seatUser(term{now: now, state: Taken}, userID, partyID, false)
}

// Assign holds a seat by name for a friend of a party that has seats here. It uses an open seat on the party's
// team, else a spare seat of the party, which keeps the later end. An awaited friend, for whom the party keeps a
// spare seat, gets the spare seat first. A user who has a seat keeps it; a reserved one becomes held. ErrSplit
// means that the party has no seat here.
func (t *Table) Assign(now, until time.Time, userID, partyID string, awaited bool) (Seat, error) {
	return t.seatUser(term{now, until, Held}, userID, partyID, awaited)
}

func (t *Table) seatUser(k term, userID, partyID string, awaited bool) (Seat, error) {
	t.Purge(k.now)
	if userID == "" {
		return Seat{}, fmt.Errorf("%w: a seat needs a user", ErrLayout)
	}
	if s := t.seatOf(userID); s != nil {
		if k.state == Taken || s.State == Reserved {
			k.apply(s)
		}
		return *s, nil
	}
	spare := t.findSpare(partyID)
	if spare == nil || !awaited {
		err := t.seatInOpen(k, userID, partyID)
		if err == nil {
			return *t.seatOf(userID), nil
		}
		if spare == nil {
			return Seat{}, err
		}
	}
	spare.UserID, spare.Since = userID, k.now
	k.apply(spare)
	return *spare, nil
}

func (t *Table) seatInOpen(k term, userID, partyID string) error {
	team, together := t.teamOf(partyID)
	if !together {
		if k.state == Held {
			return ErrSplit
		}
		for other := range t.teams { // the emptiest team, so that teams stay even when players arrive one by one
			if t.freeSeats(other) > t.freeSeats(team) {
				team = other
			}
		}
	}
	return t.claim(Claim{PartyID: partyID, Team: team, UserIDs: []string{userID}}, k)
}

// Count returns how many seats are taken, how many are held or reserved, and how many are open.
func (t *Table) Count(now time.Time) (players, held, open int) {
	t.Purge(now)
	players = t.count(isTaken)
	return players, len(t.rows) - players, t.Capacity() - len(t.rows)
}

// Map lists every seat, also open ones: by team, then taken before held before open, then by party and user.
// Reserved seats are shown as open. Its length is the capacity.
func (t *Table) Map(now time.Time) []Seat {
	t.Purge(now)
	all := append(make([]Seat, 0, t.Capacity()), t.rows...)
	for i := range all {
		if all[i].State == Reserved {
			all[i] = Seat{Team: all[i].Team, State: Open}
		}
	}
	for team := range t.teams {
		for range t.freeSeats(team) {
			all = append(all, Seat{Team: team, State: Open})
		}
	}
	rank := func(s State) int { return slices.Index([]State{Taken, Held, Open}, s) }
	slices.SortStableFunc(all, func(a, b Seat) int {
		return cmp.Or(a.Team-b.Team, rank(a.State)-rank(b.State), cmp.Compare(a.PartyID, b.PartyID), cmp.Compare(a.UserID, b.UserID))
	})
	return all
}

// term says how to keep a seat: from now until when, and in which state.
type term struct {
	now, until time.Time
	state      State
}

// apply keeps a seat at least until the end of the term. Held makes a reserved seat held. Taken removes the expiry.
func (k term) apply(s *Seat) {
	switch {
	case k.state == Taken:
		s.State, s.Since, s.Expires = Taken, time.Time{}, time.Time{}
	case s.State == Open, s.State == Reserved && k.state == Held:
		s.State, s.Since, s.Expires = k.state, k.now, k.until
	case s.State == k.state && k.until.After(s.Expires):
		s.Expires = k.until
	}
}
