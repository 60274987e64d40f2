package matchmaker

import (
	"encoding/gob"

	"partyline/local/engine/presence"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

var (
	_ runtime.MatchmakerEntry = (*Entry)(nil)
	_ runtime.Presence        = (*Player)(nil)
)

func init() {
	// A matched hook passes its entries as parameters of the match that it creates. gob copies these parameters, so
	// it must know the types.
	gob.Register(&Entry{})
	gob.Register(&Player{})
}

// Entry is one player of a ticket, for hooks. gob needs the exported fields.
type Entry struct {
	Ticket     string
	Player     *Player
	Properties map[string]any // string and float64 values; all players of the ticket share the map
	PartyID    string
	CreateTime int64 // Unix nanoseconds

	StringProperties  map[string]string
	NumericProperties map[string]float64
}

func (e *Entry) GetPresence() runtime.Presence { return e.Player }
func (e *Entry) GetTicket() string             { return e.Ticket }
func (e *Entry) GetProperties() map[string]any { return e.Properties }
func (e *Entry) GetPartyId() string            { return e.PartyID }
func (e *Entry) GetCreateTime() int64          { return e.CreateTime }

// user returns the entry as clients see it.
func (e *Entry) user() *rtapi.MatchmakerMatched_MatchmakerUser {
	return &rtapi.MatchmakerMatched_MatchmakerUser{
		Presence: &rtapi.UserPresence{
			UserId:    e.Player.UserID,
			SessionId: e.Player.ID.SessionID.String(),
			Username:  e.Player.Username,
		},
		StringProperties:  e.StringProperties,
		NumericProperties: e.NumericProperties,
		PartyId:           e.PartyID,
	}
}

// Player is the presence of an [Entry].
type Player struct {
	ID       presence.ID
	UserID   string
	Username string
}

func (p *Player) GetUserId() string                 { return p.UserID }
func (p *Player) GetSessionId() string              { return p.ID.SessionID.String() }
func (p *Player) GetNodeId() string                 { return p.ID.Node }
func (p *Player) GetUsername() string               { return p.Username }
func (p *Player) GetHidden() bool                   { return false }
func (p *Player) GetPersistence() bool              { return false }
func (p *Player) GetStatus() string                 { return "" }
func (p *Player) GetReason() runtime.PresenceReason { return runtime.PresenceReasonUnknown }
