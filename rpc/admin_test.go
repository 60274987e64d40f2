package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"partyline/party"
	"partyline/party/judge"
	"partyline/party/overview"
	"partyline/rpc"
)

// operator answers the admin calls and records them.
type operator struct{ asked []string }

func (o *operator) Rules(_ context.Context, reload bool) (overview.Rules, error) {
	o.asked = append(o.asked, fmt.Sprintf("rules %v", reload))
	return overview.Rules{Source: "rules.yml", Version: 3, Config: []byte(`{"version":1}`)}, nil
}

func (o *operator) Parties(_ context.Context, limit int, cursor string) (overview.Parties, error) {
	o.asked = append(o.asked, fmt.Sprintf("parties %d %s", limit, cursor))
	return overview.Parties{Parties: []overview.Party{}, Cursor: "next"}, nil
}

func (o *operator) Stats(context.Context) overview.Stats {
	o.asked = append(o.asked, "stats")
	return overview.Stats{UptimeSec: 7}
}

func TestAdmin(t *testing.T) {
	for _, tt := range []struct{ id, payload, asked, answer string }{
		{"party_admin_rules", "", "rules false", `"version":3`},
		{"party_admin_rules", `{"reload":true}`, "rules true", `"source":"rules.yml"`},
		{"party_admin_parties", `{}`, "parties 50 ", `"cursor":"next"`},
		{"party_admin_parties", `{"limit":0}`, "parties 0 ", `"cursor":"next"`},
		{"party_admin_parties", `{"limit":5,"cursor":"c"}`, "parties 5 c", `"parties":[]`},
		{"party_admin_stats", `{}`, "stats", `"uptime_sec":7`},
	} {
		o := &operator{}
		h := serve(t, rpc.Admin(o))
		answer, err := h.call(withKey(), tt.id, tt.payload)
		if err != nil || !strings.Contains(answer, tt.answer) || len(o.asked) != 1 || o.asked[0] != tt.asked {
			t.Errorf("%s %s = %s, %v, asked %q; want %q and %s", tt.id, tt.payload, answer, err, o.asked, tt.asked, tt.answer)
		}
		for _, ctx := range []context.Context{overHTTP("u"), overSocket("u")} {
			_, err := h.call(ctx, tt.id, tt.payload)
			if text, code := refusal(t, err); code != 16 || !strings.HasPrefix(text, "unauthenticated: ") {
				t.Errorf("%s of a player = %q, %d", tt.id, text, code)
			}
		}
		if len(o.asked) != 1 {
			t.Errorf("%s answered a player", tt.id)
		}
	}
	o := &operator{}
	if _, err := serve(t, rpc.Admin(o)).call(withKey(), "party_admin_stats", `{"verbose":true}`); err == nil || len(o.asked) != 0 {
		t.Errorf("an unknown field: %v, asked %q", err, o.asked)
	}
}

// inquirer answers what a test sets.
type inquirer struct {
	refusal *party.Error
	err     error
	asked   judge.Inquiry
}

func (i *inquirer) Answer(_ context.Context, _ party.Caller, q judge.Inquiry) (*party.Error, error) {
	i.asked = q
	return i.refusal, i.err
}

func TestCheckCall(t *testing.T) {
	i := &inquirer{}
	h := serve(t, rpc.Checks(i.Answer))
	payload := `{"action":"create","party_id":"p","max_size":4,"open":true,"queue":"q"}`
	answer, err := h.call(overHTTP("u"), "party_check", payload)
	if want := `{"allowed":true,"reason":"","message":"","rule":""}`; err != nil || answer != want {
		t.Errorf("party_check = %s, %v; want %s", answer, err, want)
	}
	if want := (judge.Inquiry{Action: judge.CheckCreate, PartyID: "p", MaxSize: 4, Open: true, Queue: "q"}); i.asked != want {
		t.Errorf("asked %+v; want %+v", i.asked, want)
	}
	i.refusal = &party.Error{Reason: party.RuleDenied, Rule: "late", Message: "Go to bed."}
	answer, err = h.call(overHTTP("u"), "party_check", payload)
	if want := `{"allowed":false,"reason":"rule_denied","message":"Go to bed.","rule":"late"}`; err != nil || answer != want {
		t.Errorf("party_check = %s, %v; want %s", answer, err, want)
	}
	i.err = errors.New("the database is down")
	if _, err := h.call(overHTTP("u"), "party_check", payload); err == nil {
		t.Error("an answer without knowing")
	}
	_, err = h.call(withKey(), "party_check", payload)
	if text, code := refusal(t, err); code != 16 {
		t.Errorf("party_check of nobody = %q, %d", text, code)
	}
}
