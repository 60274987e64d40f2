package party

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The refusals that many places give.

// Invalid refuses a request for one of its fields, which it names.
func Invalid(field, format string, args ...any) *Error {
	return Refuse(InvalidRequest, "%s: %s", field, fmt.Sprintf(format, args...))
}

// Clip shortens a client's own text before a refusal shows it back.
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

// NotAMember refuses somebody who is not in the party.
func NotAMember() *Error { return Refuse(NotMember, "You are not in this party.") }

// Gone refuses for a party that has ended.
func Gone() *Error { return Refuse(PartyNotFound, "This party does not exist any more.") }

// Full refuses for a party without a free seat.
func Full() *Error { return Refuse(PartyFull, "This party is full.") }

// awayRetry is when to ask again for a party in which everybody is away.
const awayRetry = 5 * time.Second

// Away refuses for a party whose members have all lost their connections.
func Away() *Error {
	return RefuseFor(awayRetry, PartyAway, "Everybody in this party is away for a moment")
}

// Disconnected refuses for a session that has ended.
func Disconnected(cause error) *Error {
	return &Error{Reason: NoLiveSession, Message: "The connection has ended.", Cause: cause}
}

// SocketClosed is Disconnected where the caller of ctx is gone, and nil where not.
func SocketClosed(ctx context.Context) *Error {
	if ctx.Err() == nil {
		return nil
	}
	return Disconnected(ctx.Err())
}

// Outcome is err as the caller of ctx, and the log, get it. What fails because a caller goes
// away is no fault of the server's, whatever a driver makes of it.
func Outcome(ctx context.Context, err error) *Error {
	e := AsError(err)
	if e != nil && e.Reason == Internal && (errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, context.Canceled)) {
		return Disconnected(err)
	}
	return e
}
