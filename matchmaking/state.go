package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
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

var errPanicked = errors.New("the match handler panicked")

// state is one match. It belongs to the goroutine of the host that calls the match.
type state struct {
	id    string
	setup Launch
	table *seats.Table
	// guests are the sessions the match let in and the host has not yet reported gone,
	// in the order they came.
	guests []*guest
	inner  any                        // the handler's own state
	own    map[string]json.RawMessage // the handler's own label
	label  string

	announced  bool         // somebody may know of the match
	rows       []seats.Seat // the seats as they were last told
	events     []event      // not yet sent
	mapChanged bool         // the players do not have the seats as they are
	due        time.Time    // until then a tick without messages has nothing to do; zero after anything but a tick
	emptySince time.Time    // zero while somebody is here or expected
	endTold    bool

	serving *serving // nil but in a seat match
}

// guest is one session in the match.
type guest struct {
	runtime.Presence
	joined   bool // the handler knows of it
	replaced bool // another session of the user took its place; the handler knows that too
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
	text, err := json.Marshal(s.seats())
	if err != nil {
		return err.Error()
	}
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

// guest finds a session in the match; nil if it is not.
func (s *state) guest(sessionID string) *guest {
	i := slices.IndexFunc(s.guests, func(g *guest) bool { return g.GetSessionId() == sessionID })
	if i < 0 {
		return nil
	}
	return s.guests[i]
}

// holder is the session that sits on a user's seat: the last that was let in.
func (s *state) holder(userID string) *guest {
	for _, g := range slices.Backward(s.guests) {
		if g.GetUserId() == userID && !g.replaced {
			return g
		}
	}
	return nil
}

// present are the players the handler knows of.
func (s *state) present() []runtime.Presence {
	players := make([]runtime.Presence, 0, len(s.guests))
	for _, g := range s.guests {
		if g.joined && !g.replaced {
			players = append(players, g.Presence)
		}
	}
	return players
}

// fromGuests leaves out messages of sessions that are no players: the host takes them
// from the sessions on the match's stream.
func (s *state) fromGuests(messages []runtime.MatchData) []runtime.MatchData {
	stranger := func(message runtime.MatchData) bool {
		g := s.guest(message.GetSessionId())
		return g == nil || g.replaced
	}
	if !slices.ContainsFunc(messages, stranger) {
		return messages
	}
	return slices.DeleteFunc(slices.Clone(messages), stranger)
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
	c.events = append(c.events, c.changes(c.rows, rows)...)
	c.ready(c.rows, rows)
	c.noteMarks(c.rows, rows)
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
func (c *call) nextDue() time.Time {
	replaced := func(g *guest) bool { return g.replaced }
	if c.serving != nil || slices.ContainsFunc(c.guests, replaced) {
		return c.now.Add(lookEvery)
	}
	due := c.now.Add(emptyAfter)
	if !c.emptySince.IsZero() {
		due = c.emptySince.Add(emptyAfter)
	}
	if first := c.table.FirstExpiry(); !first.IsZero() && first.Before(due) {
		due = first
	}
	return due
}

// deserted reports whether nobody has been here, or on the way, for too long. A match that
// nobody was told of waits for nobody.
func (c *call) deserted() bool {
	taken, held, _ := c.table.Count(c.now)
	if taken+held > 0 {
		c.emptySince = time.Time{}
		return false
	}
	if !c.announced {
		return true
	}
	if c.emptySince.IsZero() {
		c.emptySince = c.now
	}
	return c.now.Sub(c.emptySince) >= emptyAfter
}
