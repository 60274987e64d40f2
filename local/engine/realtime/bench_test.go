package realtime_test

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkPing measures a ping from socket to socket.
func BenchmarkPing(b *testing.B) {
	e := newEngine(b)
	s, _ := e.user(b, "")
	for b.Loop() {
		s.sendText(`{"cid":"1","ping":{}}`)
		s.take("pong", contains("pong"))
	}
}

// BenchmarkPartyData measures one message of a member until the last of seven others has it.
func BenchmarkPartyData(b *testing.B) {
	e := newEngine(b)
	leader, _ := e.user(b, "")
	leader.sendText(`{"cid":"1","party_create":{"open":true,"max_size":8}}`)
	created := leader.take("party", contains(`"cid":"1"`))
	_, id, _ := strings.Cut(strings.ReplaceAll(string(created[len(created)-1]), " ", ""), `"party_id":"`)
	id = id[:strings.Index(id, `"`)]
	var others []*socket
	for range 7 {
		s, _ := e.user(b, "")
		s.sendText(fmt.Sprintf(`{"cid":"1","party_join":{"party_id":%q}}`, id))
		s.take("party", contains(`"self"`))
		others = append(others, s)
	}
	message := fmt.Sprintf(`{"party_data_send":{"party_id":%q,"op_code":"1","data":"aGVsbG8="}}`, id)
	for b.Loop() {
		leader.sendText(message)
		for _, s := range others {
			s.take("data", contains("party_data"))
		}
		leader.take("ack", contains("{}"))
	}
}
