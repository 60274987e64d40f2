package hardening_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A function takes a party's ID in every spelling that the server's own messages take.
func TestCalls_IDInAnotherSpelling(t *testing.T) {
	w := newWorld(t)
	leader := w.game("spelling")
	id := w.party(leader, true, 4)
	digits, node, _ := strings.Cut(id, ".")
	for _, spelling := range []string{
		strings.ToUpper(digits), strings.ReplaceAll(digits, "-", ""), "{" + digits + "}", "urn:uuid:" + digits,
	} {
		var made struct {
			PartyID string `json:"party_id"`
		}
		if err := leader.Call(w.ctx, "party_invite_create", map[string]any{"party_id": spelling + "." + node}, &made); err != nil || made.PartyID != id {
			t.Errorf("an invite for %s is %q, %v; want it for %s", spelling, made.PartyID, err, id)
		}
	}
	for _, wrong := range []string{digits, digits + ".", digits[1:] + "." + node, digits + "." + node + "x", "0" + digits + "." + node} {
		err := leader.Call(w.ctx, "party_status_list", map[string]any{"party_id": wrong}, &struct{}{})
		if err == nil || !strings.Contains(err.Error(), "party_not_found") {
			t.Errorf("a list of %q: %v; want party_not_found", wrong, err)
		}
	}
}

// Some SDKs put the payload of a call with the HTTP key into the address of a GET, where the
// server does not look.
func TestCalls_PayloadInTheAddress(t *testing.T) {
	w := newWorld(t)
	w.party(w.game("address"), true, 4)
	get := func(payload string) (answer struct{ Payload string }, err error) {
		path := "/v2/rpc/party_admin_parties?http_key=defaulthttpkey&payload=" + url.QueryEscape(payload)
		err = w.api.Call(w.ctx, http.MethodGet, path, "", nil, &answer)
		return answer, err
	}
	for payload, refused := range map[string]string{`{"limit":1}`: "", ``: "", `{"limit":101}`: "limit", `{"limits":1}`: "limits", `[`: "payload"} {
		answer, err := get(payload)
		if refused == "" {
			var page struct{ Parties []json.RawMessage }
			if err != nil || json.Unmarshal([]byte(answer.Payload), &page) != nil {
				t.Errorf("%q = %q, %v; want a page of parties", payload, answer.Payload, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), "invalid_request") || !strings.Contains(err.Error(), refused) {
			t.Errorf("%q = %v; want invalid_request that names %s", payload, err, refused)
		}
	}
}
