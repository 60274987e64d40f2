package access_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"partyline/local/e2e/access"
	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
)

// Every function has a row in the matrix, and every row has a function.
func TestMatrix_NamesEveryFunction(t *testing.T) {
	// The tests of module/wiring compare this file with the functions that the module registers.
	file, err := os.Open("../../../module/wiring/testdata/entry_points.golden")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	functions := map[string]bool{} // whether only servers may call it
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rpc, is := strings.CutPrefix(lines.Text(), "rpc "); is {
			id, who, _ := strings.Cut(rpc, " for ")
			functions[id] = who == "servers with the HTTP key"
		}
	}
	if len(functions) == 0 {
		t.Fatal("no function was found")
	}
	named, situations := map[string]bool{}, map[string]bool{}
	for _, row := range access.Matrix {
		serverOnly, exists := functions[row.ID]
		if !exists {
			t.Errorf("there is no function %s", row.ID)
		}
		if allows := row.Cells[slices.Index(access.Roles[:], "HTTP key")] != "unauthenticated"; allows != serverOnly {
			t.Errorf("%s, %s: the matrix lets the HTTP key in: %t; its own row in the table: %t", row.ID, row.With, allows, serverOnly)
		}
		if situations[row.ID+row.With] {
			t.Errorf("%s, %s: twice in the matrix", row.ID, row.With)
		}
		named[row.ID], situations[row.ID+row.With] = true, true
	}
	for id := range functions {
		if !named[id] {
			t.Errorf("the matrix does not say who may call %s", id)
		}
	}
}

// The server answers as each cell says, over HTTP and over the socket.
func TestMatrix(t *testing.T) {
	addr := target.Address()
	if addr == "" {
		addr = target.Server(t, true)
	} else if !target.HasModule(t, addr) {
		t.Fatalf("the server at %s has no Partyline module, which the matrix is about", addr)
	}
	for _, row := range access.Matrix {
		for _, way := range []string{"HTTP", "socket"} {
			t.Run(row.ID+"/"+row.With+"/"+way, func(t *testing.T) {
				s := newScene(t, addr)
				payload := s.words.Replace(row.Payload)
				for i, role := range access.Roles {
					for name, call := range s.calls(role, way) {
						answer, err := call(row.ID, payload)
						if got := outcome(t, row.ID, answer, err); got != row.Cells[i] {
							t.Errorf("%s: %s; want %s", name, got, row.Cells[i])
						}
					}
				}
			})
		}
	}
}

// The server refuses a socket without a valid session.
func TestSocketsNeedASession(t *testing.T) {
	addr := target.Module(t)
	for _, token := range []string{"", "forged"} {
		answer, err := client.New(addr).Do(t.Context(), http.MethodGet, "/ws?token="+token, "", nil)
		if err != nil || answer.Status != http.StatusUnauthorized {
			t.Errorf("a socket with the token %q: %d, %v; want 401", token, answer.Status, err)
		}
	}
}

// outcome returns the result of a call as the matrix writes it.
func outcome(t *testing.T, id, answer string, err error) string {
	t.Helper()
	text, answered := player.Outcome(err)
	var refused *client.APIError
	switch {
	case !answered:
		t.Fatal(err)
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized && strings.Contains(text, " "):
		return access.Unknown // in the host's own words, without a reason
	case text != "":
		return text
	case id != "party_check":
		return access.Allowed
	}
	var said struct {
		Allowed bool   `json:"allowed"`
		Reason  string `json:"reason"`
	}
	if err := json.Unmarshal([]byte(answer), &said); err != nil {
		t.Fatalf("party_check answered %q: %v", answer, err)
	}
	if said.Allowed {
		return access.Allowed
	}
	return access.Says + said.Reason
}

// call calls a function with a payload.
type call func(id, payload string) (answer string, err error)

// calls returns the ways in which a role can call a function, each with a name.
func (s *scene) calls(role, way string) map[string]call {
	if one, playing := s.players[role]; playing {
		return map[string]call{role: func(id, payload string) (answer string, err error) {
			var raw json.RawMessage
			if way == "socket" {
				err = one.Call(s.ctx, id, json.RawMessage(payload), &raw)
			} else {
				err = one.Player.Call(s.ctx, id, json.RawMessage(payload), &raw)
			}
			return string(raw), err
		}}
	}
	if way == "socket" {
		return nil // see TestSocketsNeedASession
	}
	withKey := func(key string) call {
		return func(id, payload string) (string, error) { return s.api.RPCWithKey(s.ctx, key, id, payload) }
	}
	withToken := func(token string) call {
		return func(id, payload string) (string, error) {
			return s.api.RPC(s.ctx, client.Session{Token: token}, id, payload)
		}
	}
	if role == "HTTP key" {
		return map[string]call{role: withKey(client.DefaultHTTPKey)}
	}
	token := s.players["leader"].Player.Session.Token
	head, _, _ := strings.Cut(token, ".")
	return map[string]call{
		"nobody":             func(id, payload string) (string, error) { return "", s.bare(id, payload) },
		"a wrong key":        withKey("not the key"),
		"a forged signature": withToken(token[:strings.LastIndex(token, ".")+1] + "forged"),
		"no signature":       withToken(head + ".e30."),
	}
}

// bare makes a call without credentials.
func (s *scene) bare(id, payload string) error {
	return s.api.Call(s.ctx, http.MethodPost, "/v2/rpc/"+id, "", payload, nil)
}
