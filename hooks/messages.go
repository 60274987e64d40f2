package hooks

import "github.com/heroiclabs/nakama-common/rtapi"

// Names of the realtime messages this module hooks, spelled as the host spells them.
const (
	PartyCreate           = "PartyCreate"
	PartyJoin             = "PartyJoin"
	PartyLeave            = "PartyLeave"
	PartyPromote          = "PartyPromote"
	PartyAccept           = "PartyAccept"
	PartyRemove           = "PartyRemove"
	PartyClose            = "PartyClose"
	PartyUpdate           = "PartyUpdate"
	PartyDataSend         = "PartyDataSend"
	PartyMatchmakerAdd    = "PartyMatchmakerAdd"
	PartyMatchmakerRemove = "PartyMatchmakerRemove"
	MatchmakerAdd         = "MatchmakerAdd"
	MatchmakerRemove      = "MatchmakerRemove"
	MatchJoin             = "MatchJoin"
)

// known is every message a client may send and the host runs hooks for. A hook on any
// other name would register and never run.
var known = map[string]bool{
	PartyCreate: true, PartyJoin: true, PartyLeave: true, PartyPromote: true, PartyAccept: true,
	PartyRemove: true, PartyClose: true, PartyUpdate: true, PartyDataSend: true,
	PartyMatchmakerAdd: true, PartyMatchmakerRemove: true, "PartyJoinRequestList": true,
	MatchmakerAdd: true, MatchmakerRemove: true,
	"MatchCreate": true, "MatchDataSend": true, MatchJoin: true, "MatchLeave": true,
	"ChannelJoin": true, "ChannelLeave": true, "ChannelMessageSend": true,
	"ChannelMessageUpdate": true, "ChannelMessageRemove": true,
	"StatusFollow": true, "StatusUnfollow": true, "StatusUpdate": true,
	"Ping": true, "Pong": true,
}

// partyIDOf is the party a message names, as the client wrote it.
func partyIDOf(in *rtapi.Envelope) (string, bool) {
	type named interface{ GetPartyId() string }
	var message named
	switch m := in.GetMessage().(type) {
	case *rtapi.Envelope_PartyJoin:
		message = m.PartyJoin
	case *rtapi.Envelope_PartyLeave:
		message = m.PartyLeave
	case *rtapi.Envelope_PartyPromote:
		message = m.PartyPromote
	case *rtapi.Envelope_PartyAccept:
		message = m.PartyAccept
	case *rtapi.Envelope_PartyRemove:
		message = m.PartyRemove
	case *rtapi.Envelope_PartyClose:
		message = m.PartyClose
	case *rtapi.Envelope_PartyUpdate:
		message = m.PartyUpdate
	case *rtapi.Envelope_PartyDataSend:
		message = m.PartyDataSend
	case *rtapi.Envelope_PartyMatchmakerAdd:
		message = m.PartyMatchmakerAdd
	case *rtapi.Envelope_PartyMatchmakerRemove:
		message = m.PartyMatchmakerRemove
	default:
		return "", false
	}
	return message.GetPartyId(), true
}
