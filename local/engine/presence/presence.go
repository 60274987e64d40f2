// Package presence tells who is where: streams, the presences on them, and the
// tracker that owns both. The embedded engine's party, match, status and socket
// packages meet here and nowhere else; it imports none of them.
package presence

import "github.com/google/uuid"

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

// Presence is one session on one stream.
type Presence struct {
	ID     ID
	Stream Stream
	UserID uuid.UUID
	Meta   Meta
}

// Event is one change of a stream: who came and who went. An update of a status is a
// leave and a join of the same session in one event.
type Event struct {
	Stream Stream
	Joins  []Presence
	Leaves []Presence
}
