package matchmaking

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// MatchJoinAttempt decides whether a session may come in. Its seat is taken from now on: the
// host has the session join at once, and reports it as gone if it never appears.
func (m *seated) MatchJoinAttempt(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, presence runtime.Presence, metadata map[string]string) (any, bool, string) {
	allow, reason := false, party.AsError(errors.New("the match handler panicked")).Error()
	out := m.change("MatchJoinAttempt", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
		before := c.table.Clone()
		if err := c.take(presence.GetUserId()); err != nil {
			reason = party.AsError(refuse(err)).Error()
			return true
		}
		c.inner, allow, reason = m.inner.MatchJoinAttempt(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, presence, metadata)
		switch {
		case !allow:
			c.table = before
		case c.guest(presence.GetSessionId()) == nil:
			c.guests = append(c.guests, &guest{Presence: presence})
		}
		return c.inner != nil
	})
	return out, allow, reason
}

// take seats a user who is there, if they may come in.
func (c *call) take(userID string) error {
	if c.serving != nil {
		return errServed
	}
	partyID := ""
	if _, seated := c.table.Get(c.now, userID); !seated {
		partyID = c.partyHere(userID)
		if partyID == "" && !c.setup.OpenJoins {
			_, err := c.table.Clone().Take(c.now, userID, "") // where no seat is open, that is the reason
			return cmp.Or(err, errOutsider)
		}
		if err := c.mayPlayWith(userID, partyID); err != nil {
			return err
		}
	}
	_, err := c.table.Take(c.now, userID, partyID)
	return err
}

// partyHere finds the party with seats here whose member the user is; "" for none.
func (c *call) partyHere(userID string) string {
	for _, text := range c.table.Parties(c.now) {
		id, err := party.ParseID(text)
		if err != nil {
			continue
		}
		members, err := membersOf(c.nk, id)
		if err != nil {
			c.logger.Warn("party members not read party=%s error=%v", id, err)
			continue
		}
		if slices.ContainsFunc(members, func(p runtime.Presence) bool { return p.GetUserId() == userID }) {
			return text
		}
	}
	return ""
}

// blocksWait bounds how long the match stands still for the look at blocks.
const blocksWait = time.Second

// mayPlayWith refuses a user without a seat with errBlocked where a block stands between
// them and a player of another party, and with errLater while that cannot be read.
func (c *call) mayPlayWith(userID, partyID string) error {
	if !c.setup.AvoidBlocks {
		return nil
	}
	users := []string{userID}
	for _, s := range c.table.Users(c.now) {
		if partyID == "" || s.PartyID != partyID {
			users = append(users, s.UserID)
		}
	}
	ctx, cancel := context.WithTimeout(c.ctx, blocksWait)
	defer cancel()
	blocks, err := party.NewBlockList(c.db, c.nk).Among(ctx, users)
	if err != nil {
		c.logger.Warn("late friend waits error=%v", err)
		return errLater
	}
	if slices.ContainsFunc(blocks, func(b party.Block) bool { return b.By == userID || b.Of == userID }) {
		return errBlocked
	}
	return nil
}

// MatchJoin passes on the sessions that attempt let in. Where one takes the place of another
// session of its user, the handler sees that one leave first.
func (m *seated) MatchJoin(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, presences []runtime.Presence) any {
	return m.change("MatchJoin", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
		var arrived, replaced, strangers []runtime.Presence
		for _, p := range presences {
			g := c.guest(p.GetSessionId())
			if g == nil {
				strangers = append(strangers, p)
				continue
			}
			for _, other := range c.guests {
				if other != g && other.joined && !other.replaced && other.GetUserId() == p.GetUserId() {
					other.replaced = true
					replaced = append(replaced, departed{other.Presence})
				}
			}
			g.Presence, g.joined = p, true
			arrived = append(arrived, p)
		}
		if len(strangers) > 0 {
			logger.Warn("sessions joined without having asked count=%d", len(strangers))
		}
		c.kick(strangers)
		if len(replaced) > 0 {
			for _, p := range replaced { // their players go on with another session
				c.tellPlayers(event{Event: eventEnded, MatchID: c.id, UserID: p.GetUserId()}, []runtime.Presence{p})
			}
			c.kick(c.replaced())
			c.inner = m.inner.MatchLeave(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, replaced)
		}
		if c.inner != nil && len(arrived) > 0 {
			c.mapChanged = true // a player who arrives needs the seats, even where none changed
			c.inner = m.inner.MatchJoin(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, arrived)
		}
		return c.inner != nil
	})
}

// MatchLeave opens the seats of those who left on purpose and keeps those of the others for
// the grace. The host also names sessions here that were never in the match.
func (m *seated) MatchLeave(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, presences []runtime.Presence) any {
	return m.change("MatchLeave", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
		var gone []runtime.Presence
		for _, p := range presences {
			g := c.guest(p.GetSessionId())
			if g == nil {
				continue
			}
			sits := c.holder(g.GetUserId()) == g
			c.guests = slices.DeleteFunc(c.guests, func(other *guest) bool { return other == g })
			switch {
			case !sits: // another session of the user has the seat
			case p.GetReason() == runtime.PresenceReasonLeave:
				c.table.Leave(c.now, g.GetUserId())
			default:
				c.table.Drop(c.now, g.GetUserId(), c.now.Add(c.setup.Grace))
			}
			if !g.replaced {
				gone = append(gone, p)
			}
		}
		if len(gone) == 0 {
			return true
		}
		c.inner = m.inner.MatchLeave(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, gone)
		return c.inner != nil
	})
}

// kick takes sessions off the match's stream. One that has not even appeared on it cannot be taken off, so
// replaced ones are kicked until the host reports them gone.
func (c *call) kick(presences []runtime.Presence) {
	if len(presences) == 0 {
		return
	}
	if err := c.dispatcher.MatchKick(presences); err != nil {
		c.logger.Warn("sessions not kicked count=%d error=%v", len(presences), err)
	}
}

// guest is one session in the match.
type guest struct {
	runtime.Presence
	joined   bool // the handler knows of it
	replaced bool // another session of the user took its place; the handler knows that too
}

// guests are the sessions the match let in and the host has not yet reported gone, in the
// order they came.
type guests []*guest

// guest finds a session in the match; nil if it is not.
func (gs guests) guest(sessionID string) *guest {
	for _, g := range gs {
		if g.GetSessionId() == sessionID {
			return g
		}
	}
	return nil
}

// holder is the session that sits on a user's seat: the last that was let in.
func (gs guests) holder(userID string) *guest {
	for _, g := range slices.Backward(gs) {
		if g.GetUserId() == userID && !g.replaced {
			return g
		}
	}
	return nil
}

// present are the players the handler knows of.
func (gs guests) present() []runtime.Presence {
	return gs.which(func(g *guest) bool { return g.joined && !g.replaced })
}

// replaced are the sessions whose place another one took.
func (gs guests) replaced() []runtime.Presence {
	return gs.which(func(g *guest) bool { return g.replaced })
}

func (gs guests) which(match func(*guest) bool) []runtime.Presence {
	found := []runtime.Presence{}
	for _, g := range gs {
		if match(g) {
			found = append(found, g.Presence)
		}
	}
	return found
}

// fromGuests leaves out messages of sessions that are no players: the host takes them
// from the sessions on the match's stream.
func (gs guests) fromGuests(messages []runtime.MatchData) []runtime.MatchData {
	stranger := func(message runtime.MatchData) bool {
		g := gs.guest(message.GetSessionId())
		return g == nil || g.replaced
	}
	return slices.DeleteFunc(slices.Clone(messages), stranger)
}

// departed is a presence whose connection counts as lost.
type departed struct{ runtime.Presence }

func (departed) GetReason() runtime.PresenceReason { return runtime.PresenceReasonDisconnect }

// innerDispatcher is the handler's.
func (c *call) innerDispatcher() runtime.MatchDispatcher {
	return dispatcher{c.dispatcher, c}
}

// dispatcher is the host's, with the label shared and without replaced sessions.
type dispatcher struct {
	runtime.MatchDispatcher
	c *call
}

// MatchLabelUpdate puts the handler's fields beside those of the seats.
func (d dispatcher) MatchLabelUpdate(text string) error {
	before := d.c.own
	d.c.own = ownLabel(text)
	if err := d.c.relabel(); err != nil {
		d.c.own = before
		return err
	}
	return nil
}

func (d dispatcher) BroadcastMessage(opCode int64, data []byte, presences []runtime.Presence, sender runtime.Presence, reliable bool) error {
	return d.MatchDispatcher.BroadcastMessage(opCode, data, d.recipients(presences), sender, reliable)
}

func (d dispatcher) BroadcastMessageDeferred(opCode int64, data []byte, presences []runtime.Presence, sender runtime.Presence, reliable bool) error {
	return d.MatchDispatcher.BroadcastMessageDeferred(opCode, data, d.recipients(presences), sender, reliable)
}

// recipients turns "everybody" into those the handler knows of, where that is not the
// same.
func (d dispatcher) recipients(presences []runtime.Presence) []runtime.Presence {
	if presences == nil && len(d.c.replaced()) > 0 {
		return d.c.present()
	}
	return presences
}
