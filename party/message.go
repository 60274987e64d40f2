package party

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Op codes of the messages the server itself sends to a party. Clients cannot send
// negative ones.
const (
	OpStatus      int64 = -1
	OpInvite      int64 = -2
	OpMatchmaking int64 = -3
	OpMatch       int64 = -4
	OpMember      int64 = -5
	OpAttributes  int64 = -6
)

// serverName is the username of the server's messages.
const serverName = "partyline"

// PlainJSON is a value as JSON without escapes for web pages: a text of bounded length keeps its length.
func PlainJSON(value any) (string, error) {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// SendData sends data as JSON to everybody in a party. Clients receive it as party
// data from the user "partyline", whose user and session ID are the zero UUID: stock
// SDKs read the presence, so it must be there.
func SendData(sender Sender, id ID, opCode int64, data any) error {
	return SendDataTo(sender, id, nil, opCode, data)
}

// NewcomerAfter is how long after a member has come in the module tells of it. The server tells
// the newcomer of the party from a goroutine of its own, in less than a millisecond unless it
// has very much to do; the module's word has to come second.
const NewcomerAfter = 50 * time.Millisecond

// Newcomer sends data to a party about somebody who has just come in; see package post.
type Newcomer func(id ID, opCode int64, data any) error

// SendDataTo sends it to these presences on the party's stream; to everybody for none.
func SendDataTo(sender Sender, id ID, to []runtime.Presence, opCode int64, data any) error {
	e, err := DataEnvelope(id, opCode, data)
	if err != nil {
		return err
	}
	return sender.StreamSendRaw(StreamMode, id.UUID.String(), "", id.Node, e, to, true)
}

// DataEnvelope is what both send.
func DataEnvelope(id ID, opCode int64, data any) (*rtapi.Envelope, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return &rtapi.Envelope{
		Message: &rtapi.Envelope_PartyData{PartyData: &rtapi.PartyData{
			PartyId:  id.String(),
			Presence: &rtapi.UserPresence{UserId: uuid.Nil.String(), SessionId: uuid.Nil.String(), Username: serverName},
			OpCode:   opCode,
			Data:     body,
		}},
	}, nil
}
