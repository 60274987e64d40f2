package access_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
	"partyline/party"
)

// The module checks the IDs in a message before it asks the host about them. Otherwise a client
// could cause an error in the server's log with every message.
func TestIntruder_AcceptOfNobody(t *testing.T) {
	s := newScene(t, target.Module(t))
	partyID := s.words.Replace("$party")
	for _, named := range []*rtapi.UserPresence{nil, {UserId: "x", SessionId: "y"}, {UserId: "\x00", SessionId: s.players["invited"].ID}} {
		for _, role := range []string{"leader", "member"} {
			if got, _ := player.Outcome(s.players[role].Accept(s.ctx, partyID, named)); got != "invalid_request" {
				t.Errorf("%s accepts %v: %s; want invalid_request", role, named, got)
			}
		}
	}
}

// Any client may write its own storage objects into any collection. The module must ignore them
// in its collections.
func TestIntruder_StorageOfOthers(t *testing.T) {
	s := newScene(t, target.Module(t))
	outsider, leader := s.players["outsider"], s.players["leader"]
	partyID := s.words.Replace("$party")
	partyUUID, _, _ := strings.Cut(partyID, ".")
	later := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	type object struct {
		Collection string `json:"collection"`
		Key        string `json:"key"`
		Value      string `json:"value"`
		Read       int    `json:"permission_read"`
		Write      int    `json:"permission_write"`
	}
	write := func(collection, key, value string) {
		t.Helper()
		in := map[string]any{"objects": []object{{collection, key, value, 2, 1}}}
		s.must(s.api.Call(s.ctx, http.MethodPut, "/v2/storage", outsider.Player.Session.Auth(), in, nil))
	}
	type list struct{ Invites []party.InviteSummary }
	var before, after list
	s.must(leader.Call(s.ctx, "party_invite_list", map[string]string{"party_id": partyID}, &before))

	index := "partyline_party_invites_" + partyUUID
	write(index, "a", `{"expires_at":"no number"}`)
	write(index, "b", `{"key":"`+strings.Repeat("0", 64)+`","hold":true,"expires_at":`+later+`}`)
	write("partyline_invites", strings.Repeat("0", 64), `{"id":7}`)
	write("partyline_invite_ids", s.words.Replace("$linkID"), `{"key":"0"}`)
	write("partyline_invite_notices", s.words.Replace("$linkID"), `{"key":7}`)
	write("partyline_parties", partyUUID, `{"kicks":7}`)
	write("partyline_kicks", partyUUID, `{"kicks":7}`)
	write("partyline_seats", partyUUID, `{"seats":7}`)
	write("partyline_away", leader.Player.ID(), `{"parties":7}`)

	s.must(leader.Call(s.ctx, "party_invite_list", map[string]string{"party_id": partyID}, &after))
	if len(before.Invites) != 3 || len(after.Invites) != 3 {
		t.Errorf("%d invites before, %d after somebody else wrote to their collection; want 3", len(before.Invites), len(after.Invites))
	}
	made := s.invite(leader, party.InviteRequest{PartyID: partyID})
	s.must(s.players["invited"].Call(s.ctx, "party_invite_redeem", map[string]string{"code": made.Code}, nil))
	s.must(leader.Call(s.ctx, "party_invite_revoke", map[string]string{"id": s.words.Replace("$linkID")}, nil))
	if err := outsider.Call(s.ctx, "party_invite_list", map[string]string{"party_id": partyID}, nil); err == nil {
		t.Error("the outsider may list the party's invites")
	}
}
