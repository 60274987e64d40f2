package admission

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

// takeAttempts is how often one admission tries.
const takeAttempts = 4

// take puts a session onto the party's stream, as was decided.
func (v *visit) take(t reserve.Take, inviteID string) error {
	maxSize, marks := v.last.MaxSize, v.last.Marks()
	if t.First { // the engine would not take one more; it hears of both in this order
		v.vacate(t.Older.Session)
	}
	if err := v.board(t, maxSize, marks); err != nil {
		if t.First { // the seat is still the user's
			err = errors.Join(err, v.keep(t.Older), v.reportAway())
		}
		return err
	}
	s := t.Session
	v.book.Admitted[s.SessionID] = v.now()
	v.entered(s, false)
	if t.Moves && !t.First {
		v.vacate(t.Older.Session)
	}
	v.book.Release(inviteID, s.UserID)
	if err := v.seated(s.UserID, true); err != nil {
		v.logger.Warn("kept seat or kick not ended party=%s user=%s error=%v", v.id, s.UserID, err)
	}
	return nil
}

// board puts the session on the party's stream as a member, or leaves it off. Between
// attempts it sleeps under the party's lock, 60 ms in all at most: on this node nobody else
// may take the seat that it tries for. marks are those of the last look.
func (v *visit) board(t reserve.Take, maxSize int, marks string) error {
	var err error
	for try := range takeAttempts {
		if try > 0 { // not in step with the node it collides with
			time.Sleep(rand.N(time.Duration(try) * 10 * time.Millisecond))
			var lookErr error
			if marks, lookErr = v.roster.Marks(v.id); lookErr != nil {
				return err
			}
			members, lookErr := v.roster.Members(v.id)
			if lookErr != nil || len(members)+len(v.roster.Losses.Of(v.id)) >= maxSize && !t.Moves {
				return err
			}
		}
		var again bool
		if again, err = v.boardOnce(t, maxSize, marks); !again {
			return err
		}
	}
	return err
}

// boardOnce reports whether another node was in the way, so that it may go better the
// next time. Then, and after any error, the session is off the stream. marks are of before.
func (v *visit) boardOnce(t reserve.Take, maxSize int, marks string) (again bool, err error) {
	s, stream := t.Session, v.id.UUID.String()
	if _, err := v.streams.StreamUserJoin(party.StreamMode, stream, "", v.id.Node, s.UserID, s.SessionID, false, false, ""); err != nil {
		return false, v.joinFailed(s, err)
	}
	if again, err = v.landed(t, maxSize, marks); err == nil {
		return false, nil
	}
	if undo := v.streams.StreamUserLeave(party.StreamMode, stream, "", v.id.Node, s.UserID, s.SessionID); undo != nil {
		v.logger.Error("party admission not rolled back party=%s session=%s error=%v", v.id, s.SessionID, undo)
	}
	return again, err
}

// landed looks again after the join, and says why the session must go if it must.
func (v *visit) landed(t reserve.Take, maxSize int, before string) (again bool, err error) {
	members, err := v.roster.Members(v.id)
	if err != nil {
		return false, fmt.Errorf("look after join: %w", err)
	}
	if err := v.book.Landed(members, len(v.roster.Losses.Of(v.id)), t.Session, t.Older.Session, maxSize); err != nil {
		again := party.ReasonOf(err) == party.PartyFull
		if again {
			if err := v.roster.Mark(v.id, t.Session); err != nil {
				v.logger.Warn("party admission not marked party=%s session=%s error=%v", v.id, t.Session.SessionID, err)
			}
		}
		return again, err
	}
	after, err := v.roster.Marks(v.id)
	if err != nil {
		return false, fmt.Errorf("look after join: %w", err)
	}
	if after == before {
		return false, nil
	}
	return true, party.Refuse(party.PartyFull, "This party is full.")
}

// otherNode is the host's text for a session of another node, which no call reaches.
const otherNode = "node not found"

// joinFailed tells a session that is gone, or another node's, from a fault of the host.
func (a *Admission) joinFailed(s party.Session, cause error) error {
	if cause.Error() == otherNode {
		return &party.Error{Reason: party.NoLiveSession, Message: "Your game is connected to another server; use the invite in the game.", Cause: cause}
	}
	if alive, err := a.roster.Alive(s); err == nil && !alive {
		return &party.Error{Reason: party.NoLiveSession, Message: "The game is not running any more.", Cause: cause}
	}
	return fmt.Errorf("join party stream: %w", cause)
}

// vacate takes the older of a user's two sockets out of the party. To it that looks as if
// the party had ended, as it does to whoever is removed: the engine sends no word of its
// own to a session that is taken off the stream. Where it led, leadership passes on as on
// any leave.
func (v *visit) vacate(older party.Session) {
	if _, err := v.remove(older, true); err != nil {
		v.logger.Warn("party not left party=%s session=%s error=%v", v.id, older.SessionID, err)
	}
	closed := &rtapi.Envelope{Message: &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: v.id.String()}}}
	if err := v.send(older, closed); err != nil {
		v.logger.Warn("older device not told party=%s session=%s error=%v", v.id, older.SessionID, err)
	}
}

// vacate is the same for whoever holds no lock.
func (a *Admission) vacate(ctx context.Context, m party.Membership) {
	_ = a.visit(context.WithoutCancel(ctx), m.ID, func(v *visit) error {
		v.vacate(m.Session)
		return nil
	})
}

// send sends an envelope to one socket; to nobody if it is gone.
func (a *Admission) send(to party.Session, envelope *rtapi.Envelope) error {
	live, err := a.streams.StreamUserList(party.NotificationsMode, to.UserID, "", "", true, true)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(live, func(p runtime.Presence) bool { return p.GetSessionId() == to.SessionID })
	if i < 0 { // without presences it would go to all sockets of the user
		return nil
	}
	return a.sender.StreamSendRaw(party.NotificationsMode, to.UserID, "", "", envelope, live[i:i+1], true)
}
