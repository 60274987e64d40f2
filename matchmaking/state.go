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

// checkInterval is how often a tick without messages looks for expired holds, and at the game server. All other ticks of
// a relay cost nothing.
const checkInterval = time.Second

// emptyTimeout is how long a match continues without players and held seats.
const emptyTimeout = 30 * time.Second

// state is the state of one match. Only the host's goroutine of the match uses it.
type state struct {
	id         string
	setup      Launch
	table      *seats.Table
	guests     guests
	inner      any                        // the handler's own state
	innerLabel map[string]json.RawMessage // the handler's own label
	label      string

	announced   bool         // somebody may know of the match
	rows        []seats.Seat // the seats when the events were last made
	events      []event      // events not yet sent
	seatsUnsent bool         // the players have old seats
	due         time.Time    // until then a tick of a relay without messages does nothing; zero after any other call
	emptySince  time.Time    // zero while a seat is taken or held
	endsAt      time.Time    // when the host's shutdown ends the match at the latest; zero before a shutdown

	serving *serving // nil except in a seat match
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

// String is what the host's console shows of the match.
func (s *state) String() string {
	text, _ := json.Marshal(s.seats()) // cannot fail: the struct has only texts and numbers
	return fmt.Sprintf("seats %s handler %+v", text, s.inner)
}

// seats converts the rows for clients.
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

// settle updates events, marks and the label after the seats may have changed.
func (c *call) settle() {
	if c.updateRows() {
		c.refreshLabel()
	}
}

// refreshLabel is updateLabel; an error only goes to the log.
func (c *call) refreshLabel() {
	if err := c.updateLabel(); err != nil {
		c.logger.Warn("match label not updated error=%v", err)
	}
}

// updateRows compares the seats with the rows, and makes the events and marks of the differences. It reports whether
// any seat changed, so that the label may have to change.
func (c *call) updateRows() bool {
	before, rows := c.rows, c.table.Map(c.now)
	if slices.Equal(rows, before) {
		return false
	}
	c.rows, c.seatsUnsent = rows, true
	var arrived, came []seats.Seat // with a new held seat; these, and players who took a seat
	for _, change := range seatChanges(before, rows) {
		seat, was := change.now, change.was
		c.announced = c.announced || seat.State != seats.Open
		c.tellSeat(seat)
		switch {
		case seat.State == seats.Taken:
			came = append(came, seat)
		case seat.State != seats.Held:
		case was.UserID != seat.UserID || was.PartyID != seat.PartyID:
			arrived, came = append(arrived, seat), append(came, seat)
			c.serving.tellReady(c, seat)
		case was.State == seats.Taken: // the connection is lost
			c.serving.tellReady(c, seat)
		}
	}
	if !c.endsAt.IsZero() {
		for _, id := range partiesOf(arrived) {
			c.events = append(c.events, c.endEvent(c.endsAt, id))
		}
	}
	c.markParties(came)
	c.unmarkParties(before, rows)
	return true
}

// updateLabel updates the label if it changed. In MatchInit it only computes it.
func (c *call) updateLabel() error {
	l := label{Queue: c.setup.Queue, Parties: partiesOf(c.rows), Region: c.setup.Region}
	open := make([]int, c.setup.Teams)
	for _, r := range c.rows {
		if r.State == seats.Open {
			open[r.Team]++
			l.OpenSeats++
		}
	}
	// No backfill into a match without players, or that ends soon.
	if c.setup.Backfill && c.announced && l.OpenSeats < len(c.rows) && c.endsAt.IsZero() {
		l.Backfill, l.Open, l.Key, l.Skill = true, open, c.setup.Key, c.setup.Skill
	}
	text, err := l.encode(c.innerLabel)
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

// deserted reports whether all seats have been open for too long. A match that nobody was told
// of is deserted at once.
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
	return now.Sub(s.emptySince) >= emptyTimeout
}
