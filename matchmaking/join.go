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
		case c.guests.find(presence.GetSessionId()) < 0:
			c.guests = append(c.guests, guest{presence, false})
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
	for _, text := range partiesOf(c.rows) {
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

// MatchJoin passes on the sessions that MatchJoinAttempt let in. A session replaces the earlier ones of its user: the
// handler sees those leave first that it has seen join, and nothing of them after that. The host may report two
// sessions of a user in the other order, so one that was replaced before is kicked when it comes.
func (m *seatedMatch) MatchJoin(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, st any, presences []runtime.Presence) any {
	return m.stepAndSettle("MatchJoin", &call{ctx: ctx, logger: logger, db: db, nk: nk, dispatcher: d, tick: tick}, st, func(c *call) bool {
		var arrived, over, left []runtime.Presence
		for _, p := range presences {
			at := c.guests.find(p.GetSessionId())
			if at < 0 {
				over = append(over, p)
				continue
			}
			c.guests[at].joined = true
			arrived = append(arrived, p)
			for _, earlier := range c.guests[:at] {
				if earlier.GetUserId() != p.GetUserId() {
					continue
				}
				over = append(over, earlier.Presence)
				if earlier.joined {
					left = append(left, disconnected{earlier.Presence})
				}
			}
		}
		if len(over) > 0 {
			for _, p := range over { // their players continue with another session
				c.guests.remove(p.GetSessionId())
				c.tellPlayers(event{Event: eventEnded, MatchID: c.id, UserID: p.GetUserId()}, []runtime.Presence{p})
			}
			if err := d.MatchKick(over); err != nil {
				logger.Warn("sessions not kicked count=%d error=%v", len(over), err)
			}
		}
		if len(left) > 0 {
			c.inner = m.inner.MatchLeave(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, left)
		}
		if c.inner != nil && len(arrived) > 0 {
			c.seatsUnsent = true // a player who arrives needs the seats, even if no seat changed
			if !c.endsAt.IsZero() {
				c.tellPlayers(c.endEvent(c.endsAt, ""), arrived)
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
			if !c.guests.remove(p.GetSessionId()) {
				continue
			}
			gone = append(gone, p)
			switch userID := p.GetUserId(); {
			case c.guests.hasUser(userID): // another session of the user has the seat
			case p.GetReason() == runtime.PresenceReasonLeave:
				c.table.Leave(c.now, userID)
			default:
				c.table.Drop(c.now, userID, c.now.Add(c.setup.Grace))
			}
		}
		if len(gone) == 0 {
			return true
		}
		c.inner = m.inner.MatchLeave(c.innerContext(), logger, db, nk, c.innerDispatcher(), tick, c.inner, gone)
		return c.inner != nil
	})
}

// guest is a session that the match let in.
type guest struct {
	runtime.Presence
	joined bool // the handler was told of it
}

// guests are the sessions that the match let in, in the order they came, until another session of their user replaces
// them or the host reports them gone.
type guests []guest

// find returns the index of a session; -1 if it is not there.
func (gs guests) find(sessionID string) int {
	return slices.IndexFunc(gs, func(g guest) bool { return g.GetSessionId() == sessionID })
}

func (gs guests) hasUser(userID string) bool {
	return slices.ContainsFunc(gs, func(g guest) bool { return g.GetUserId() == userID })
}

// remove reports whether the session was there.
func (gs *guests) remove(sessionID string) bool {
	at := gs.find(sessionID)
	if at >= 0 {
		*gs = slices.Delete(*gs, at, at+1)
	}
	return at >= 0
}

// dropStrangers drops messages of sessions that are not players here. The host accepts messages from every session on
// the match's stream.
func (gs guests) dropStrangers(messages []runtime.MatchData) []runtime.MatchData {
	return slices.DeleteFunc(slices.Clone(messages), func(message runtime.MatchData) bool { return gs.find(message.GetSessionId()) < 0 })
}

// disconnected is a presence that leaves because its connection counts as lost.
type disconnected struct{ runtime.Presence }

func (disconnected) GetReason() runtime.PresenceReason { return runtime.PresenceReasonDisconnect }

// innerDispatcher returns the dispatcher for the handler.
func (c *call) innerDispatcher() runtime.MatchDispatcher {
	return dispatcher{c.dispatcher, c}
}

// dispatcher is the host's dispatcher for the handler: it merges the labels.
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
