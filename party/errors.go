package party

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"
)

// Reason is the stable, machine-readable part of a refusal. Clients switch on it, so its spelling never changes after a
// release.
type Reason string

// Every reason that Partyline answers with. [Reason.Code] has the numbers that go with them.
const (
	InvalidRequest   Reason = "invalid_request"    // not JSON, an unknown field, a wrong type, out of bounds; the message names the field
	Unauthenticated  Reason = "unauthenticated"    // nobody is signed in
	InviteNotFound   Reason = "invite_not_found"   // no such code, or not in the form of one
	InviteExpired    Reason = "invite_expired"     // the invite's time is over
	InviteRevoked    Reason = "invite_revoked"     // the invite was revoked
	InviteExhausted  Reason = "invite_exhausted"   // the invite was used up
	InviteNotForYou  Reason = "invite_not_for_you" // the invite names other players
	PartyNotFound    Reason = "party_not_found"    // no such party, or not in the form of an ID
	PartyFull        Reason = "party_full"         // no free seat; held ones count
	PartyLocked      Reason = "party_locked"       // nobody may enter while the party looks for a match or is in one
	PartyAway        Reason = "party_away"         // everybody in the party has lost the connection; the message ends in retry_after_sec=5
	NotMember        Reason = "not_member"         // the caller is not in the party
	NotLeader        Reason = "not_leader"         // only the leader may do this
	AlreadyMember    Reason = "already_member"     // the user is in the party, perhaps on another device
	AlreadyInParty   Reason = "already_in_party"   // one party per user; leave the other first
	Banned           Reason = "banned"             // kicked a short while ago, and not invited by name since
	Blocked          Reason = "blocked"            // a block stands between the user and somebody in the party
	RuleDenied       Reason = "rule_denied"        // a rule of the designers; its ID is behind the slash
	RateLimited      Reason = "rate_limited"       // too often; the message ends in retry_after_sec=12
	NoLiveSession    Reason = "no_live_session"    // the player's game does not run
	SessionAmbiguous Reason = "session_ambiguous"  // the game runs more than once; name a session
	UnknownQueue     Reason = "unknown_queue"      // no such queue
	PartyTooLarge    Reason = "party_too_large"    // the party is larger than the queue takes
	NotReady         Reason = "not_ready"          // somebody is not ready, or another search for a match is in the way
	SeatReserved     Reason = "seat_reserved"      // the match's free seats are kept for others
	MatchFull        Reason = "match_full"         // the match has no free seat
	ProposalGone     Reason = "proposal_gone"      // the match is not offered to you any more
	NoCapacity       Reason = "no_capacity"        // no game server could be had in time
	QueryNotAllowed  Reason = "query_not_allowed"  // a list's or a ticket's query is too long or has a pattern that could cost the server dearly; see queries in the rules file
	Conflict         Reason = "conflict"           // too many changed the same thing at once; try again
	Internal         Reason = "internal"           // a fault on the server's side; its log says more
)

// Code returns the gRPC status number of the reason, which Nakama passes to clients; 13 (internal) for an unknown one.
func (r Reason) Code() int {
	switch r {
	case InvalidRequest, QueryNotAllowed:
		return 3 // invalid argument
	case InviteNotFound, PartyNotFound:
		return 5 // not found
	case AlreadyMember:
		return 6 // already exists
	case InviteNotForYou, NotMember, NotLeader, Banned, Blocked, RuleDenied:
		return 7 // permission denied
	case PartyFull, RateLimited, NoCapacity:
		return 8 // resource exhausted
	case InviteExpired, InviteRevoked, InviteExhausted, PartyLocked, PartyAway, AlreadyInParty, NoLiveSession, SessionAmbiguous,
		UnknownQueue, PartyTooLarge, NotReady, SeatReserved, MatchFull, ProposalGone:
		return 9 // failed precondition
	case Conflict:
		return 10 // aborted
	case Unauthenticated:
		return 16
	}
	return 13
}

// Error is a refusal: a stable reason, a sentence that the player may read and, only for the log, its cause.
type Error struct {
	Reason  Reason
	Rule    string        // the designer's rule, with RuleDenied, or with Internal if it could not be evaluated
	Message string        // for the player: short, no IDs, no internals
	Wait    time.Duration // when to try again; 0 if waiting does not help
	Cause   error         // for the log; never sent to a client
}

// Error returns the text that clients receive: "<reason>: <message>", or "rule_denied/<rule>: <message>".
func (e *Error) Error() string {
	if e.Reason == RuleDenied && e.Rule != "" {
		return string(e.Reason) + "/" + e.Rule + ": " + e.Message
	}
	return string(e.Reason) + ": " + e.Message
}

// Unwrap returns the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// Log writes a refusal to the server's log. An internal error is logged as an error with its cause, which the client
// does not see. Any other refusal is logged at debug level. The client's input is never written.
func (e *Error) Log(logger runtime.Logger, failed, refused string, fields map[string]any) {
	fields["reason"] = string(e.Reason)
	logger = logger.WithFields(fields)
	if e.Reason.Code() == Internal.Code() {
		logger.Error(failed+": %v", e.Cause)
		return
	}
	logger.Debug(refused)
}

// Refuse makes a refusal with a formatted message for the player.
func Refuse(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// RefuseFor makes a refusal that ends after the wait, in whole seconds. Its message ends with the wait.
func RefuseFor(wait time.Duration, reason Reason, message string) *Error {
	sec := max(1, int(math.Ceil(wait.Seconds())))
	e := Refuse(reason, "%s, retry_after_sec=%d.", message, sec)
	e.Wait = time.Duration(sec) * time.Second
	return e
}

// RefuseRate makes the refusal of a rate limit.
func RefuseRate(wait time.Duration) *Error {
	return RefuseFor(wait, RateLimited, "Too many requests")
}

// AsError returns the *Error in a chain; any other error becomes Internal with the error as its cause. nil stays nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Reason: Internal, Message: "Something went wrong on our side, please try again.", Cause: err}
}

// ReasonOf returns the reason of err as clients see it; "" for nil.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	return AsError(err).Reason
}
