package matchmaking

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/caught"
	"partyline/matchmaking/seats"
	"partyline/party"
)

// WithSeats gives a match handler seats. Make the match from [Launch.MatchParams]; without those parameters it
// refuses to start.
//
// In front of the handler it
//   - asks the seat table on every join attempt, and the handler only about players who have a seat; if the handler
//     refuses, the seat is held again as before;
//   - lets a user in once: a second session of a user replaces the first; the handler sees the first one leave
//     before the second joins;
//   - keeps the seat of a player whose connection is lost for the grace, and opens the seat of a player who leaves
//     or is kicked;
//   - tells the parties and the players about every change, and ends a match after half a minute without players
//     and without held seats, after a MatchTerminate with 0 seconds;
//   - recovers: a panic of the handler ends this match, with the stack in the log.
//
// Everything else passes through unchanged: parameters, messages of players, signals of others, and the handler's
// own label, whose fields are merged with those of the seats. [SeatOf] tells the handler who sits where.
func WithSeats(inner runtime.Match) runtime.Match { return WithSeatsAt(inner, time.Now) }

// WithSeatsAt is [WithSeats] with another clock.
func WithSeatsAt(inner runtime.Match, clock party.Clock) runtime.Match {
	return &seatedMatch{inner: inner, clock: clock}
}

// seatedMatch has no state: the host passes the [state] of each match to every call.
type seatedMatch struct {
	inner   runtime.Match
	clock   party.Clock
	hosting *hosting // nil except in seat matches
}

// call is one call of the host, with the match that it is about. The host makes the calls of a match one at a time.
type call struct {
	ctx        context.Context
	logger     runtime.Logger
	db         *sql.DB
	nk         runtime.NakamaModule
	dispatcher runtime.MatchDispatcher // the host's; nil in MatchInit
	tick       int64
	now        time.Time
	*state
}

func (m *seatedMatch) MatchInit(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, params map[string]any) (any, int, string) {
	c := &call{ctx: ctx, logger: logger, db: db, nk: nk, now: m.clock()}
	rate, err := m.begin(c, params)
	if err != nil {
		logger.Error("match not made error=%v", err)
		return nil, 1, ""
	}
	return c.state, rate, c.label
}

// begin makes the state of a match.
func (m *seatedMatch) begin(c *call, params map[string]any) (rate int, err error) {
	defer caught.Recover(&err, "make the match")
	if c.state, err = newState(c.ctx, params, c.now); err != nil {
		return 0, err
	}
	if (m.hosting == nil) != (c.setup.Server == nil) {
		return 0, fmt.Errorf("only a %s match has a game server", SeatMatchName)
	}
	if m.hosting != nil {
		c.serving = &serving{hosting: m.hosting, slots: map[string]slot{}, used: map[string]int64{}, left: map[string]string{}}
	}
	var own string
	if c.inner, rate, own = m.inner.MatchInit(c.innerContext(), c.logger, c.db, c.nk, params); c.inner == nil {
		return 0, errors.New("the handler made no state")
	}
	c.innerLabel = parseInnerLabel(own)
	c.updateRows() // the first tick sends these events: nobody can join before it
	return rate, c.updateLabel()
}

func (m *seatedMatch) MatchLoop(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, messages []runtime.MatchData) any {
	s, ok := st.(*state)
	due := !ok || !m.clock().Before(s.due)
	if _, relays := m.inner.(relay); relays && len(messages) == 0 && !due {
		return st
	}
	return m.step("MatchLoop", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
		if !c.serving.watch(c) || c.deserted(c.now) {
			m.inner.MatchTerminate(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, 0)
			return false
		}
		c.inner = m.inner.MatchLoop(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, c.guests.dropStrangers(messages))
		c.broadcastSeats()
		if due {
			c.due = c.now.Add(checkInterval)
		}
		return c.inner != nil
	})
}

func (m *seatedMatch) MatchTerminate(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, graceSeconds int) any {
	return m.step("MatchTerminate", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
		c.endsAt = c.now.Add(time.Duration(graceSeconds) * time.Second)
		c.refreshLabel()
		if c.serving == nil || !c.serving.ended { // otherwise the next tick tells it, with the result
			c.tellEnd(c.endsAt)
		}
		c.inner = m.inner.MatchTerminate(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, graceSeconds)
		return c.inner != nil
	})
}

func (m *seatedMatch) MatchSignal(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, data string) (any, string) {
	var reply string
	out := m.stepAndSettle("MatchSignal", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
		text, ours := strings.CutPrefix(data, signalPrefix)
		if !ours {
			c.inner, reply = m.inner.MatchSignal(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, data)
			return c.inner != nil
		}
		var request signalRequest
		var answer signalAnswer
		err := json.Unmarshal([]byte(text), &request)
		if err == nil {
			answer, err = c.answer(request)
		}
		reply = c.encodeReply(answer, err)
		return true
	})
	return out, reply
}

// stepAndSettle is step for work that may change the seats. The next tick sends the changed seats to the players.
func (m *seatedMatch) stepAndSettle(name string, c *call, st any, work func(*call) bool) any {
	return m.step(name, c, st, func(c *call) bool {
		goesOn := work(c)
		if goesOn {
			c.settle()
			c.due = time.Time{}
		}
		return goesOn
	})
}

// step runs the work of one call. The match ends if work returns false or panics.
func (m *seatedMatch) step(name string, c *call, st any, work func(*call) bool) any {
	c.now = m.clock()
	goesOn, err := c.run(name, st, work)
	if !goesOn && c.state != nil {
		err = errors.Join(err, c.close()) // after a panic the state may be broken
	}
	if err != nil {
		c.logger.Error("match ends: panic: %v", err)
	}
	if !goesOn {
		return nil
	}
	return c.state
}

// run removes expired holds before the work and sends the events after it.
func (c *call) run(name string, st any, work func(*call) bool) (goesOn bool, err error) {
	defer caught.Recover(&err, name)
	c.state = st.(*state)
	if c.table.Purge(c.now) > 0 {
		c.settle()
	}
	if !work(c) {
		return false, nil
	}
	c.sendEvents()
	return true, nil
}

// close is the last step of a match: it announces the end, removes the marks and ends the game server.
func (c *call) close() (err error) {
	defer caught.Recover(&err, "close")
	if c.endsAt.IsZero() || c.serving != nil && c.serving.ended { // otherwise they know the end; it may come earlier, with a result
		c.tellEnd(c.now)
	}
	c.unmarkParties(c.rows, nil)
	if s := c.serving; s.ready() {
		s.fleet.fleets.deleteServer(s.server.Manager, s.server.Instance)
	}
	return nil
}

// callKey is the key of the call in the handler's context.
type callKey struct{}

// innerContext returns the context for the handler.
func (c *call) innerContext() context.Context { return context.WithValue(c.ctx, callKey{}, c) }

// SeatOf tells a match handler behind [WithSeats] where a user sits. ctx is the context of the handler's current
// call; use it only during that call. In MatchJoinAttempt the user who asks already has a seat.
func SeatOf(ctx context.Context, userID string) (seats.Seat, bool) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return seats.Seat{}, false
	}
	return c.table.Get(c.now, userID)
}

// SeatsOf lists all seats of the match, as [seats.Table.Map] does; see [SeatOf].
func SeatsOf(ctx context.Context) []seats.Seat {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return nil
	}
	return c.table.Map(c.now)
}
