package overview_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/build"
	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/attributes"
	"partyline/party/invite"
	"partyline/party/judge"
	"partyline/party/ledger"
	"partyline/party/overview"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// world is an overview over a rules file and the state that a test sets.
type world struct {
	t        *testing.T
	path     string
	clock    *partytest.Time
	live     *rules.Live
	judge    *judge.Judge
	overview *overview.Overview

	rows   []*api.Party // the host's list, in pages of the limit
	views  map[string]party.View
	asked  []string
	failed error
	away   error            // of everything that is read from the database
	slow   time.Duration    // that the database takes to answer
	unread map[string]error // of parties that cannot be read
	list   []invite.Outstanding
	more   bool
	vitals overview.Vitals
	faced  [][]string                    // IDs of profile look-ups
	pages  int                           // parties whose attributes were read
	in     map[string][]party.Membership // what users are in
	busy   bool                          // all parties are busy
	match  map[string]string
}

func newWorld(t *testing.T, file string) *world {
	w := &world{t: t, path: filepath.Join(t.TempDir(), "rules.yml"), clock: partytest.NewTime(), views: map[string]party.View{}}
	w.write(file)
	w.live = rules.NewLive(rules.LiveOptions{Path: w.path, Now: w.clock.Now})
	if err := w.live.Reload(); err != nil {
		t.Fatal(err)
	}
	half := 0.5
	w.judge = judge.New(judge.Deps{
		Rules: w.live.Current, Logger: &partytest.Log{}, Now: w.clock.Now,
		Statuses: func(context.Context, party.ID) (map[string]party.MemberStatus, error) {
			return map[string]party.MemberStatus{"s1": {Stage: "downloading", Progress: &half, Text: "level 2"}}, nil
		},
		Activity: party.Activity{
			Queued: func(context.Context, party.ID) (bool, error) { return true, nil },
			Match:  func(ctx context.Context, id party.ID) (string, error) { return w.match[id.String()], ctx.Err() },
		},
	})
	w.overview = overview.New(overview.Deps{
		Live: w.live, History: judge.NewHistory(objects{partytest.NewStorage(), w}, w.path, &partytest.Log{}), Judge: w.judge, Lister: w, PartiesOf: w.PartiesOf, Seats: w, Invites: w, Now: w.clock.Now,
		Limits: func() map[string]int { return map[string]int{"data": 3} },
		Vitals: func() overview.Vitals { return w.vitals },
		Queues: func() []party.QueueReport { return []party.QueueReport{{Queue: "duo", Tickets: 2}} },
		Matches: func(ctx context.Context, most int) ([]party.RunningMatch, int, error) {
			return []party.RunningMatch{{MatchID: fmt.Sprint("first of ", most)}}, 300, ctx.Err()
		},
		Attributes: func(ctx context.Context, looks []reserve.Look) (map[party.ID]attributes.Document, error) {
			if len(looks) == 0 { // reads nothing, as the real one
				return nil, nil
			}
			w.pages++
			if err := w.database(ctx); err != nil {
				return nil, err
			}
			docs := map[party.ID]attributes.Document{}
			for _, l := range looks {
				if l.Attributes {
					docs[l.ID] = attributes.Document{Version: int64(len(l.Members))}
				}
			}
			return docs, nil
		},
		Profiles: func(ctx context.Context, ids []string) (faces []party.Profile, err error) {
			w.faced = append(w.faced, ids)
			if err := w.database(ctx); err != nil {
				return nil, err
			}
			for _, id := range ids {
				if id != "u2" { // a deleted account
					faces = append(faces, party.Profile{UserID: id, Username: "name of " + id, DisplayName: "Face of " + id})
				}
			}
			return faces, nil
		},
	})
	return w
}

func (w *world) write(file string) {
	w.t.Helper()
	if err := os.WriteFile(w.path, []byte(file), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) PartyList(ctx context.Context, limit int, open *bool, hidden bool, query, cursor string) ([]*api.Party, string, error) {
	w.asked = append(w.asked, cursor)
	if open != nil || !hidden || query != "" {
		w.t.Errorf("PartyList(open %v, hidden %v, %q); want all", open, hidden, query)
	}
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	if len(w.rows) > limit {
		return w.rows[:limit], "next", w.failed
	}
	return w.rows, "", w.failed
}

func (w *world) PartiesOf(_ context.Context, userID string) ([]party.Membership, error) {
	return w.in[userID], w.failed
}

func (w *world) Detail(_ context.Context, id party.ID) (admission.Detail, error) {
	v, ok := w.views[id.String()]
	switch {
	case w.unread[id.String()] != nil:
		return admission.Detail{}, w.unread[id.String()]
	case !ok:
		return admission.Detail{}, party.Refuse(party.PartyNotFound, "Gone.")
	case len(v.Members) == 0:
		return admission.Detail{}, party.RefuseAway()
	}
	return admission.Detail{
		Look: reserve.Look{View: v, Reserved: []string{"friend"}}, Requests: 2,
		Line:  []reserve.Waiter{{UserID: "u3", Since: w.clock.Now(), Until: w.clock.Now().Add(time.Minute)}, {UserID: "u5", Since: w.clock.Now()}},
		Kicks: map[string]reserve.Kick{"u4": {Until: w.clock.Now().Add(time.Hour)}}, Busy: w.busy,
	}, nil
}

func (w *world) Stats() admission.Stats { return admission.Stats{Parties: 1, Holds: 2} }
func (w *world) Population() ledger.Population {
	return ledger.Population{Parties: 1, Members: 2, Waiting: 3}
}

// database answers as w.away says, after the time w.slow.
func (w *world) database(ctx context.Context) error {
	if w.slow == 0 {
		return w.away
	}
	select {
	case <-time.After(w.slow):
		return w.away
	case <-ctx.Done():
		return ctx.Err()
	}
}

// objects is storage that answers as the world's database.
type objects struct {
	party.Objects
	w *world
}

func (o objects) StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if err := o.w.database(ctx); err != nil {
		return nil, err
	}
	return o.Objects.StorageRead(ctx, reads)
}

func (w *world) Outstanding(ctx context.Context, _ string) ([]invite.Outstanding, bool, error) {
	return w.list, w.more, w.database(ctx)
}
func (w *world) Counts() invite.Counts { return invite.Counts{Created: 5, Redeemed: 3} }

const partyID = "3f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"

func named(id string) overview.Player {
	return overview.Player{UserID: id, Username: "name of " + id, DisplayName: "Face of " + id}
}

// TestSearch: parties are found by what people see of them. A search ends.
func TestSearch(t *testing.T) {
	w := newWorld(t, "")
	w.match = map[string]string{}
	add := func(id, label string, members ...party.Member) {
		parsed, err := party.ParseID(id)
		if err != nil {
			t.Fatal(err)
		}
		w.views[id] = party.View{ID: parsed, Facts: party.Facts{MaxSize: 4, Label: label}, Members: members}
		w.rows = append(w.rows, &api.Party{PartyId: id})
	}
	member := func(user, name string) party.Member {
		return party.Member{Session: party.Session{UserID: user, SessionID: "s" + user, Username: name}}
	}
	add(partyID, `{"mode":"Raid"}`, member("u1", "ann"), member("u2", "bob"))
	add("11111111-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1", "", member("u7", "x"))
	add("44444444-8a55-4d46-9c9a-0c3c1c3e8a55.EU-1", "", member("u4", "y"))
	add("22222222-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1", "") // all members are away
	w.rows = append(w.rows, &api.Party{PartyId: "33333333-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"}, &api.Party{PartyId: "nonsense"})
	w.match["11111111-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"] = "m1"
	for words, want := range map[string]string{
		"3f1c1c3e": partyID[:8], partyID: partyID[:8], "rAID": partyID[:8], "FACE OF U1": partyID[:8], "name of u7": "11111111", "bob": partyID[:8],
		"u7": "11111111", "44444444-8a55-4d46-9c9a-0c3c1c3e8a55.EU-1": "44444444", "face": partyID[:8] + " 11111111 44444444", "22222222": "", "f1c1c": "", "nobody": "",
	} {
		found, more, err := w.overview.Search(t.Context(), words)
		var got []string
		for _, p := range found.Parties {
			got = append(got, p.PartyID[:8])
			if in := p.State == "in_match"; in != (p.MatchID == "m1") {
				t.Errorf("%s is %s, in match %q", p.PartyID, p.State, p.MatchID)
			}
		}
		if strings.Join(got, " ") != want || more || err != nil {
			t.Errorf("Search(%q) = %q, %v, %v; want %q", words, got, more, err, want)
		}
	}
	if list, total, err := w.overview.Running(t.Context(), 7); err != nil || len(list) != 1 || list[0].MatchID != "first of 7" || total != 300 {
		t.Errorf("Running = %+v, %d, %v", list, total, err)
	}
	w.asked = nil
	for range overview.MaxPage {
		w.rows = append(w.rows, w.rows[0])
	}
	if found, more, err := w.overview.Search(t.Context(), "face of u1"); len(found.Parties) != 50 || !more || err != nil {
		t.Errorf("%d found, more %v, %v", len(found.Parties), more, err)
	}
	w.asked = nil
	if found, more, err := w.overview.Search(t.Context(), "nobody"); len(found.Parties) != 0 || !more || err != nil || len(w.asked) != 20 {
		t.Errorf("%d found on %d pages, more %v, %v", len(found.Parties), len(w.asked), more, err)
	}
	// By a whole ID, a party is found also behind the parties that are looked through.
	const far, user = "55555555-8a55-4d46-9c9a-0c3c1c3e8a55.EU-1", "66666666-8a55-4d46-9c9a-0c3c1c3e8a55"
	add(far, "", member(user, "z"))
	w.rows = w.rows[:len(w.rows)-1]
	w.in = map[string][]party.Membership{user: {{ID: w.views[far].ID}}}
	for _, words := range []string{far, strings.ToUpper(far[:36]) + far[36:], user, strings.ToUpper(user)} {
		if found, more, err := w.overview.Search(t.Context(), words); len(found.Parties) != 1 || found.Parties[0].PartyID != far || more || err != nil {
			t.Errorf("Search(%q) = %+v, more %v, %v", words, found, more, err)
		}
	}
}

func TestParties(t *testing.T) {
	w := newWorld(t, "")
	id, err := party.ParseID(partyID)
	if err != nil {
		t.Fatal(err)
	}
	made := w.clock.Now().Add(-time.Minute)
	w.views[partyID] = party.View{
		ID: id, Facts: party.Facts{MaxSize: 4, Open: true, Hidden: true, Label: `{"a":1}`, CreatedAt: made, Attributes: true},
		Members: []party.Member{
			{Session: party.Session{UserID: "u1", SessionID: "s1", Username: "ann"}, JoinedAt: made, Leader: true},
			{Session: party.Session{UserID: "u2", SessionID: "s2", Username: "bob"}},
		},
	}
	w.rows = []*api.Party{{PartyId: partyID}, {PartyId: "11111111-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"}, {PartyId: "nonsense"}}
	got, err := w.overview.Parties(t.Context(), overview.DefaultPage, "")
	if err != nil {
		t.Fatal(err)
	}
	half := 0.5
	want := overview.Party{
		PartyID: partyID, Size: 2, MaxSize: 4, Held: 1, Open: true, Hidden: true, Label: `{"a":1}`, State: "matchmaking",
		CreatedAt: made.Unix(), Requests: 2, Members: []overview.Member{
			{Player: named("u1"), Leader: true, JoinedAt: made.Unix(), Stage: "downloading", Progress: &half, Text: "level 2"},
			{Player: overview.Player{UserID: "u2", Username: "bob"}},
		},
		Waiting: []overview.Waiter{
			{Player: named("u3"), Since: w.clock.Now().Unix(), HeldUntil: w.clock.Now().Add(time.Minute).Unix()},
			{Player: named("u5"), Since: w.clock.Now().Unix()},
		},
		Kicked:     []overview.Kicked{{Player: named("u4"), Until: w.clock.Now().Add(time.Hour).Unix()}},
		Attributes: &attributes.Document{Version: 2},
	}
	if text, wanted := asJSON(t, got), asJSON(t, overview.Parties{Parties: []overview.Party{want}}); text != wanted {
		t.Errorf("Parties = %s\nwant %s", text, wanted)
	}
	w.rows, w.pages = append(w.rows, w.rows[0], w.rows[0]), 0
	got, err = w.overview.Parties(t.Context(), overview.DefaultPage, "")
	if err != nil || len(got.Parties) != 3 || got.Parties[2].Attributes == nil || w.pages != 1 {
		t.Errorf("three parties: %s, %v, attributes read %d times; want once", asJSON(t, got), err, w.pages)
	}
	w.busy = true
	if got, err = w.overview.Parties(t.Context(), overview.DefaultPage, ""); err != nil || len(got.Parties) != 3 || !got.Parties[0].Busy {
		t.Errorf("a busy party: %s, %v; want that it says so", asJSON(t, got), err)
	}
	if got, err := w.overview.Parties(t.Context(), 1, ""); err != nil || got.Cursor != "next" {
		t.Errorf("a page of one: %+v, %v", got, err)
	}
	w.away, w.busy = errors.New("storage is down"), false
	got, err = w.overview.Parties(t.Context(), 1, "")
	if len(got.Parties) != 1 || err != nil || got.Cursor != "next" || got.Problem != "storage is down\nstorage is down" || got.Parties[0].Size != 2 || got.Parties[0].Members[1].Username != "bob" {
		t.Errorf("without storage: %s, %v", asJSON(t, got), err)
	}
	if found, more, err := w.overview.Search(t.Context(), "bob"); len(found.Parties) != 3 || more || err != nil || found.Problem == "" {
		t.Errorf("a search without storage: %s, more %v, %v", asJSON(t, found), more, err)
	}
	for range 60 {
		w.rows = append(w.rows, w.rows[0])
	}
	if found, more, err := w.overview.Search(t.Context(), "bob"); len(found.Parties) != 50 || !more || err != nil || found.Problem == "" {
		t.Errorf("a search without storage that finds many: %d, more %v, problem %q, %v", len(found.Parties), more, found.Problem, err)
	}
	w.rows = w.rows[:5]
	const unread = "99999999-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"
	w.away, w.unread = nil, map[string]error{unread: errors.New("lost connection")}
	problem := "party " + unread + ": lost connection"
	w.rows = append([]*api.Party{{PartyId: unread}}, w.rows...)
	if got, err := w.overview.Parties(t.Context(), 50, ""); err != nil || len(got.Parties) != 3 || got.Parties[0].Attributes == nil || got.Problem != problem {
		t.Errorf("with a party that cannot be read: %s, %v", asJSON(t, got), err)
	}
	w.rows = nil
	if found, more, err := w.overview.Search(t.Context(), unread); err != nil || more || found.Problem != problem {
		t.Errorf("the search for it: %s, more %v, %v", asJSON(t, found), more, err)
	}
	w.away, w.rows = nil, nil
	if got, err := w.overview.Parties(t.Context(), 5, ""); err != nil || asJSON(t, got) != `{"parties":[],"cursor":""}` {
		t.Errorf("without parties: %s, %v", asJSON(t, got), err)
	}
}

// A foreign cursor would end a real server's process, so it must never reach the server.
func TestParties_Refusals(t *testing.T) {
	w := newWorld(t, "")
	for _, limit := range []int{-1, 0, overview.MaxPage + 1} {
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
	if _, err := rules.Load(got.Config, "config.json"); err != nil || !strings.Contains(string(got.Config), "request.max_size > 4") {
		t.Errorf("the configuration shown is no rules file, or is escaped: %v\n%s", err, got.Config)
	}

	w.write("version: 1\nparties: {colour: red}\n")
	if got, err = w.overview.Rules(t.Context(), true); err != nil || got.Version != 1 || !strings.Contains(got.Error, "1 error") || len(got.Rules) != 2 {
		t.Errorf("after a broken file: %+v, %v", got, err)
	}
	if p := got.Problems[0]; p.Severity != "error" || p.Line != 2 || p.Col == 0 || p.Path != "parties.colour" || p.File != w.path || p.What == "" {
		t.Errorf("problem = %+v", p)
	}
	if err := os.Remove(w.path); err != nil {
		t.Fatal(err)
	}
	if got, _ = w.overview.Rules(t.Context(), true); !strings.Contains(got.Error, "missing") || len(got.Problems) != 0 || len(got.Rules) != 2 {
		t.Errorf("without the file: %+v", got)
	}
	w.write("version: 1\nlimits: {share: }\nrules: [{id: c, on: [create], deny: request.max_size > 1}]\n")
	if got, _ = w.overview.Rules(t.Context(), true); got.Version != 2 || got.Error != "" || len(got.Problems) != 1 || got.Problems[0].Severity != "warning" {
		t.Errorf("with a warning: %+v", got)
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
	got := w.overview.Stats(t.Context())
	want := overview.Stats{
		Build:     build.Current(),
		StartedAt: since.Unix(), UptimeSec: 90,
		Health:  overview.Health{OK: true, Problems: []string{}, Rules: overview.InForce{Source: w.path, Version: 1, LoadedAt: since.Unix()}},
		Denials: []overview.RuleDenials{{Rule: "no", Count: 3}},
		Live:    ledger.Population{Parties: 1, Members: 2, Waiting: 3},
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
	w.away = errors.New("storage is down")
	w.list, w.more = nil, false
	want.Invites.Outstanding, want.Invites.More, want.Invites.Unknown = 0, false, true
	want.Health.OK, want.Health.Problems = false, []string{"invites cannot be read: storage is down"}
	if text, wanted := asJSON(t, w.overview.Stats(t.Context())), asJSON(t, want); text != wanted {
		t.Errorf("without storage: Stats = %s\nwant %s", text, wanted)
	}
}

// A slow database is well. While it hangs, callers get what is in memory, and the rest is said to be missing.
func TestOverview_slowDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		id, err := party.ParseID(partyID)
		if err != nil {
			t.Fatal(err)
		}
		w.views[partyID] = party.View{ID: id, Members: []party.Member{{Session: party.Session{UserID: "u1"}}}}
		w.rows = []*api.Party{{PartyId: partyID}}
		for hangs, slow := range map[bool]time.Duration{false: 3 * time.Second, true: time.Hour} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			w.slow = slow
			if r, err := w.overview.Rules(ctx, false); err != nil || r.Version != 1 || r.History == nil || (r.HistoryProblem != "") != hangs {
				t.Errorf("hangs %v: Rules = %s, %v", hangs, asJSON(t, r), err)
			}
			if s := w.overview.Stats(ctx); s.Health.OK == hangs || s.Invites.Unknown != hangs || s.Live.Parties != 1 {
				t.Errorf("hangs %v: Stats = %s", hangs, asJSON(t, s))
			}
			if found, more, err := w.overview.Search(ctx, "nobody"); err != nil || more || (found.Problem != "") != hangs {
				t.Errorf("hangs %v: Search = %s, %v, %v", hangs, asJSON(t, found), more, err)
			}
			if _, total, err := w.overview.Running(ctx, 7); total != 300 || err != nil {
				t.Errorf("hangs %v: %d matches, %v", hangs, total, err)
			}
			from := time.Now()
			if s := w.overview.Stats(t.Context()); s.Invites.Unknown != hangs || time.Since(from) > 9*time.Second {
				t.Errorf("hangs %v: Stats took %v", hangs, time.Since(from))
			}
			from = time.Now()
			if list, err := w.overview.Parties(t.Context(), 5, ""); time.Since(from) > 9*time.Second || len(list.Parties) != 1 || (list.Problem != "") != hangs || err != nil {
				t.Errorf("hangs %v: Parties = %s, %v", hangs, asJSON(t, list), err)
			}
		}
	})
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRules_next: after an unusable file the report says which one is still asked.
func TestRules_next(t *testing.T) {
	w := newWorld(t, "version: 1\n")
	path := filepath.Join(t.TempDir(), "next.yml")
	next := rules.NewLive(rules.LiveOptions{Path: path, Trial: true})
	w.overview.Next, w.overview.Shadow = next, judge.NewShadow(next.Current, partytest.NoMetrics{}, &partytest.Log{})
	for _, tt := range []struct{ text, want, not string }{
		{"version: 2\n", "not asked: 1 error", "still asked"},
		{"version: 1\n", "", ""},
		{"version: 2\n", "the newest file cannot be used, version 1 is still asked: 1 error", "not asked"},
		{"", "version 1 is still asked: rules file is missing", "not asked"},
	} {
		err := os.WriteFile(path, []byte(tt.text), 0o600)
		if tt.text == "" {
			err = os.Remove(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.overview.Rules(t.Context(), true)
		if err != nil || !strings.Contains(got.Next.Error, tt.want) || (got.Next.Error == "") != (tt.want == "") || tt.not != "" && strings.Contains(got.Next.Error, tt.not) {
			t.Errorf("after %q: %q, %v; want %q", tt.text, got.Next.Error, err, tt.want)
		}
	}
}
