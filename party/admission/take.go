package admission

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
)

// takeAttempts is how often one admission tries.
const takeAttempts = 4

// take puts a session onto the party's stream, as was decided.
func (a *Admission) take(v *ledger.Visit, t reserve.Take, grant party.Grant) error {
	maxSize, marks := v.Last.MaxSize, v.Last.Marks
	if t.First { // the engine would not take one more; it hears of both in this order
		a.vacate(v, t.Older.Session)
	}
	if err := a.board(v, t, maxSize, marks); err != nil {
		if t.First { // the seat is still the user's
			err = errors.Join(err, v.Keep(t.Older), v.ReportKept())
		}
		return err
	}
	s := t.Session
	v.Book.Admitted[s.SessionID] = a.Now()
	v.Entered(s, false)
	if t.Moves && !t.First {
		a.vacate(v, t.Older.Session)
	}
	v.Book.Release(grant.InviteID, s.UserID)
	if err := v.Seated(s, grant); err != nil {
		a.Logger.Warn("kept seat or kick not ended party=%s user=%s error=%v", v.ID, s.UserID, err)
	}
	return nil
}

// board puts the session on the party's stream as a member, or leaves it off. Between
// attempts it sleeps under the party's lock, 60 ms in all at most: on this node nobody else
// may take the seat that it tries for. After an error the session is off the stream. marks are
// those of the last look.
func (a *Admission) board(v *ledger.Visit, t reserve.Take, maxSize int, marks string) (err error) {
	s := t.Session
	for try := range takeAttempts {
		if try > 0 { // not in step with the node it collides with
			time.Sleep(rand.N(time.Duration(try) * 10 * time.Millisecond))
			var lookErr error
			if marks, lookErr = a.Roster.Marks(v.ID); lookErr != nil {
				return err
			}
			members, lookErr := a.Roster.Members(v.ID)
			if lookErr != nil || len(members)+len(a.Roster.Losses.Of(v.ID)) >= maxSize && !t.Moves {
				return err
			}
		}
		v.At = a.Now()
		if err = a.Put(v.ID, s); err != nil {
			return err
		}
		var again bool // another node was in the way
		if again, err = a.stays(v, t, maxSize, marks); err == nil {
			return nil
		}
		if undo := a.Streams.StreamUserLeave(party.StreamMode, v.ID.UUID.String(), "", v.ID.Node, s.UserID, s.SessionID); undo != nil {
			a.Logger.Error("party admission not rolled back party=%s session=%s error=%v", v.ID, s.SessionID, undo)
		}
		if !again {
			return err
		}
	}
	return err
}

// stays looks again after the join, and says why the session must go if it must, and whether
// it may go better the next time.
func (a *Admission) stays(v *ledger.Visit, t reserve.Take, maxSize int, before string) (again bool, err error) {
	members, err := a.Roster.Members(v.ID)
	if err != nil {
		return false, fmt.Errorf("look after join: %w", err)
	}
	if err := v.Book.Landed(members, len(a.Roster.Losses.Of(v.ID)), t.Session, t.Older.Session, maxSize); err != nil {
		again := party.ReasonOf(err) == party.PartyFull
		if again {
			if err := a.Roster.Mark(v.ID, t.Session); err != nil {
				a.Logger.Warn("party admission not marked party=%s session=%s error=%v", v.ID, t.Session.SessionID, err)
			}
		}
		return again, err
	}
	after, err := a.Roster.Marks(v.ID)
	if err != nil {
		return false, fmt.Errorf("look after join: %w", err)
	}
	if after == before {
		return false, nil
	}
	return true, party.Full()
}

// evictGhost takes the session admitted last off a stream that has more sessions than
// seats. It is the second line behind the check of take: a native join may have stayed
// under way for longer than its seat was kept.
func (a *Admission) evictGhost(v *ledger.Visit, members []party.Member) {
	if len(v.Book.Admitted) == 0 {
		return
	}
	now, err := a.Roster.LookOnce(v.ID)
	if err != nil {
		return
	}
	ghost, is := v.Book.Ghost(members, len(now.Lost), now.MaxSize)
	if !is {
		return
	}
	a.Logger.Warn("party over capacity, admission undone party=%s session=%s", v.ID, ghost.SessionID)
	if _, err := v.Remove(ghost, false); err != nil {
		a.Logger.Warn("party not left party=%s session=%s error=%v", v.ID, ghost.SessionID, err)
	}
	delete(v.Book.Admitted, ghost.SessionID)
}

// vacate takes the older of a user's two sockets out of the party. To it that looks as if the
// party had ended, as it does to a member who is removed: the engine sends it no word of its own.
// Where it led, leadership passes on as on any leave.
func (a *Admission) vacate(v *ledger.Visit, older party.Session) {
	if _, err := v.Remove(older, true); err != nil {
		a.Logger.Warn("party not left party=%s session=%s error=%v", v.ID, older.SessionID, err)
	}
	closed := &rtapi.Envelope{Message: &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: v.ID.String()}}}
	if err := a.send(older, closed); err != nil {
		a.Logger.Warn("older device not told party=%s session=%s error=%v", v.ID, older.SessionID, err)
	}
}

// send sends an envelope to one socket; to nobody if it is gone.
func (a *Admission) send(to party.Session, envelope *rtapi.Envelope) error {
	live, err := a.Streams.StreamUserList(party.NotificationsMode, to.UserID, "", "", true, true)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(live, func(live runtime.Presence) bool { return live.GetSessionId() == to.SessionID })
	if i < 0 { // without presences it would go to all sockets of the user
		return nil
	}
	return a.Sender.StreamSendRaw(party.NotificationsMode, to.UserID, "", "", envelope, live[i:i+1], true)
}
