package party

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Refusals that many places use.

// Invalid refuses a request because of one field, which the message names.
func Invalid(field, format string, args ...any) *Error {
	return Refuse(InvalidRequest, "%s: %s", field, fmt.Sprintf(format, args...))
}

// Clip shortens a text of the client before a refusal repeats it.
func Clip(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// NamedID reads the party_id of a request.
func NamedID(partyID string) (ID, error) {
	if partyID == "" {
		return ID{}, Invalid("party_id", "must not be empty.")
	}
	return ParseID(partyID)
}

// NotAMember refuses a user who is not in the party.
func NotAMember() *Error { return Refuse(NotMember, "You are not in this party.") }

// RefuseGone is the refusal for a party that has ended.
func RefuseGone() *Error { return Refuse(PartyNotFound, "This party does not exist any more.") }

// RefuseFull is the refusal for a party without a free seat.
func RefuseFull() *Error { return Refuse(PartyFull, "This party is full.") }

// awayRetry is when to ask again for a party in which everybody is away.
const awayRetry = 5 * time.Second

// RefuseAway is the refusal for a party whose members have all lost their connections.
func RefuseAway() *Error {
	return RefuseFor(awayRetry, PartyAway, "Everybody in this party is away for a moment")
}

// Disconnected is the refusal for a session that has ended.
func Disconnected(cause error) *Error {
	return &Error{Reason: NoLiveSession, Message: "The connection has ended.", Cause: cause}
}

// SocketClosed returns Disconnected if ctx has ended because its caller is gone, and nil otherwise.
func SocketClosed(ctx context.Context) *Error {
	if ctx.Err() == nil {
		return nil
	}
	return Disconnected(ctx.Err())
}

// Outcome returns err as the caller of ctx and the log get it. An internal error is Disconnected if the caller went
// away, because that is no fault of the server, whatever error a driver returns.
func Outcome(ctx context.Context, err error) *Error {
	e := AsError(err)
	if e != nil && e.Reason == Internal && (errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, context.Canceled)) {
		return Disconnected(err)
	}
	return e
}
