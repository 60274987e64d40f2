package realtime_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/proto"
)

// These tests check what closes a socket and what its client then gets. They also run on a real server.
func TestProtocol_Closes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		query, data string
		kind        int
		code        int
		text        string
	}{
		"not json":            {"", `{"cid":`, websocket.TextMessage, 1000, "received malformed payload"},
		"unknown field":       {"", `{"ping":{"x":1}}`, websocket.TextMessage, 1000, "received malformed payload"},
		"unknown message":     {"", `{"party_dance":{}}`, websocket.TextMessage, 1000, "received malformed payload"},
		"two messages":        {"", `{"ping":{},"pong":{}}`, websocket.TextMessage, 1000, "received malformed payload"},
		"no message":          {"", `{"cid":"1"}`, websocket.TextMessage, 1000, "error processing message"},
		"a server's message":  {"", `{"cid":"1","party":{}}`, websocket.TextMessage, 1000, "error processing message"},
		"binary for json":     {"", `{"ping":{}}`, websocket.BinaryMessage, 1000, "received unexpected WebSocket message type"},
		"text for protobuf":   {"&format=protobuf", "", websocket.TextMessage, 1000, "received unexpected WebSocket message type"},
		"broken protobuf":     {"&format=protobuf", "\xff\xff", websocket.BinaryMessage, 1000, "received malformed payload"},
		"empty protobuf":      {"&format=protobuf", "", websocket.BinaryMessage, 1000, "error processing message"},
		"too long by a byte":  {"", `{"ping":{}}` + strings.Repeat(" ", 4096-10), websocket.TextMessage, 1009, ""},
		"the client says so":  {"", "\x03\xe8", websocket.CloseMessage, 1000, ""},
		"the client goes on":  {"", "\x03\xe9", websocket.CloseMessage, 1001, ""},
		"the client is vague": {"", "", websocket.CloseMessage, 1005, ""},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			s := dial(t, w.address, url.Values{"token": {w.observer.token}}.Encode()+test.query)
			s.send(test.kind, []byte(test.data))
			if code, text := s.end(); code != test.code || text != test.text {
				t.Errorf("closed with %d %q; want %d %q", code, text, test.code, test.text)
			}
		})
	}
}

func TestProtocol_LongestMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := dial(t, w.address, url.Values{"token": {w.observer.token}}.Encode())
	s.sendText(`{"cid":"x","ping":{}}` + strings.Repeat(" ", 4096-21))
	s.take("pong", func(data []byte) bool { return strings.Contains(string(data), "pong") })
}

func TestProtocol_Refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := url.QueryEscape(w.observer.token)
	for name, test := range map[string]struct {
		query, auth string
		status      int
		body        string
	}{
		"no_token":     {"", "", 401, "Missing or invalid token\n"},
		"bad_token":    {"token=x", "", 401, "Missing or invalid token\n"},
		"basic_auth":   {"token=" + token, "Basic eDp5", 401, "Missing or invalid token\n"},
		"empty_bearer": {"token=" + token, "Bearer ", 401, "Missing or invalid token\n"},
		"bad_format":   {"format=xml&token=" + token, "", 400, "Invalid format parameter\n"},
		"no_websocket": {"token=" + token, "", 400, "Bad Request\n"},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodGet, "http://"+w.address+"/ws?"+test.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.auth != "" {
				req.Header.Set("Authorization", test.auth)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != test.status || string(body) != test.body {
				t.Errorf("answer %d %q; want %d %q", res.StatusCode, body, test.status, test.body)
			}
		})
	}
}

func TestProtocol_BearerHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+w.address+"/ws?token=x", http.Header{"Authorization": {"Bearer " + w.observer.token}})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

// The binary format has the same envelopes. Sockets of both formats can be in one party.
func TestProtocol_Protobuf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.player("alice")
	s := dial(t, w.address, url.Values{"token": {w.observer.token}, "format": {"protobuf"}}.Encode())
	take := func(want func(*rtapi.Envelope) bool) (found *rtapi.Envelope) {
		t.Helper()
		s.take("envelope", func(data []byte) bool {
			found = &rtapi.Envelope{}
			if err := proto.Unmarshal(data, found); err != nil {
				t.Fatal(err)
			}
			return want(found)
		})
		return found
	}
	send := func(e *rtapi.Envelope) {
		t.Helper()
		data, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		s.send(websocket.BinaryMessage, data)
	}
	send(&rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: 2}}})
	party := take(func(e *rtapi.Envelope) bool { return e.Cid == "1" }).GetParty()
	if party.GetMaxSize() != 2 || party.GetSelf().GetUserId() != w.observer.userID {
		t.Fatalf("party %v", party)
	}
	alice.sendText(`{"party_join":{"party_id":"` + party.PartyId + `"}}`)
	take(func(e *rtapi.Envelope) bool {
		joins := e.GetPartyPresenceEvent().GetJoins()
		return len(joins) == 1 && joins[0].UserId == alice.userID
	})
	alice.sendText(`{"party_data_send":{"party_id":"` + party.PartyId + `","op_code":"3","data":"AAH/"}}`)
	data := take(func(e *rtapi.Envelope) bool { return e.GetPartyData() != nil }).GetPartyData()
	if data.OpCode != 3 || string(data.Data) != "\x00\x01\xff" || data.Presence.UserId != alice.userID {
		t.Errorf("data %v", data)
	}
	send(&rtapi.Envelope{Message: &rtapi.Envelope_PartyDataSend{PartyDataSend: &rtapi.PartyDataSend{PartyId: party.PartyId, OpCode: 4, Data: []byte("hi")}}})
	var got struct {
		PartyData struct {
			OpCode string `json:"op_code"`
			Data   string `json:"data"`
		} `json:"party_data"`
	}
	alice.take("data", func(data []byte) bool {
		return strings.Contains(string(data), "party_data") && json.Unmarshal(data, &got) == nil
	})
	if got.PartyData.OpCode != "4" || got.PartyData.Data != "aGk=" {
		t.Errorf("data %+v", got)
	}
}
