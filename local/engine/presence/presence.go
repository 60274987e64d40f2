// Package presence tells who is where: streams, the presences on them, and the
// tracker that owns both. The embedded engine's party, match, status and socket
// packages meet here and nowhere else; it imports none of them.
//
// A session exists for the tracker from [Tracker.Open] to [Tracker.UntrackAll]; in
// between it may be on any number of streams. Every change of a stream that others
// may see becomes one [Event]. A single goroutine delivers the events, in the order in
// which the changes happened, first to the engine's own listeners and then to the
// announcer that tells the clients.
//
// A [Tracker] is safe for concurrent use.
package presence

import (
	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Stream modes with a meaning to Nakama clients. Modules use 100 and above.
const (
	ModeNotifications      uint8 = 0
	ModeStatus             uint8 = 1
	ModeMatchRelayed       uint8 = 5
	ModeMatchAuthoritative uint8 = 6
	ModeParty              uint8 = 7
)

// Stream names one stream. It is comparable and used as a map key.
type Stream struct {
	Mode       uint8
	Subject    uuid.UUID
	Subcontext uuid.UUID
	Label      string
}

// ID names one session on one node.
type ID struct {
	Node      string
	SessionID uuid.UUID
}

// Meta is what a presence carries besides its identity.
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

// Presence is one session on one stream. As a runtime.Presence it goes to modules
// as it is.
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

// Event is one change of a stream: who came and who went. An update of a status is a
// leave and a join of the same session in one event. Hidden presences are in no event.
type Event struct {
	Stream Stream
	Joins  []Presence
	Leaves []Presence
}
