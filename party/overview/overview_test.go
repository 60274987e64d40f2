package overview_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/internal/build"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/invite"
	"partyline/party/judge"
	"partyline/party/overview"
	"partyline/party/partytest"
	"partyline/party/rules"
)

// world is an overview over a rules file and what a test says there is.
type world struct {
	t        *testing.T
	path     string
	clock    *partytest.Time
	live     *rules.Live
	judge    *judge.Judge
	overview *overview.Overview

	rows   []*api.Party // of the host's list, in pages of the limit
	views  map[string]party.View
	asked  []string
	failed error
	list   []invite.Outstanding
	more   bool
	vitals overview.Vitals
}

func newWorld(t *testing.T, file string) *world {
	w := &world{t: t, path: filepath.Join(t.TempDir(), "rules.yml"), clock: partytest.NewTime(), views: map[string]party.View{}}
	w.write(file)
	w.live = rules.NewLive(rules.LiveOptions{Path: w.path, Now: w.clock.Now})
	if err := w.live.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	half := 0.5
	w.judge = judge.New(judge.Deps{
		Rules: w.live.Current, Logger: &partytest.Log{}, Now: w.clock.Now,
		Statuses: func(context.Context, party.ID) (map[string]party.MemberStatus, error) {
			return map[string]party.MemberStatus{"s1": {Stage: "downloading", Progress: &half, Text: "level 2"}}, nil
		},
		Activity: party.Activity{Queued: func(context.Context, party.ID) (bool, error) { return true, nil }},
	})
	w.overview = overview.New(overview.Deps{
		Live: w.live, History: judge.NewHistory(partytest.NewStorage(), w.path, &partytest.Log{}), Judge: w.judge, Lister: w, Seats: w, Invites: w, Now: w.clock.Now,
		Limits: func() map[string]int { return map[string]int{"data": 3} },
		Vitals: func() overview.Vitals { return w.vitals },
		Queues: func() []party.QueueReport { return []party.QueueReport{{Queue: "duo", Tickets: 2}} },
	})
	return w
}

func (w *world) write(file string) {
	w.t.Helper()
	if err := os.WriteFile(w.path, []byte(file), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) PartyList(_ context.Context, limit int, open *bool, hidden bool, query, cursor string) ([]*api.Party, string, error) {
	w.asked = append(w.asked, cursor)
	if open != nil || !hidden || query != "" {
		w.t.Errorf("PartyList(open %v, hidden %v, %q); want all", open, hidden, query)
	}
	if len(w.rows) > limit {
		return w.rows[:limit], "next", w.failed
	}
	return w.rows, "", w.failed
}

func (w *world) Look(_ context.Context, id party.ID) (admission.Look, error) {
	v, ok := w.views[id.String()]
	if !ok {
		return admission.Look{}, party.Refuse(party.PartyNotFound, "Gone.")
	}
	return admission.Look{View: v, Reserved: []string{"friend"}}, nil
}

func (w *world) Waiting(context.Context, party.ID) (int, error) { return 2, nil }
func (w *world) Stats() admission.Stats                         { return admission.Stats{Parties: 1, Holds: 2} }
func (w *world) Outstanding(context.Context) ([]invite.Outstanding, bool, error) {
	return w.list, w.more, w.failed
}
func (w *world) Counts() invite.Counts { return invite.Counts{Created: 5, Redeemed: 3} }

const partyID = "3f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"

func TestParties(t *testing.T) {
	w := newWorld(t, "")
	id, err := party.ParseID(partyID)
	if err != nil {
		t.Fatal(err)
	}
	made := w.clock.Now().Add(-time.Minute)
	w.views[partyID] = party.View{
		ID: id, Facts: party.Facts{MaxSize: 4, Open: true, Hidden: true, Label: `{"a":1}`, CreatedAt: made},
		Members: []party.Member{
			{Session: party.Session{UserID: "u1", SessionID: "s1", Username: "ann"}, JoinedAt: made, Leader: true},
			{Session: party.Session{UserID: "u2", SessionID: "s2", Username: "bob"}},
		},
	}
	w.rows = []*api.Party{{PartyId: partyID}, {PartyId: "11111111-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"}, {PartyId: "nonsense"}}
	got, err := w.overview.Parties(t.Context(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	half := 0.5
	want := overview.Party{
		PartyID: partyID, Size: 2, MaxSize: 4, Held: 1, Open: true, Hidden: true, Label: `{"a":1}`, State: "matchmaking",
		CreatedAt: made.Unix(), Requests: 2, Members: []overview.Member{
			{UserID: "u1", Username: "ann", Leader: true, JoinedAt: made.Unix(), Stage: "downloading", Progress: &half, Text: "level 2"},
			{UserID: "u2", Username: "bob"},
		},
	}
	if text, wanted := asJSON(t, got), asJSON(t, overview.Parties{Parties: []overview.Party{want}}); text != wanted {
		t.Errorf("Parties = %s\nwant %s", text, wanted)
	}
	if got, err := w.overview.Parties(t.Context(), 1, ""); err != nil || got.Cursor != "next" {
		t.Errorf("a page of one: %+v, %v", got, err)
	}
	w.rows = nil
	if got, err := w.overview.Parties(t.Context(), 5, ""); err != nil || asJSON(t, got) != `{"parties":[],"cursor":""}` {
		t.Errorf("without parties: %s, %v", asJSON(t, got), err)
	}
}

// A cursor that is not ours would end a real server's process: it never gets there.
func TestParties_Refusals(t *testing.T) {
	w := newWorld(t, "")
	for _, limit := range []int{-1, overview.MaxPage + 1} {
		if _, err := w.overview.Parties(t.Context(), limit, ""); party.ReasonOf(err) != party.InvalidRequest || !strings.Contains(err.Error(), "limit") {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	yes := true
	var encoded bytes.Buffer // as the host makes them for a list of open parties
	if err := gob.NewEncoder(&encoded).Encode(struct {
		Query         string
		Open          *bool
		Offset, Limit int
	}{"*", &yes, 1, 1}); err != nil {
		t.Fatal(err)
	}
	openOnly := base64.RawURLEncoding.EncodeToString(encoded.Bytes())
	for _, cursor := range []string{"nonsense", openOnly} {
		if _, err := w.overview.Parties(t.Context(), 1, cursor); party.ReasonOf(err) != party.InvalidRequest || !strings.Contains(err.Error(), "cursor") {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	if len(w.asked) > 0 {
		t.Errorf("the host was asked with %q", w.asked)
	}
	w.failed = errors.New("index closed")
	if _, err := w.overview.Parties(t.Context(), 1, ""); party.ReasonOf(err) != party.Internal {
		t.Errorf("a list that fails: %v; want internal", err)
	}
}

func TestRules(t *testing.T) {
	w := newWorld(t, "version: 1\nrules:\n- {id: a, on: [create], deny: request.max_size > 4, message: Small ones.}\n- {id: b, on: [join], allow: 'true'}\n")
	_ = w.judge.Decide(t.Context(), party.Question{Action: rules.ActionCreate, Request: rules.RequestFacts{MaxSize: 5}})
	got, err := w.overview.Rules(t.Context(), false)
	if err != nil || got.Source != w.path || got.Version != 1 || got.LoadedAt != w.clock.Now().Unix() || got.Error != "" || len(got.Problems) != 0 {
		t.Errorf("Rules = %+v, %v", got, err)
	}
	if a := got.Rules[0]; a.ID != "a" || a.Deny != "request.max_size > 4" || a.Allow != "" || a.Message != "Small ones." || a.Asked != 1 || a.Hits != 1 {
		t.Errorf("rule a = %+v", a)
	}
	if b := got.Rules[1]; b.ID != "b" || b.Allow != "true" || b.Deny != "" || b.Asked != 0 {
		t.Errorf("rule b = %+v", b)
	}
	if _, err := rules.Load(got.Config, "config.json"); err != nil {
		t.Errorf("the configuration shown is no rules file: %v", err)
	}

	w.write("version: 1\nparties: {colour: red}\n")
	if got, err = w.overview.Rules(t.Context(), true); err != nil || got.Version != 1 || !strings.Contains(got.Error, "1 error") || len(got.Rules) != 2 {
		t.Errorf("after a broken file: %+v, %v", got, err)
	}
	if p := got.Problems[0]; p.Severity != "error" || p.Line != 2 || p.Column == 0 || p.Path != "parties.colour" || p.File != w.path || p.Problem == "" {
		t.Errorf("problem = %+v", p)
	}
	if err := os.Remove(w.path); err != nil {
		t.Fatal(err)
	}
	if got, _ = w.overview.Rules(t.Context(), true); !strings.Contains(got.Error, "missing") || len(got.Problems) != 0 || len(got.Rules) != 2 {
		t.Errorf("without the file: %+v", got)
	}
	w.write("version: 1\nrules: [{id: c, on: [create], deny: party.size > 1}]\n")
	if got, _ = w.overview.Rules(t.Context(), true); got.Version != 2 || got.Error != "" || len(got.Problems) != 1 || got.Problems[0].Severity != "warning" {
		t.Errorf("with a warning: %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.overview.Rules(ctx, true); err == nil {
		t.Error("a call that was given up reloads nothing")
	}
}

func TestStats(t *testing.T) {
	w := newWorld(t, "version: 1\nrules: [{id: no, on: [create], deny: 'true', message: No.}]\n")
	w.list, w.more = []invite.Outstanding{{PartyID: partyID}}, true
	for range 3 {
		_ = w.judge.Decide(t.Context(), party.Question{Action: rules.ActionCreate, Caller: party.Caller{UserID: "u", Username: "ann"}})
	}
	since := w.clock.Now()
	w.clock.Advance(90 * time.Second)
	got, err := w.overview.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := overview.Stats{
		Build:     build.Current(),
		StartedAt: since.Unix(), UptimeSec: 90,
		Health:  overview.Health{OK: true, Problems: []string{}, Rules: overview.InForce{Source: w.path, Version: 1, LoadedAt: since.Unix()}},
		Denials: []overview.RuleDenials{{Rule: "no", Count: 3}},
		Invites: overview.InviteStats{Counts: invite.Counts{Created: 5, Redeemed: 3}, Outstanding: 1, More: true},
		Queues:  []party.QueueReport{{Queue: "duo", Tickets: 2}},
		Memory:  admission.Stats{Parties: 1, Holds: 2}, Buckets: map[string]int{"data": 3},
	}
	if text, wanted := asJSON(t, got), asJSON(t, want); text != wanted {
		t.Errorf("Stats = %s\nwant %s", text, wanted)
	}
	denials := w.overview.Denials(t.Context())
	if len(denials) != 3 || denials[0].Username != "ann" || denials[0].Rule != "no" || denials[0].Message != "No." || denials[0].Explanation.Decision.Allowed {
		t.Errorf("Denials = %+v", denials)
	}
	w.failed = errors.New("storage is down")
	if _, err := w.overview.Stats(t.Context()); err == nil {
		t.Error("counted invites that cannot be read")
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
