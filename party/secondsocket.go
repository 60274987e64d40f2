package party

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party/rules"
)

// mayMove reports whether a member's seat may go to another device of the same user.
// A party of one seat has to refuse: the engine takes nobody while the older device is
// in, and closes the party once it is not.
func (a *Admission) mayMove(v View) bool {
	return a.policy().Parties.SecondSocket == rules.SecondSocketMove && v.MaxSize > 1
}

// moveSeat gives the seat of a user's older socket to s where the engine itself could not:
// it takes nobody into a full party, and into a closed one only by the leader's hand. The
// engine is not to see the message any more, so the answer is a refusal even if all went
// well; s has learned by then that it is in, as everybody who is admitted does. The caller
// holds the gate.
func (a *Admission) moveSeat(ctx context.Context, g *gate, v snapshot, s Session) error {
	if err := a.seat(ctx, g, v, s, Grant{}); err != nil {
		return err
	}
	return Refuse(AlreadyMember, "Your seat has moved to this device.")
}

// vacate takes the older of a user's two sockets out of a party. To it that looks as if
// the party had ended, as it does to whoever is removed: the engine sends no word of its
// own to a session that is taken off the stream. Where it led, leadership passes on as
// on any leave.
func (a *Admission) vacate(ctx context.Context, id ID, older Session) {
	a.leave(ctx, []Membership{{ID: id, Session: older}})
	if a.sender == nil {
		return
	}
	live, err := a.streams.StreamUserList(notificationsMode, older.UserID, "", "", true, true)
	if err != nil {
		return
	}
	// Only to that one socket: without presences it would go to all of the user's.
	i := slices.IndexFunc(live, func(p runtime.Presence) bool { return p.GetSessionId() == older.SessionID })
	if i < 0 {
		return
	}
	closed := &rtapi.Envelope{Message: &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: id.String()}}}
	if err := a.sender.StreamSendRaw(notificationsMode, older.UserID, "", "", closed, live[i:i+1], true); err != nil {
		a.logger.Warn("older device not told party=%s session=%s error=%v", id, older.SessionID, err)
	}
}

// Newest is the session that was opened last. The host's session IDs hold the time they
// were made at; known is false where one of them does not.
func Newest(sessions []Session) (newest Session, known bool) {
	var at uuid.Time
	for _, s := range sessions {
		id, err := uuid.Parse(s.SessionID)
		if err != nil || id.Version() != timeBased {
			return Session{}, false
		}
		if t := id.Time(); newest.SessionID == "" || t > at {
			newest, at = s, t
		}
	}
	return newest, len(sessions) > 0
}

// timeBased is the version of a UUID that holds a time.
const timeBased = 1
