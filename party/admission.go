package party

import (
	"context"
	"time"

	"partyline/party/rules"
)

// Question is what a designers' rule is asked.
type Question struct {
	Action  rules.Action
	Caller  Caller
	View    View
	Held    int
	Invited bool
}

// Judge answers for the designers' rules: nil allows, a refusal denies.
type Judge interface {
	Decide(ctx context.Context, q Question) error
}

// Grant says on what ground a session is admitted.
type Grant struct {
	InviteID  string
	InvitedAt time.Time // when the invite was made; lifts an older kick
}

// Hold is the seats one invite keeps for users who are not in yet.
type Hold struct {
	InviteID  string
	UserIDs   []string
	ExpiresAt time.Time
}

// Admission is the only way into a party.
type Admission struct{}

// AdmissionDeps is what an Admission works with; see the fields.
type AdmissionDeps struct {
	Roster  *Roster
	Streams Streams
	Storage Storage                                          // kicks
	Holds   func(ctx context.Context, id ID) ([]Hold, error) // pending holds of a party this process has not seen
	Locked  func(ctx context.Context, v View) error          // nil: never locked
	Policy  Policy
	Logger  Logger
	Now     Clock
}

func NewAdmission(d AdmissionDeps) *Admission { return &Admission{} }

// Admit makes a session a member at once.
func (a *Admission) Admit(ctx context.Context, id ID, s Session, g Grant) error { return nil }

// BeginCreate: before PartyCreate (one party per user). EndCreate: after it; calls Roster.Created.
func (a *Admission) BeginCreate(ctx context.Context, s Session) error { return nil }

// BeginNative: before PartyJoin on an open party.
func (a *Admission) BeginNative(ctx context.Context, id ID, s Session) error { return nil }

// BeginAccept: before PartyAccept; s is the requester, by the leader's session.
func (a *Admission) BeginAccept(ctx context.Context, id ID, s Session, by Session) error { return nil }

// BeginRequest: before PartyJoin on a closed party.
func (a *Admission) BeginRequest(ctx context.Context, id ID, s Session) error { return nil }

// EndNative: after PartyJoin/PartyAccept; also enters the session in the roster.
func (a *Admission) EndNative(ctx context.Context, id ID, s Session) {}

// Settle: any message of session means that its previous join is over.
func (a *Admission) Settle(sessionID string) {}

// Kicked: after PartyRemove of a member; records the ban.
func (a *Admission) Kicked(ctx context.Context, id ID, target Session) error { return nil }

// Held is how many seats are kept.
func (a *Admission) Held(ctx context.Context, id ID) (int, error) { return 0, nil }
