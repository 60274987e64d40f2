package party

// The refusals that many places give.

// NotAMember refuses somebody who is not in the party.
func NotAMember() *Error { return Refuse(NotMember, "You are not in this party.") }

// Gone refuses for a party that has ended.
func Gone() *Error { return Refuse(PartyNotFound, "This party does not exist any more.") }

// awayRetry is when to ask again for a party in which everybody is away, in seconds.
const awayRetry = 5

// Away refuses for a party whose members have all lost their connections.
func Away() *Error {
	return Refuse(PartyAway, "Everybody in this party is away for a moment, retry_after_sec=%d.", awayRetry)
}
