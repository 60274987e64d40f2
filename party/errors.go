package party

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Reason is the stable, machine-readable part of a refusal. Clients switch on
// it; its spelling never changes once released.
type Reason string

// Every reason Partyline answers with. The numbers that go with them are in
// [Reason.Code].
const (
	InvalidRequest   Reason = "invalid_request"
	Unauthenticated  Reason = "unauthenticated"
	InviteNotFound   Reason = "invite_not_found"
	InviteExpired    Reason = "invite_expired"
	InviteRevoked    Reason = "invite_revoked"
	InviteExhausted  Reason = "invite_exhausted"
	InviteNotForYou  Reason = "invite_not_for_you"
	PartyNotFound    Reason = "party_not_found"
	PartyFull        Reason = "party_full"
	PartyLocked      Reason = "party_locked"
	PartyAway        Reason = "party_away"
	NotMember        Reason = "not_member"
	NotLeader        Reason = "not_leader"
	AlreadyMember    Reason = "already_member"
	AlreadyInParty   Reason = "already_in_party"
	Banned           Reason = "banned"
	Blocked          Reason = "blocked"
	RuleDenied       Reason = "rule_denied"
	RateLimited      Reason = "rate_limited"
	NoLiveSession    Reason = "no_live_session"
	SessionAmbiguous Reason = "session_ambiguous"
	UnknownQueue     Reason = "unknown_queue"
	PartyTooLarge    Reason = "party_too_large"
	NotReady         Reason = "not_ready"
	SeatReserved     Reason = "seat_reserved"
	MatchFull        Reason = "match_full"
	ProposalGone     Reason = "proposal_gone"
	NoCapacity       Reason = "no_capacity"
	QueryNotAllowed  Reason = "query_not_allowed"
	Conflict         Reason = "conflict"
	Internal         Reason = "internal"
)

// gRPC status numbers, as Nakama passes them to clients.
const (
	codeInvalidArgument    = 3
	codeNotFound           = 5
	codeAlreadyExists      = 6
	codePermissionDenied   = 7
	codeResourceExhausted  = 8
	codeFailedPrecondition = 9
	codeAborted            = 10
	codeInternal           = 13
	codeUnauthenticated    = 16
)

var reasonCodes = map[Reason]int{
	InvalidRequest:   codeInvalidArgument,
	Unauthenticated:  codeUnauthenticated,
	InviteNotFound:   codeNotFound,
	InviteExpired:    codeFailedPrecondition,
	InviteRevoked:    codeFailedPrecondition,
	InviteExhausted:  codeFailedPrecondition,
	InviteNotForYou:  codePermissionDenied,
	PartyNotFound:    codeNotFound,
	PartyFull:        codeResourceExhausted,
	PartyLocked:      codeFailedPrecondition,
	PartyAway:        codeFailedPrecondition,
	NotMember:        codePermissionDenied,
	NotLeader:        codePermissionDenied,
	AlreadyMember:    codeAlreadyExists,
	AlreadyInParty:   codeFailedPrecondition,
	Banned:           codePermissionDenied,
	Blocked:          codePermissionDenied,
	RuleDenied:       codePermissionDenied,
	RateLimited:      codeResourceExhausted,
	NoLiveSession:    codeFailedPrecondition,
	SessionAmbiguous: codeFailedPrecondition,
	UnknownQueue:     codeFailedPrecondition,
	PartyTooLarge:    codeFailedPrecondition,
	NotReady:         codeFailedPrecondition,
	SeatReserved:     codeFailedPrecondition,
	MatchFull:        codeFailedPrecondition,
	ProposalGone:     codeFailedPrecondition,
	NoCapacity:       codeResourceExhausted,
	QueryNotAllowed:  codeInvalidArgument,
	Conflict:         codeAborted,
	Internal:         codeInternal,
}

// Code is the gRPC status number that goes with the reason; 13 (internal) for
// a reason this package does not know.
func (r Reason) Code() int {
	if c, ok := reasonCodes[r]; ok {
		return c
	}
	return codeInternal
}

// Error is a refusal: a stable reason, a sentence the player may read, and, for
// the log alone, its cause.
type Error struct {
	Reason  Reason
	Rule    string // the designer's rule, with RuleDenied, or with Internal where it could not be evaluated
	Message string // for the player: short, no IDs, no internals
	Cause   error  // for the log; never sent to a client
}

// Error is the text clients receive: "<reason>: <message>", a rule's refusal
// being "rule_denied/<rule>: <message>". The cause is not in it.
func (e *Error) Error() string {
	if e.Reason == RuleDenied && e.Rule != "" {
		return string(e.Reason) + "/" + e.Rule + ": " + e.Message
	}
	return string(e.Reason) + ": " + e.Message
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is(err, party.Refuse(reason, "")) match on the reason alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason && (t.Rule == "" || t.Rule == e.Rule) && t.Cause == nil
}

// Refuse makes a refusal whose message is formatted for the player.
func Refuse(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// RefuseRate is the refusal of a rate limit. The wait is part of the message,
// in whole seconds and at least one, so that clients can schedule a retry.
func RefuseRate(wait time.Duration) *Error {
	sec := max(1, int(math.Ceil(wait.Seconds())))
	return Refuse(RateLimited, "Too many requests, retry_after_sec=%d.", sec)
}

// AsError turns any error into a refusal: an *Error in its chain as it is,
// anything else becomes Internal with the error as its cause. nil stays nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Reason: Internal, Message: "Something went wrong on our side, please try again.", Cause: err}
}

// ReasonOf is the reason of err as clients would see it; "" for nil.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	return AsError(err).Reason
}
