package hooks

import (
	"reflect"

	"github.com/heroiclabs/nakama-common/rtapi"
)

// Names of the realtime messages that this module hooks, spelled as in the host: it never runs a hook of another name.
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
	PartyJoinRequestList  = "PartyJoinRequestList"
	MatchmakerAdd         = "MatchmakerAdd"
	MatchmakerRemove      = "MatchmakerRemove"
	MatchJoin             = "MatchJoin"
)

// SessionStart and SessionEnd stand in the table for the start and end of a socket, which are events in the host.
const (
	SessionStart = "session_start"
	SessionEnd   = "session_end"
)

// existingPartyMessages are the messages about an existing party that are refused unless the party ID is valid.
var existingPartyMessages = []string{
	PartyJoin, PartyAccept, PartyUpdate, PartyDataSend, PartyMatchmakerAdd, PartyRemove, PartyPromote, PartyClose,
}

// partyIDField returns the field in which a message names its party; nil if there is none.
func partyIDField(in *rtapi.Envelope) *string {
	if in.GetMessage() == nil {
		return nil
	}
	message := reflect.ValueOf(in.Message).Elem().Field(0) // the only field of a message's wrapper
	if named := message.Elem().FieldByName("PartyId"); named.IsValid() {
		return named.Addr().Interface().(*string)
	}
	return nil
}
