package admission

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/alarm"
	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
)

// boarding puts sessions on the streams of parties, and takes them off.
type boarding struct {
	ledger *ledger.Ledger
	sender party.Sender
	closes *alarm.Alarms[vacated] // party closes still to be sent
}

// vacated is a session that the module has taken out of a party.
type vacated struct {
	party   party.ID
	session party.Session
}

func newBoarding(l *ledger.Ledger, sender party.Sender) boarding {
	b := boarding{ledger: l, sender: sender}
	b.closes = alarm.New(time.Now, l.Logger, "older device not notified party=", b.tellClosed)
	return b
}

// takeAttempts is how often one admission tries.
const takeAttempts = 4

// take carries out the decision to put a session onto the party's stream.
func (b boarding) take(v *ledger.Visit, t reserve.Take, grant party.Grant) error {
	maxSize, marks := v.Last.MaxSize, v.Last.Marks
	if t.OlderLeavesFirst { // the host takes no more members than seats; it handles both in this order
		b.vacate(v, t.Older.Session, "")
	}
	if err := b.joinAsMember(v, t, maxSize, marks); err != nil {
		if t.OlderLeavesFirst { // the seat is still the user's, and they are not in
			v.Report(party.Change{Kind: party.MemberDropped, ID: v.ID, Session: t.Older.Session, At: v.At})
			err = errors.Join(err, v.Keep(t.Older), v.ReportKept())
		}
		return err
	}
	s := t.Session
	v.Book.Admitted[s.SessionID] = b.ledger.Now()
	v.Entered(s, v.At, false, t.Moves)
	if t.Moves && !t.OlderLeavesFirst {
		b.vacate(v, t.Older.Session, "")
	}
	v.Book.Release(grant.InviteID, s.UserID)
	if err := v.Seated(s, grant); err != nil {
		b.ledger.Logger.Warn("kept seat or ban not ended party=%s user=%s error=%v", v.ID, s.UserID, err)
	}
	return nil
}

// joinAsMember puts the session on the party's stream as a member, or leaves it off. Between attempts it sleeps under
// the party's lock, 60 ms in all at most, so that nobody on this node takes the seat meanwhile. After an error the
// session is off the stream. marks are those of the last look.
func (b boarding) joinAsMember(v *ledger.Visit, t reserve.Take, maxSize int, marks string) (err error) {
	s := t.Session
	for try := range takeAttempts {
		if try > 0 { // a random time, so that two nodes do not collide again
			time.Sleep(rand.N(time.Duration(try) * 10 * time.Millisecond))
			var lookErr error
			if marks, lookErr = b.ledger.Roster.Marks(v.ID); lookErr != nil { // before the members: a session with a mark may still be there
				return err
			}
			members, lookErr := b.ledger.Roster.Members(v.ID)
			if lookErr != nil || len(members)+len(b.ledger.Roster.LostJoins.Of(v.ID)) >= maxSize && !t.Moves {
				return err
			}
		}
		v.At = b.ledger.Now()
		if err = b.joinStream(v.ID, s); err != nil {
			return err
		}
		var again bool // another node interfered
		if again, err = b.checkSeat(v, t, maxSize, marks); err == nil {
			return nil
		}
		if undo := b.leaveStream(v.ID, s); undo != nil {
			b.ledger.Logger.Error("party admission not rolled back party=%s session=%s error=%v", v.ID, s.SessionID, undo)
		}
		if !again {
			return err
		}
	}
	return err
}

// checkSeat looks again after the join. It returns an error if the session must leave, and whether another attempt
// makes sense.
func (b boarding) checkSeat(v *ledger.Visit, t reserve.Take, maxSize int, before string) (again bool, err error) {
	now, err := b.ledger.Roster.LookOnce(v.ID)
	if err != nil {
		return false, fmt.Errorf("look after join: %w", err)
	}
	if err := v.Book.CheckAfterJoin(now.Members, len(now.Lost), t.Session, t.Older.Session, maxSize); err != nil {
		again := party.ReasonOf(err) == party.PartyFull
		if again {
			if err := b.ledger.Roster.Mark(v.ID, t.Session); err != nil {
				b.ledger.Logger.Warn("party admission not marked party=%s session=%s error=%v", v.ID, t.Session.SessionID, err)
			}
		}
		return again, err
	}
	if now.Marks == before {
		return false, nil
	}
	return true, party.RefuseFull()
}

// joinStream puts a session onto a party's stream; the host makes it a member if the party has a free seat. It refuses
// with NoLiveSession if the session is gone or on another node.
func (b boarding) joinStream(id party.ID, s party.Session) error {
	_, err := b.ledger.Streams.StreamUserJoin(party.StreamMode, id.UUID.String(), "", id.Node, s.UserID, s.SessionID, false, false, "")
	if err == nil {
		return nil
	}
	if err.Error() == otherNodeError {
		return &party.Error{Reason: party.NoLiveSession, Message: "Your game is connected to another server; use the invite in the game.", Cause: err}
	}
	if alive, unknown := b.ledger.Roster.Alive(s); unknown == nil && !alive {
		return &party.Error{Reason: party.NoLiveSession, Message: "The game is not running any more.", Cause: err}
	}
	return fmt.Errorf("join party stream: %w", err)
}

// otherNodeError is the host's error text for a session of another node, which the call cannot reach.
const otherNodeError = "node not found"

// takeOff takes a session off the party's stream and off the mirror. moved says that its user stays a member with
// another session. by and last are as in [ledger.Visit.MemberGone].
func (b boarding) takeOff(v *ledger.Visit, s party.Session, moved bool, by string) (last bool, err error) {
	v.At = b.ledger.Now()
	if err := b.leaveStream(v.ID, s); err != nil {
		return false, err
	}
	return v.MemberGone(s, v.At, moved, by), nil
}

// leaveStream takes a session only off the party's stream.
func (b boarding) leaveStream(id party.ID, s party.Session) error {
	return b.ledger.Streams.StreamUserLeave(party.StreamMode, id.UUID.String(), "", id.Node, s.UserID, s.SessionID)
}

// evictGhost takes the session admitted last off a stream that has more sessions than seats. It backs up the check in
// take, because a native join may take longer than its seat is reserved.
func (b boarding) evictGhost(v *ledger.Visit, members []party.Member) {
	if len(v.Book.Admitted) == 0 {
		return
	}
	now, err := b.ledger.Roster.LookOnce(v.ID)
	if err != nil {
		return
	}
	ghost, is := v.Book.Ghost(members, len(now.Lost), now.MaxSize)
	if !is {
		return
	}
	b.ledger.Logger.Warn("party over capacity, admission undone party=%s session=%s", v.ID, ghost.SessionID)
	if _, err := b.takeOff(v, ghost, false, ""); err != nil {
		b.ledger.Logger.Warn("party not left party=%s session=%s error=%v", v.ID, ghost.SessionID, err)
	}
	delete(v.Book.Admitted, ghost.SessionID)
}

// vacate takes a socket out of the party: the older one of a user, or with by one of a user whom that leader has kicked.
// It sends the socket a party close, as the host does to a removed member, because the host itself sends nothing. The
// close waits for [party.NewcomerAfter], because the socket may have come in just now, and must get the host's party
// before it. If the socket led, leadership passes on as on any leave.
func (b boarding) vacate(v *ledger.Visit, s party.Session, by string) {
	if _, err := b.takeOff(v, s, by == "", by); err != nil {
		b.ledger.Logger.Warn("party not left party=%s session=%s error=%v", v.ID, s.SessionID, err)
	}
	b.closes.Set(vacated{v.ID, s}, time.Now().Add(party.NewcomerAfter))
}

// tellClosed sends the party close, unless the session has come back in meanwhile.
func (b boarding) tellClosed(c vacated) {
	members, err := b.ledger.Roster.Members(c.party)
	if err == nil && party.HasSession(members, c.session.SessionID) {
		return
	}
	closed := &rtapi.Envelope{Message: &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: c.party.String()}}}
	if err = errors.Join(err, b.send(c.session, closed)); err != nil {
		b.ledger.Logger.Warn("older device not notified party=%s session=%s error=%v", c.party, c.session.SessionID, err)
	}
}

// send sends an envelope to one socket. It does nothing if the socket is gone.
func (b boarding) send(to party.Session, envelope *rtapi.Envelope) error {
	live, err := b.ledger.Streams.StreamUserList(party.NotificationsMode, to.UserID, "", "", true, true)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(live, func(live runtime.Presence) bool { return live.GetSessionId() == to.SessionID })
	if i < 0 { // without presences it would go to all sockets of the user
		return nil
	}
	return b.sender.StreamSendRaw(party.NotificationsMode, to.UserID, "", "", envelope, live[i:i+1], true)
}
