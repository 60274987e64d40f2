package rpc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"partyline/party"
	"partyline/rpc"
)

// invites answers as the kernel would and records its calls.
type invites struct {
	asked []string
	live  []party.InviteSummary
}

func (i *invites) note(format string, args ...any) {
	i.asked = append(i.asked, fmt.Sprintf(format, args...))
}

func (i *invites) Create(_ context.Context, c party.Caller, r party.InviteRequest) (party.CreatedInvite, error) {
	i.note("create %s %s %v", c.UserID, r.PartyID, r.HoldSeat)
	return party.CreatedInvite{ID: "i1", Code: "c0de", ForUserIDs: []string{}, Info: []party.InfoField{}}, nil
}

func (i *invites) List(_ context.Context, c party.Caller, partyID string) ([]party.InviteSummary, error) {
	i.note("list %s %s", c.UserID, partyID)
	return i.live, nil
}

func (i *invites) Revoke(_ context.Context, c party.Caller, id, code string) error {
	i.note("revoke %s %q %q", c.UserID, id, code)
	return nil
}

func (i *invites) Preview(_ context.Context, c party.Caller, code string) (party.Preview, error) {
	i.note("preview %s %s", c.UserID, code)
	return party.Preview{ID: "i1", State: party.StateOpen}, nil
}

func (i *invites) Redeem(_ context.Context, c party.Caller, code, sessionID string) (party.Redemption, error) {
	i.note("redeem %s %s in %q, called from %q", c.UserID, code, sessionID, c.SessionID)
	return party.Redemption{PartyID: "p", Joined: true}, nil
}

func (i *invites) Decline(_ context.Context, c party.Caller, code string) error {
	i.note("decline %s %s", c.UserID, code)
	return party.Refuse(party.InviteNotForYou, "This invite is for somebody else.")
}

func TestInvites(t *testing.T) {
	tests := []struct {
		name        string
		id, payload string
		http        bool
		asked       string
		answer      string // "" = refused
		reason      string
	}{
		{name: "create", id: "party_invite_create", payload: `{"party_id":"p","hold_seat":true}`, asked: "create u1 p true",
			answer: `{"id":"i1","code":"c0de","url":"","qr_url":"","party_id":"","kind":"","created_at":0,"expires_at":0,"max_uses":0,"uses":0,` +
				`"hold_seat":false,"follow_inviter":false,"for_user_ids":[],"message":"","info":[]}`},
		{name: "preview", id: "party_invite_preview", payload: `{"code":"abc"}`, asked: "preview u1 abc",
			answer: `{"id":"i1","state":"open","waiting":0,"inviter":{"user_id":"","username":"","display_name":"","avatar_url":""},"message":"","info":null,"expires_at":0}`},
		{name: "redeem_over_socket", id: "party_invite_redeem", payload: `{"code":"abc"}`, asked: `redeem u1 abc in "", called from "session-of-u1"`,
			answer: `{"party_id":"p","joined":true,"message":"","info":null}`},
		{name: "redeem_over_http", id: "party_invite_redeem", payload: `{"code":"abc","session_id":"s2"}`, http: true, asked: `redeem u1 abc in "s2", called from ""`,
			answer: `{"party_id":"p","joined":true,"message":"","info":null}`},
		{name: "list", id: "party_invite_list", payload: `{"party_id":"p"}`, asked: "list u1 p", answer: `{"invites":[]}`},
		{name: "revoke_by_id", id: "party_invite_revoke", payload: `{"id":"i1"}`, asked: `revoke u1 "i1" ""`, answer: `{}`},
		{name: "revoke_by_code", id: "party_invite_revoke", payload: `{"code":"abc"}`, asked: `revoke u1 "" "abc"`, answer: `{}`},
		{name: "decline", id: "party_invite_decline", payload: `{"code":"abc"}`, asked: "decline u1 abc", reason: "invite_not_for_you: This invite is for somebody else."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kernel := &invites{live: []party.InviteSummary{}}
			h := serve(t, rpc.Invites(kernel))
			ctx := overSocket("u1")
			if tt.http {
				ctx = overHTTP("u1")
			}
			answer, err := h.call(ctx, tt.id, tt.payload)
			if tt.reason != "" {
				if text, _ := refusal(t, err); text != tt.reason {
					t.Errorf("refused with %q; want %q", text, tt.reason)
				}
			} else if err != nil || answer != tt.answer {
				t.Errorf("answer = %s, %v; want %s", answer, err, tt.answer)
			}
			if !slices.Equal(kernel.asked, []string{tt.asked}) {
				t.Errorf("the kernel was asked %q; want only %q", kernel.asked, tt.asked)
			}
		})
	}
}

// TestInvites_ListIsBounded: a list that is too long for clients shows the newest invites, and says that there are more.
func TestInvites_ListIsBounded(t *testing.T) {
	kernel := &invites{}
	h := serve(t, rpc.Invites(kernel))
	for _, n := range []int{50, 2000} {
		kernel.live = make([]party.InviteSummary, n)
		for i := range kernel.live {
			kernel.live[i] = party.InviteSummary{ID: fmt.Sprint(i), Message: strings.Repeat("<", 255)}
		}
		text, err := h.call(overSocket("u1"), "party_invite_list", `{"party_id":"p"}`)
		var answer struct {
			Invites []party.InviteSummary
			More    bool
		}
		if err != nil || json.Unmarshal([]byte(text), &answer) != nil {
			t.Fatal(text, err)
		}
		if got := len(answer.Invites); answer.More != (n == 2000) || answer.More != (got < n) || got < 50 || answer.Invites[got-1].ID != fmt.Sprint(got-1) {
			t.Errorf("%d of %d invites, more %v; want the newest, and whether there are more", got, n, answer.More)
		}
		if len(text) > 1<<15 {
			t.Errorf("an answer of %d bytes", len(text))
		}
	}
}

func TestInvites_NobodyCallsWithoutAUser(t *testing.T) {
	kernel := &invites{}
	table := rpc.Invites(kernel)
	h := serve(t, table)
	for _, row := range table {
		if _, err := h.call(withKey(), row.ID, "{}"); err == nil {
			t.Errorf("%s let in a call without a user", row.ID)
		}
	}
	if len(kernel.asked) != 0 {
		t.Errorf("the kernel was asked %q", kernel.asked)
	}
}
