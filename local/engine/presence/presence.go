// Package presence tracks which sessions are on which streams. It has the streams, the presences on them, and the
// tracker that owns both. The embedded engine's packages for parties, matches, status and sockets share only this
// package; it imports none of them.
//
// The tracker knows a session from [Tracker.Open] to [Tracker.UntrackAll]. In between the session may be on any
// number of streams. Every visible change of a stream becomes one [Event]. A single goroutine delivers the events in
// the order of the changes: first to the engine's own listeners, then to the announcer, which tells the clients.
//
// A [Tracker] is safe for concurrent use.
package presence

import (
	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Stream modes that Nakama's clients know. Modules use 100 and above.
const (
	ModeNotifications      uint8 = 0
	ModeStatus             uint8 = 1
	ModeMatchRelayed       uint8 = 5
	ModeMatchAuthoritative uint8 = 6
	ModeParty              uint8 = 7
)

// Stream identifies one stream. It is comparable and used as a map key.
type Stream struct {
	Mode       uint8
	Subject    uuid.UUID
	Subcontext uuid.UUID
	Label      string
}

// ID identifies one session on one node.
type ID struct {
	Node      string
	SessionID uuid.UUID
}

// Meta is the data of a presence in addition to its identity.
type Meta struct {
	Hidden      bool
	Persistence bool
	Username    string
	Status      string
	Reason      uint32 // runtime.PresenceReason of the event that is being delivered
}

var _ runtime.PresenceMeta = Meta{}

func (m Meta) GetHidden() bool                   { return m.Hidden }
func (m Meta) GetPersistence() bool              { return m.Persistence }
func (m Meta) GetUsername() string               { return m.Username }
func (m Meta) GetStatus() string                 { return m.Status }
func (m Meta) GetReason() runtime.PresenceReason { return runtime.PresenceReason(m.Reason) }

// Presence is one session on one stream. Modules get it as a runtime.Presence.
type Presence struct {
	ID     ID
	Stream Stream
	UserID uuid.UUID
	Meta   Meta
}

var _ runtime.Presence = Presence{}

func (p Presence) GetUserId() string                 { return p.UserID.String() }
func (p Presence) GetSessionId() string              { return p.ID.SessionID.String() }
func (p Presence) GetNodeId() string                 { return p.ID.Node }
func (p Presence) GetHidden() bool                   { return p.Meta.Hidden }
func (p Presence) GetPersistence() bool              { return p.Meta.Persistence }
func (p Presence) GetUsername() string               { return p.Meta.Username }
func (p Presence) GetStatus() string                 { return p.Meta.Status }
func (p Presence) GetReason() runtime.PresenceReason { return p.Meta.GetReason() }

// Event is one change of a stream: who joined and who left. An update of a presence is a leave and a join of the same
// session in one event. Hidden presences are in no event.
type Event struct {
	Stream Stream
	Joins  []Presence
	Leaves []Presence
}
