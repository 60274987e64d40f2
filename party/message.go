package party

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Op codes of the messages that the server itself sends to a party. Clients cannot send negative ones.
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

// PlainJSON encodes a value as JSON without HTML escapes, so that a text of bounded length keeps its length.
func PlainJSON(value any) (string, error) {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// maxRows bounds the JSON of the rows of an answer or a message. Clients in Godot take frames of 65,535 bytes, and the
// server escapes an answer's text once more, which at most doubles it.
const maxRows = 30 << 10

// Fit returns the first rows, as many as one answer takes: at least one if there are any.
func Fit[Row any](rows []Row) []Row {
	size := 0
	for i, row := range rows {
		text, _ := PlainJSON(row) // who encodes the answer handles the error
		if size += len(text) + 1; size > maxRows && i > 0 {
			return rows[:i]
		}
	}
	return rows
}

// Rows is data that goes out in several messages, in order, if it is too long for one.
type Rows interface {
	Halves() (a, b Rows, ok bool) // ok if there is more than one row
}

// SendData sends data as JSON to everybody in a party. Clients receive it as party data from the user "partyline",
// whose user ID and session ID are the zero UUID. Stock SDKs read the presence, so it must not be missing.
func SendData(sender Sender, id ID, opCode int64, data any) error {
	return SendDataTo(sender, id, nil, opCode, data)
}

// NewcomerAfter is how long the module waits before it reports a new member. Its message has to come after the party,
// which the host sends to the new member in a goroutine of its own, usually in less than a millisecond.
const NewcomerAfter = 50 * time.Millisecond

// Newcomer sends data to a party about a new member; see package post.
type Newcomer func(id ID, opCode int64, data any) error

// SendDataTo is SendData for some presences on the party's stream; for everybody if there are none.
func SendDataTo(sender Sender, id ID, to []runtime.Presence, opCode int64, data any) error {
	e, err := DataEnvelope(id, opCode, data)
	if err != nil {
		return err
	}
	if rows, many := data.(Rows); many && len(e.GetPartyData().Data) > maxRows {
		if a, b, ok := rows.Halves(); ok {
			if err := SendDataTo(sender, id, to, opCode, a); err != nil {
				return err
			}
			return SendDataTo(sender, id, to, opCode, b)
		}
	}
	return sender.StreamSendRaw(StreamMode, id.UUID.String(), "", id.Node, e, to, true)
}

// DataEnvelope returns the envelope that both send.
func DataEnvelope(id ID, opCode int64, data any) (*rtapi.Envelope, error) {
	body, err := PlainJSON(data)
	if err != nil {
		return nil, err
	}
	return &rtapi.Envelope{
		Message: &rtapi.Envelope_PartyData{PartyData: &rtapi.PartyData{
			PartyId:  id.String(),
			Presence: &rtapi.UserPresence{UserId: uuid.Nil.String(), SessionId: uuid.Nil.String(), Username: serverName},
			OpCode:   opCode,
			Data:     []byte(body),
		}},
	}, nil
}
