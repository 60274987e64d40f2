package matchmaking

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/seats"
	"partyline/party"
)

// lookEvery is how often a tick looks after a game server, and after sessions that were
// replaced and are still here.
const lookEvery = time.Second

// emptyAfter is how long a match goes on with nobody in it and no seat held.
const emptyAfter = 30 * time.Second

// state is one match. It belongs to the goroutine of the host that calls the match.
type state struct {
	id    string
	setup Launch
	table *seats.Table
	guests
	inner any                        // the handler's own state
	own   map[string]json.RawMessage // the handler's own label
	label string

	announced  bool         // somebody may know of the match
	rows       []seats.Seat // the seats as they were last told
	events     []event      // not yet sent
	mapChanged bool         // the players do not have the seats as they are
	due        time.Time    // until then a tick without messages has nothing to do; zero after anything but a tick
	emptySince time.Time    // zero while somebody is here or expected
	endTold    bool
	resultTold bool // the end that its game server has told

	serving *serving // nil but in a seat match
}

func newState(ctx context.Context, params map[string]any, now time.Time) (*state, error) {
	set, err := readLaunch(params)
	if err != nil {
		return nil, err
	}
	table, err := seats.New(set.Teams, set.TeamSize, set.MaxParty)
	if err != nil {
		return nil, err
	}
	if set.Unannounced {
		wait := ReservedFor
		if set.Server != nil {
			wait = set.Server.Wait
		}
		err = table.Reserve(now, now.Add(wait), set.Claims...)
	} else {
		err = table.Hold(now, now.Add(set.SeatHold), set.Claims...)
	}
	if err != nil {
		return nil, fmt.Errorf("seats for %d claims: %w", len(set.Claims), err)
	}
	id, _ := ctx.Value(runtime.RUNTIME_CTX_MATCH_ID).(string)
	return &state{id: id, setup: set, table: table, announced: !set.Unannounced}, nil
}

// String is what the server's console shows of the match.
func (s *state) String() string {
	text, _ := json.Marshal(s.seats()) // texts and numbers alone
	return fmt.Sprintf("seats %s handler %+v", text, s.inner)
}

// seats are those last told.
func (s *state) seats() party.MatchSeats {
	m := party.MatchSeats{MatchID: s.id, Queue: s.setup.Queue, Region: s.setup.Region, Seats: make([]party.MatchSeat, len(s.rows))}
	for i, r := range s.rows {
		m.Seats[i] = party.MatchSeat{UserID: r.UserID, PartyID: r.PartyID, Team: r.Team, State: party.SeatState(r.State)}
		if r.State == seats.Held {
			m.Seats[i].ExpiresAt = r.Expires.Unix()
		}
	}
	return m
}

// settle takes note of what a call did to the seats.
func (c *call) settle() {
	if !c.noteChanges() {
		return
	}
	if err := c.relabel(); err != nil {
		c.logger.Warn("match label not updated error=%v", err)
	}
}

// noteChanges compares the seats with those last told. It reports whether the label may
// have to change.
func (c *call) noteChanges() bool {
	rows := c.table.Map(c.now)
	if slices.Equal(rows, c.rows) {
		return false
	}
	if slices.ContainsFunc(rows, func(r seats.Seat) bool { return r.State != seats.Open }) {
		c.announced = true
	}
	c.events = append(c.events, changes(c.id, c.rows, rows)...)
	c.serving.tellHeld(c, c.rows, rows)
	marks{c.nk, c.logger, c.id}.follow(c.rows, rows)
	c.rows, c.mapChanged = rows, true
	return true
}

// relabel updates the label if it changed. In MatchInit it only makes it.
func (c *call) relabel() error {
	open := c.table.OpenByTeam(c.now)
	l := label{Queue: c.setup.Queue, Parties: c.table.Parties(c.now), Region: c.setup.Region}
	for _, n := range open {
		l.OpenSeats += n
	}
	if c.setup.Backfill && c.announced && l.OpenSeats < c.table.Capacity() { // nobody wants to be sent to a deserted match
		l.Backfill, l.Open, l.Key, l.Skill = true, open, c.setup.Key, c.setup.Skill
	}
	text, err := l.text(c.own)
	if err != nil || text == c.label {
		return err
	}
	if c.dispatcher != nil {
		if err := c.dispatcher.MatchLabelUpdate(text); err != nil {
			return err
		}
	}
	c.label = text
	return nil
}

// nextDue is when a tick has something to do although nothing else happens: a seat expires,
// the match is deserted, or it is time to look again ([lookEvery]).
func (s *state) nextDue(now time.Time) time.Time {
	if s.serving != nil || len(s.replaced()) > 0 {
		return now.Add(lookEvery)
	}
	due := now.Add(emptyAfter)
	if !s.emptySince.IsZero() {
		due = s.emptySince.Add(emptyAfter)
	}
	if first := s.table.FirstExpiry(); !first.IsZero() && first.Before(due) {
		due = first
	}
	return due
}

// deserted reports whether nobody has been here, or on the way, for too long. A match that
// nobody was told of waits for nobody.
func (s *state) deserted(now time.Time) bool {
	taken, held, _ := s.table.Count(now)
	if taken+held > 0 {
		s.emptySince = time.Time{}
		return false
	}
	if !s.announced {
		return true
	}
	if s.emptySince.IsZero() {
		s.emptySince = now
	}
	return now.Sub(s.emptySince) >= emptyAfter
}
