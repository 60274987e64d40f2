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

// MatchJoinAttempt decides whether a session may join. The seat counts as taken from here on: the host makes the
// session join at once, and reports it as gone if it never appears.
func (m *seatedMatch) MatchJoinAttempt(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, presence runtime.Presence, metadata map[string]string) (any, bool, string) {
	allow, reason := false, party.AsError(errors.New("the match handler panicked")).Error()
	out := m.stepAndSettle("MatchJoinAttempt", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
		before := c.table.Clone()
		if err := c.takeSeat(presence.GetUserId()); err != nil {
			reason = party.AsError(asRefusal(err)).Error()
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

// takeSeat gives a user who joins a seat, or returns why they may not join.
func (c *call) takeSeat(userID string) error {
	if c.serving != nil {
		return errOnGameServer
	}
	partyID := ""
	if _, seated := c.table.Get(c.now, userID); !seated {
		partyID = c.partyOf(userID)
		if partyID == "" && !c.setup.OpenJoins {
			_, err := c.table.Clone().Take(c.now, userID, "") // if no seat is open, return that as the reason
			return cmp.Or(err, errOutsider)
		}
		if err := c.checkBlocks(userID, partyID); err != nil {
			return err
		}
	}
	_, err := c.table.Take(c.now, userID, partyID)
	return err
}

// partyOf finds a party that has seats here and the user as a member; "" if there is none.
func (c *call) partyOf(userID string) string {
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

// blocksTimeout limits how long the match waits for the list of blocks; the match does nothing else meanwhile.
const blocksTimeout = time.Second

// checkBlocks checks blocks for a user without a seat. It returns errBlocked if there is a block between the user
// and a player of another party, and errUndecided if the blocks cannot be read now.
func (c *call) checkBlocks(userID, partyID string) error {
	if !c.setup.AvoidBlocks {
		return nil
	}
	users := []string{userID}
	for _, s := range c.table.Users(c.now) {
		if partyID == "" || s.PartyID != partyID {
			users = append(users, s.UserID)
		}
	}
	ctx, cancel := context.WithTimeout(c.ctx, blocksTimeout)
	defer cancel()
	blocks, err := party.NewBlockList(c.db, c.nk).Among(ctx, users)
	if err != nil {
		c.logger.Warn("blocks not read, late friend must try again error=%v", err)
		return errUndecided
	}
	if slices.ContainsFunc(blocks, func(b party.Block) bool { return b.By == userID || b.Of == userID }) {
		return errBlocked
	}
	return nil
}

// MatchJoin passes on the sessions that MatchJoinAttempt let in. If a session replaces another session of its user,
// the handler sees that other one leave first.
func (m *seatedMatch) MatchJoin(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, presences []runtime.Presence) any {
	return m.stepAndSettle("MatchJoin", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
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
					replaced = append(replaced, disconnected{other.Presence})
				}
			}
			g.Presence, g.joined = p, true
			arrived = append(arrived, p)
		}
		if len(strangers) > 0 {
			logger.Warn("sessions joined without a join attempt count=%d", len(strangers))
		}
		c.kick(strangers)
		if len(replaced) > 0 {
			for _, p := range replaced { // their players continue with another session
				c.tellPlayers(event{Event: eventEnded, MatchID: c.id, UserID: p.GetUserId()}, []runtime.Presence{p})
			}
			c.kick(c.replaced())
			c.inner = m.inner.MatchLeave(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, replaced)
		}
		if c.inner != nil && len(arrived) > 0 {
			c.seatsUnsent = true // a player who arrives needs the seats, even if no seat changed
			if !c.endsAt.IsZero() {
				c.tellPlayers(c.endEvent(c.endsAt), arrived)
			}
			c.inner = m.inner.MatchJoin(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, arrived)
		}
		return c.inner != nil
	})
}

// MatchLeave opens the seats of players who left on purpose, and keeps the seats of the others for the grace. The
// host also passes sessions that were never in the match.
func (m *seatedMatch) MatchLeave(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, presences []runtime.Presence) any {
	return m.stepAndSettle("MatchLeave", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
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

// kick removes sessions from the match's stream. It cannot remove a session that has not appeared on the stream
// yet, so replaced sessions are kicked again until the host reports them gone.
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
	joined   bool // the handler was told of it
	replaced bool // another session of the user replaced it; the handler was told so
}

// guests are the sessions that the match let in and that the host has not yet reported gone, in the order they
// came.
type guests []*guest

// guest finds a session in the match; nil if it is not there.
func (gs guests) guest(sessionID string) *guest {
	for _, g := range gs {
		if g.GetSessionId() == sessionID {
			return g
		}
	}
	return nil
}

// holder is the session that uses a user's seat: the last one that was let in.
func (gs guests) holder(userID string) *guest {
	for _, g := range slices.Backward(gs) {
		if g.GetUserId() == userID && !g.replaced {
			return g
		}
	}
	return nil
}

// present returns the players whom the handler was told of.
func (gs guests) present() []runtime.Presence {
	return gs.filter(func(g *guest) bool { return g.joined && !g.replaced })
}

// replaced returns the sessions that another session of their user has replaced.
func (gs guests) replaced() []runtime.Presence {
	return gs.filter(func(g *guest) bool { return g.replaced })
}

func (gs guests) filter(match func(*guest) bool) []runtime.Presence {
	found := []runtime.Presence{}
	for _, g := range gs {
		if match(g) {
			found = append(found, g.Presence)
		}
	}
	return found
}

// dropStrangers drops messages of sessions that are not players here. The host accepts messages from every session on
// the match's stream.
func (gs guests) dropStrangers(messages []runtime.MatchData) []runtime.MatchData {
	stranger := func(message runtime.MatchData) bool {
		g := gs.guest(message.GetSessionId())
		return g == nil || g.replaced
	}
	return slices.DeleteFunc(slices.Clone(messages), stranger)
}

// disconnected is a presence that leaves because its connection counts as lost.
type disconnected struct{ runtime.Presence }

func (disconnected) GetReason() runtime.PresenceReason { return runtime.PresenceReasonDisconnect }

// innerDispatcher returns the dispatcher for the handler.
func (c *call) innerDispatcher() runtime.MatchDispatcher {
	return dispatcher{c.dispatcher, c}
}

// dispatcher is the host's dispatcher for the handler: it merges the labels and skips replaced sessions.
type dispatcher struct {
	runtime.MatchDispatcher
	call *call
}

// MatchLabelUpdate merges the handler's fields with the fields of the seats.
func (d dispatcher) MatchLabelUpdate(text string) error {
	before := d.call.innerLabel
	d.call.innerLabel = parseInnerLabel(text)
	if err := d.call.updateLabel(); err != nil {
		d.call.innerLabel = before
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

// recipients replaces "everybody" with the players whom the handler was told of, if there are other sessions too.
func (d dispatcher) recipients(presences []runtime.Presence) []runtime.Presence {
	if presences == nil && len(d.call.replaced()) > 0 {
		return d.call.present()
	}
	return presences
}
