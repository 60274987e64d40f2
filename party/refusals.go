package party

// The refusals that many places give.

// NotAMember refuses somebody who is not in the party.
func NotAMember() *Error { return Refuse(NotMember, "You are not in this party.") }

// Gone refuses for a party that has ended.
func Gone() *Error { return Refuse(PartyNotFound, "This party does not exist any more.") }
