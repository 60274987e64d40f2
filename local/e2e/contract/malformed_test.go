package contract

import (
	"strings"

	"github.com/gorilla/websocket"
	"github.com/heroiclabs/nakama-common/rtapi"
)

// These IDs have the right form but belong to no party and no user.
const (
	unknownParty = "00000000-0000-4000-8000-000000000000.nowhere"
	unknownUser  = "00000000-0000-4000-8000-000000000001"
)

// Scenarios of input that no SDK sends.

var malformed = []Scenario{
	{
		Name:  "malformed-party-ids",
		About: "Every party message with IDs that are not IDs, and with those of no party.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			here := createParty(alice, true, 2) // only to learn the node's name
			_, node, _ := strings.Cut(here, ".")
			w.Name(node, "<node>")
			for _, id := range []string{"", "party", "party." + node, unknownParty, "00000000-0000-4000-8000-000000000000." + node, here + "x"} {
				for _, e := range []*rtapi.Envelope{
					partyJoin(id), partyLeave(id), partyClose(id), partyRequests(id),
					partyAccept(id, alice.Presence()), partyRemove(id, alice.Presence()), partyPromote(id, alice.Presence()),
					partyData(id, 1, "x"), partyUpdate(id, "{}", true, false), partyTicket(id, "*", 2, 2), partyTicketRemove(id, "ticket"),
				} {
					alice.Do(e)
				}
			}
		},
	},
	{
		Name:  "malformed-presences",
		About: "Accept, remove and promote need all three parts of a presence.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := openParty(4, alice, bob)
			whole := bob.Presence()
			for _, p := range []*rtapi.UserPresence{
				nil,
				{},
				{UserId: whole.UserId, SessionId: whole.SessionId},
				{UserId: whole.UserId, Username: whole.Username},
				{SessionId: whole.SessionId, Username: whole.Username},
				{UserId: "user", SessionId: "session", Username: "name"},
			} {
				alice.Do(partyAccept(id, p))
				alice.Do(partyRemove(id, p))
				alice.Do(partyPromote(id, p))
			}
		},
	},
	{
		Name:  "malformed-empty-messages",
		About: "Messages without any field.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			for _, m := range []string{
				"party_join", "party_leave", "party_close", "party_join_request_list", "party_accept", "party_remove",
				"party_promote", "party_data_send", "party_update", "party_matchmaker_add", "party_matchmaker_remove",
				"matchmaker_add", "matchmaker_remove", "match_join", "match_leave", "rpc", "status_follow", "status_unfollow", "status_update",
			} {
				alice.DoJSON(`{"cid":"{cid}","` + m + `":{}}`)
			}
		},
	},
	{
		Name:  "malformed-no-message",
		About: "An envelope without a message closes the socket.",
		Run:   func(w *World) { w.Actor("alice").Provoke(websocket.TextMessage, `{"cid":"1"}`) },
	},
	{
		Name:  "malformed-unknown-message",
		About: "A message of no known name closes the socket.",
		Run:   func(w *World) { w.Actor("alice").Provoke(websocket.TextMessage, `{"cid":"1","party_dance":{}}`) },
	},
	{
		Name:  "malformed-unknown-field",
		About: "An unknown field closes the socket, and the party loses its member.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := openParty(4, alice, bob)
			bob.Provoke(websocket.TextMessage, `{"cid":"9","party_join":{"party_id":"`+id+`","force":true}}`)
		},
	},
	{
		Name:  "malformed-server-message",
		About: "A message that only the server sends closes the socket.",
		Run: func(w *World) {
			w.Actor("alice").Provoke(websocket.TextMessage, `{"cid":"1","party_leader":{"party_id":"`+unknownParty+`"}}`)
		},
	},
	{
		Name:  "malformed-type",
		About: "A field of the wrong type closes the socket.",
		Run: func(w *World) {
			w.Actor("alice").Provoke(websocket.TextMessage, `{"cid":"1","party_create":{"open":"yes","max_size":4}}`)
		},
	},
	{
		Name:  "malformed-base64",
		About: "Data that is not base64 closes the socket.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			id := createParty(alice, true, 4)
			alice.Provoke(websocket.TextMessage, `{"cid":"9","party_data_send":{"party_id":"`+id+`","op_code":"1","data":"%%%"}}`)
		},
	},
	{
		Name:  "malformed-json",
		About: "Text that is not JSON closes the socket.",
		Run:   func(w *World) { w.Actor("alice").Provoke(websocket.TextMessage, `{"cid":`) },
	},
	{
		Name:  "malformed-empty",
		About: "An empty message closes the socket.",
		Run:   func(w *World) { w.Actor("alice").Provoke(websocket.TextMessage, ``) },
	},
	{
		Name:  "malformed-binary",
		About: "Binary on a JSON socket closes it.",
		Run:   func(w *World) { w.Actor("alice").Provoke(websocket.BinaryMessage, `{"cid":"1","ping":{}}`) },
	},
	{
		Name:  "malformed-text-on-protobuf",
		About: "Text on a protobuf socket closes it.",
		Run: func(w *World) {
			w.ActorWith("alice", Options{Protobuf: true}).Provoke(websocket.TextMessage, `{"cid":"1","ping":{}}`)
		},
	},
	{
		Name:  "malformed-oversized",
		About: "A message above 4096 bytes closes the socket.",
		Run: func(w *World) {
			w.Actor("alice").Provoke(websocket.TextMessage, `{"cid":"`+strings.Repeat("x", 4096)+`","ping":{}}`)
		},
	},
	{
		Name:  "camel-case",
		About: "Field names are read in camel case as well; answers keep the underscores.",
		Run: func(w *World) {
			w.Actor("alice").DoJSON(`{"cid":"{cid}","partyCreate":{"open":true,"maxSize":4}}`)
		},
	},
	{
		Name:  "ping",
		About: "ping is answered by pong, with a cid and without; a client's pong by nothing.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			alice.Do(ping())
			alice.Tell(ping())
			alice.Tell(pong())
		},
	},
	{
		Name:  "rpc-errors",
		About: "Unknown functions over the socket.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			alice.Do(rpc("no_such_function", `{"a":1}`))
			alice.Do(rpc("", ""))
		},
	},
}
