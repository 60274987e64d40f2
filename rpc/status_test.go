package rpc_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"partyline/party"
	"partyline/party/share"
	"partyline/party/status"
	"partyline/rpc"
)

// board answers as the kernel would and records its calls.
type board struct{ asked []string }

func (b *board) note(format string, args ...any) {
	b.asked = append(b.asked, fmt.Sprintf(format, args...))
}

func (b *board) Set(_ context.Context, c party.Caller, r status.Report) error {
	progress, seq := -1.0, int64(-1)
	if r.Progress != nil {
		progress = *r.Progress
	}
	if r.Seq != nil {
		seq = *r.Seq
	}
	b.note("set %s %q %q %s %v %q %d", c.UserID, r.PartyID, r.Code, r.Stage, progress, r.Text, seq)
	return nil
}

func (b *board) List(_ context.Context, c party.Caller, partyID string) (status.Listing, error) {
	b.note("list %s %s", c.UserID, partyID)
	if partyID == "none" {
		return status.Listing{}, party.Refuse(party.NotMember, "You are not in this party.")
	}
	half := 0.5
	return status.Listing{
		Members:  []status.Member{{UserID: "u1", SessionID: "s1", Username: "n1", Leader: true, Stage: "downloading", Progress: &half, Text: "t", Stalled: true, UpdatedAt: 7}, {UserID: "u2"}},
		Incoming: []status.Incoming{{UserID: "u3", Stage: "ready"}},
	}, nil
}

func (b *board) Share(_ context.Context, c party.Caller, r share.Request) (share.Answer, error) {
	b.note("share %s %s %+v %q", c.UserID, r.PartyID, r.To, r.Message)
	return share.Answer{URL: "u", ID: "i1", ExpiresAt: 9, Delivered: share.Delivered{Status: 1, Friends: 2}}, nil
}

func (b *board) Activity(_ context.Context, c party.Caller, r share.ActivityRequest) (share.Activity, error) {
	b.note("activity %s %s", c.UserID, r.PartyID)
	return share.Activity{}, party.Refuse(party.NotMember, "You are not in this party.")
}

func TestStatusAndShare(t *testing.T) {
	tests := []struct {
		name        string
		id, payload string
		asked       string // "" = nothing
		answer      string // "" = refused
		reason      string
	}{
		{name: "set", id: "party_status_set", payload: `{"party_id":"p","stage":"downloading","progress":0.42,"text":"x","seq":7}`,
			asked: `set u1 "p" "" downloading 0.42 "x" 7`, answer: `{}`},
		{name: "set_by_code_without_the_rest", id: "party_status_set", payload: `{"code":"c","stage":"ready","progress":null}`, asked: `set u1 "" "c" ready -1 "" -1`, answer: `{}`},
		{name: "set_zero_is_not_nothing", id: "party_status_set", payload: `{"party_id":"p","stage":"ready","progress":0,"seq":0}`, asked: `set u1 "p" "" ready 0 "" 0`, answer: `{}`},
		{name: "set_unknown_field", id: "party_status_set", payload: `{"party_id":"p","mood":"fine"}`, reason: "invalid_request: mood: unknown field."},
		{name: "set_wrong_type", id: "party_status_set", payload: `{"party_id":"p","progress":"half"}`, reason: "invalid_request: progress: wanted a number, got a string."},
		{name: "set_too_large_a_number", id: "party_status_set", payload: `{"party_id":"p","seq":9223372036854775808}`, reason: "invalid_request: seq: wanted a whole number, got a number with a fraction or out of range."},
		{name: "list", id: "party_status_list", payload: `{"party_id":"p"}`, asked: "list u1 p",
			answer: `{"members":[{"user_id":"u1","session_id":"s1","username":"n1","leader":true,"stage":"downloading","progress":0.5,"text":"t","stalled":true,"updated_at":7},` +
				`{"user_id":"u2","session_id":"","username":"","leader":false,"stage":"","text":"","stalled":false,"updated_at":0}],` +
				`"incoming":[{"user_id":"u3","username":"","stage":"ready","text":"","stalled":false,"updated_at":0}]}`},
		{name: "list_refused", id: "party_status_list", payload: `{"party_id":"none"}`, asked: "list u1 none", reason: "not_member: You are not in this party."},
		{name: "share", id: "party_share", payload: `{"party_id":"p","to":{"status":true,"friends":true,"group_id":"g","user_ids":["a","b"]},"message":"m"}`,
			asked: `share u1 p {Status:true Friends:true GroupID:g UserIDs:[a b]} "m"`, answer: `{"url":"u","id":"i1","expires_at":9,"delivered":{"status":1,"friends":2,"group":0,"users":0}}`},
		{name: "activity_refused", id: "party_activity", payload: `{"party_id":"p"}`, asked: "activity u1 p", reason: "not_member: You are not in this party."},
		{name: "activity_unknown_field", id: "party_activity", payload: `{"party":"p"}`, reason: "invalid_request: party: unknown field."},
		{name: "share_to_unknown", id: "party_share", payload: `{"party_id":"p","to":{"everybody":true}}`, reason: "invalid_request: to.everybody: unknown field."},
		{name: "share_to_no_object", id: "party_share", payload: `{"party_id":"p","to":["friends"]}`, reason: "invalid_request: to: wanted an object, got a list."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kernel := &board{}
			h := serve(t, rpc.Status(kernel), rpc.Share(kernel))
			answer, err := h.call(overSocket("u1"), tt.id, tt.payload)
			if tt.reason != "" {
				if text, _ := refusal(t, err); text != tt.reason {
					t.Errorf("refused with %q; want %q", text, tt.reason)
				}
			} else if err != nil || answer != tt.answer {
				t.Errorf("answer = %s, %v; want %s", answer, err, tt.answer)
			}
			var asked []string
			if tt.asked != "" {
				asked = []string{tt.asked}
			}
			if !slices.Equal(kernel.asked, asked) {
				t.Errorf("the kernel was asked %q; want %q", kernel.asked, asked)
			}
		})
	}
}

func TestStatusAndShare_NobodyCallsWithoutAUser(t *testing.T) {
	kernel := &board{}
	table := append(rpc.Status(kernel), rpc.Share(kernel)...)
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
