package rpc_test

import (
	"context"
	"testing"

	"partyline/party"
	"partyline/rpc"
)

type resumer struct{ asked []party.Caller }

func (r *resumer) Resume(_ context.Context, c party.Caller) (party.Resumption, error) {
	r.asked = append(r.asked, c)
	if c.SessionID == "" {
		return party.Resumption{}, party.Refuse(party.NoLiveSession, "The game is not running.")
	}
	return party.Resumption{PartyID: "p"}, nil
}

func TestResume(t *testing.T) {
	kernel := &resumer{}
	h := serve(t, rpc.Resume(kernel.Resume))
	for _, payload := range []string{"", "{}"} {
		answer, err := h.call(overSocket("u1"), "party_resume", payload)
		if want := `{"party_id":"p","joined":false}`; err != nil || answer != want {
			t.Errorf("party_resume %q = %s, %v; want %s", payload, answer, err, want)
		}
	}
	_, err := h.call(overHTTP("u1"), "party_resume", "{}")
	if text, number := refusal(t, err); text != "no_live_session: The game is not running." || number != 9 {
		t.Errorf("party_resume over HTTP = %q, %d", text, number)
	}
	if len(kernel.asked) != 3 || kernel.asked[0].SessionID != "session-of-u1" || kernel.asked[2] != (party.Caller{UserID: "u1", Username: kernel.asked[0].Username, ClientIP: kernel.asked[0].ClientIP}) {
		t.Errorf("asked %+v", kernel.asked)
	}
}

func TestResume_BadInput(t *testing.T) {
	kernel := &resumer{}
	h := serve(t, rpc.Resume(kernel.Resume))
	for _, payload := range []string{`{"party_id":"p"}`, `[]`, `{`, `null`, `{} {}`} {
		_, err := h.call(overSocket("u1"), "party_resume", payload)
		if _, number := refusal(t, err); number != 3 {
			t.Errorf("party_resume %q = %v; want number 3", payload, err)
		}
	}
	if _, err := h.call(withKey(), "party_resume", "{}"); err == nil {
		t.Error("party_resume let in a call without a user")
	}
	if len(kernel.asked) != 0 {
		t.Errorf("the kernel was asked %+v", kernel.asked)
	}
}
