package party

import "fmt"

// The refusals that many places give.

// Invalid refuses a request for one of its fields, which it names.
func Invalid(field, format string, args ...any) *Error {
	return Refuse(InvalidRequest, "%s: %s", field, fmt.Sprintf(format, args...))
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

// awayRetry is when to ask again for a party in which everybody is away, in seconds.
const awayRetry = 5

// Away refuses for a party whose members have all lost their connections.
func Away() *Error {
	return Refuse(PartyAway, "Everybody in this party is away for a moment, retry_after_sec=%d.", awayRetry)
}
