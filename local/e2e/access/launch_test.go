package access_test

import (
	"encoding/json"
	"strings"
	"testing"

	"partyline/local/e2e/target"
	"partyline/party"
)

// Launch data is any JSON, but databases change or refuse some of it. PostgreSQL refuses some
// texts, and it expands a number of eight characters to a hundred thousand digits.
func TestIntruder_LaunchData(t *testing.T) {
	s := newScene(t, target.Module(t))
	for _, launch := range []string{
		`{"a":"\u0000"}`, `{"\u0000":1}`, `"\ud800"`, `1e200000`, `{"b":1,"a":2,"b":3}`, `"\\u0000"`,
		"[" + strings.Repeat("1e131071,", 100) + "0]",
	} {
		made := s.invite(s.players["leader"], party.InviteRequest{PartyID: s.words.Replace("$party"), Launch: json.RawMessage(launch)})
		var preview struct{ Launch json.RawMessage }
		s.must(s.players["invited"].Call(s.ctx, "party_invite_preview", map[string]string{"code": made.Code}, &preview))
		if string(preview.Launch) != launch {
			t.Errorf("launch data %s comes back as %d bytes, %.100s", launch, len(preview.Launch), preview.Launch)
		}
	}
}
