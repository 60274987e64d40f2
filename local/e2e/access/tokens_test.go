package access_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"partyline/local/e2e/access"
	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
	"partyline/party"
)

// sessionKey signs the session tokens of servers that tests start.
const sessionKey = "defaultencryptionkey"

// A token that has expired or is not a session token reaches no function over HTTP and opens no
// socket.
func TestTokens_Useless(t *testing.T) {
	s := newScene(t, target.Module(t))
	leader := s.players["leader"].Player
	again, err := s.api.AuthenticateDevice(s.ctx, leader.Session.Username, "") // the device's ID is the name
	s.must(err)
	s.must(s.api.Call(s.ctx, http.MethodPost, "/v2/session/logout", again.Auth(), map[string]string{"token": again.Token, "refresh_token": again.RefreshToken}, nil))
	for name, token := range map[string]string{
		"for refreshing":   leader.Session.RefreshToken,
		"expired":          s.resign(leader.Session.Token, jwt.SigningMethodHS256, []byte(sessionKey), -time.Second),
		"signed by nobody": s.resign(leader.Session.Token, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, time.Hour),
		"of a logout":      again.Token,
	} {
		t.Run(name, func(t *testing.T) {
			for _, row := range access.Matrix {
				_, err := s.api.RPC(s.ctx, client.Session{Token: token}, row.ID, s.words.Replace(row.Payload))
				var refused *client.APIError
				if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
					t.Errorf("%s, %s: %v; want 401", row.ID, row.With, err)
				}
			}
			if token == again.Token { // Nakama 3.40 still opens sockets for it
				return
			}
			answer, err := s.api.Do(s.ctx, http.MethodGet, "/ws?token="+url.QueryEscape(token), "", nil)
			if err != nil || answer.Status != http.StatusUnauthorized {
				t.Errorf("a socket: %d, %v; want 401", answer.Status, err)
			}
		})
	}
}

// resign returns a session's token with another end and signature.
func (s *scene) resign(token string, method jwt.SigningMethod, key any, lasts time.Duration) string {
	s.t.Helper()
	claims := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(token, claims)
	s.must(err)
	claims["exp"] = time.Now().Add(lasts).Unix()
	made, err := jwt.NewWithClaims(method, claims).SignedString(key)
	s.must(err)
	return made
}

// The server ends the tokens that an account got in the seconds before its deletion. It still accepts
// a token from the same second, or with a later end. No function fails because of such a token, and
// the player's party goes on without them.
func TestTokens_DeletedAccount(t *testing.T) {
	s := newScene(t, target.Module(t))
	partyID, leader := s.words.Replace("$party"), s.players["leader"]
	deleted := s.join("deleted")
	link := s.invite(leader, party.InviteRequest{PartyID: partyID})
	s.must(deleted.Call(s.ctx, "party_invite_redeem", map[string]string{"code": link.Code}, nil))
	s.must(s.api.Call(s.ctx, http.MethodDelete, "/v2/account", deleted.Player.Session.Auth(), nil, nil))
	_, _, err := deleted.AwaitClose(s.ctx)
	s.must(err)
	deleted.Player.Session.Token = s.resign(deleted.Player.Session.Token, jwt.SigningMethodHS256, []byte(sessionKey), 24*time.Hour)
	again, err := deleted.Player.Play(s.ctx)
	s.must(err)
	t.Cleanup(again.Abort)
	for _, row := range access.Matrix {
		for way, call := range map[string]func(string, any, any) error{
			"HTTP":   func(id string, in, out any) error { return again.Player.Call(s.ctx, id, in, out) },
			"socket": func(id string, in, out any) error { return again.Call(s.ctx, id, in, out) },
		} {
			var answer json.RawMessage
			err := call(row.ID, json.RawMessage(s.words.Replace(row.Payload)), &answer)
			if got, answered := player.Outcome(err); !answered || got == string(party.Internal) {
				t.Errorf("%s, %s, %s: %v", row.ID, row.With, way, err)
			}
		}
	}
	if id, err := again.CreateParty(s.ctx, true, 4); err != nil {
		t.Errorf("a native party: %v", err)
	} else {
		s.invite(again, party.InviteRequest{PartyID: id})
		s.must(s.players["outsider"].JoinParty(s.ctx, id))
	}
	s.must(leader.SendData(s.ctx, partyID, 7, []byte("on")))
	s.invite(leader, party.InviteRequest{PartyID: partyID})
}

// A call that names another player's session is refused, and that session stays in its party.
func TestTokens_SessionsOfOthers(t *testing.T) {
	s := newScene(t, target.Module(t))
	partyID := s.words.Replace("$party")
	outsider, bystander := s.players["outsider"], s.join("bystander")
	link := s.invite(s.players["leader"], party.InviteRequest{PartyID: partyID})
	for _, session := range []string{bystander.ID, s.players["leader"].ID, s.players["member"].ID, "00000000-0000-0000-0000-000000000000"} {
		for way, call := range map[string]func(string, any) error{
			"HTTP":   func(id string, in any) error { return outsider.Player.Call(s.ctx, id, in, nil) },
			"socket": func(id string, in any) error { return outsider.Call(s.ctx, id, in, nil) },
		} {
			err := call("party_invite_redeem", map[string]string{"code": link.Code, "session_id": session})
			if got, _ := player.Outcome(err); got != string(party.InvalidRequest) {
				t.Errorf("%s, session %s: %v; want %s", way, session, err, party.InvalidRequest)
			}
		}
	}
	var list struct {
		Members []struct {
			UserID string `json:"user_id"`
		}
	}
	s.must(s.players["leader"].Call(s.ctx, "party_status_list", map[string]string{"party_id": partyID}, &list))
	if len(list.Members) != 2 {
		t.Errorf("members %+v; want the leader and the member", list.Members)
	}
}

// A player who signs in chooses the variables of their session. They cannot make it a session of
// the module itself, which is hidden and not bound by rules.
func TestTokens_ChosenVariables(t *testing.T) {
	s := newScene(t, target.Module(t))
	for _, guess := range []string{"", "partyline", "true"} {
		var answer struct{ Token string }
		s.must(s.api.Call(s.ctx, http.MethodPost, "/v2/account/authenticate/device?create=true", client.Basic(client.DefaultServerKey, ""), map[string]any{
			"id": s.players["outsider"].Player.Session.Username, "vars": map[string]string{"partyline_helper": guess}}, &answer))
		own := *s.players["outsider"].Player
		own.Session.Token = answer.Token
		game, err := own.Play(s.ctx)
		s.must(err)
		t.Cleanup(game.Abort)
		id := s.party(game)
		if got, _ := player.Outcome(game.SendData(s.ctx, id, party.OpStatus, []byte("{}"))); got != string(party.InvalidRequest) {
			t.Errorf("vars %q: a server's op code from a client: %q", guess, got)
		}
		var list struct{ Members []struct{ Leader bool } }
		s.must(game.Call(s.ctx, "party_status_list", map[string]string{"party_id": id}, &list))
		if len(list.Members) != 1 || !list.Members[0].Leader {
			t.Errorf("vars %q: members %+v", guess, list.Members)
		}
	}
}
