package console_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"partyline/internal/build"
	"partyline/internal/web"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/attributes"
	"partyline/party/invite"
	"partyline/party/judge"
	"partyline/party/ledger"
	"partyline/party/overview"
	"partyline/party/rules"
	"partyline/rpc/console"
)

var update = flag.Bool("update", false, "rewrite the golden file")

const key = "0123456789abcdef"

var now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// source has the data of a small server. A test changes what it needs.
type source struct {
	sought  string
	rules   overview.Rules
	parties overview.Parties
	stats   overview.Stats
	invites []invite.Outstanding
	denials []overview.Denial
	err     error
	reads   int
	cursor  string
	panics  bool
	found   map[string][]overview.Party // by words
	players map[string]overview.Player
	matches []party.RunningMatch
	unread  error // of what is read from the database
	running int   // matches; 0 for as many as there are in matches
	did     []string
	refuse  error // refusal of an action
}

func (s *source) Search(_ context.Context, words string) (overview.Parties, bool, error) {
	return overview.Parties{Parties: s.found[words]}, strings.HasPrefix(words, "many"), s.err
}

func (s *source) Players(context.Context, []string) (map[string]overview.Player, error) {
	return s.players, cmp.Or(s.unread, s.err)
}

func (s *source) Running(context.Context, int) ([]party.RunningMatch, int, error) {
	return s.matches, cmp.Or(s.running, len(s.matches)), s.err
}

func (s *source) RevokeAny(_ context.Context, id string) error {
	s.did = append(s.did, "revoke "+id)
	return s.refuse
}

func (s *source) Pardon(_ context.Context, id party.ID, user string) error {
	s.did = append(s.did, "pardon "+user+" in "+id.String())
	return s.refuse
}

func (s *source) Rules(_ context.Context, reload bool) (overview.Rules, error) {
	s.reads++
	if s.panics {
		panic("as asked")
	}
	if reload {
		s.did = append(s.did, "reload")
		return s.rules, s.refuse
	}
	return s.rules, s.err
}

func (s *source) Parties(_ context.Context, _ int, cursor string) (overview.Parties, error) {
	s.cursor = cursor
	return s.parties, s.err
}

func (s *source) StatsAndInvites(_ context.Context, sought string) (overview.Stats, []invite.Outstanding) {
	s.sought = sought
	return s.stats, s.invites
}

func (s *source) Denials(context.Context) []overview.Denial { return s.denials }

func aServer() *source {
	ago := func(d time.Duration) int64 { return now.Add(-d).Unix() }
	part := 0.58
	return &source{
		rules: overview.Rules{
			Source: "/srv/rules.yml", Version: 3, LoadedAt: ago(5 * time.Minute),
			Rules: []overview.Rule{
				{Rule: rules.Rule{ID: "newcomers", On: []rules.Action{rules.ActionCreate}, Deny: `user.account_age < duration("24h")`, Message: "Play for a day first."}, Hit: rules.Hit{Asked: 40, Hits: 3}},
				{Rule: rules.Rule{ID: "vip", On: []rules.Action{rules.ActionJoin, rules.ActionInvite}, Allow: "user.metadata.vip == true"}, Hit: rules.Hit{Asked: 7, Hits: 7, Errors: 1}},
			},
		},
		parties: overview.Parties{Parties: []overview.Party{
			{
				PartyID: "3f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1", Size: 2, MaxSize: 4, Held: 1, State: rules.StateMatchmaking, CreatedAt: ago(3 * time.Hour),
				MatchID: "m1", Requests: 2, Label: `{"mode":"raid"}`, Members: []overview.Member{
					{Player: overview.Player{UserID: "u1", Username: "mira", DisplayName: "Mira the <b>Bold</b>"}, Leader: true, Stage: "ready"},
					{Player: overview.Player{UserID: "u2", Username: `<b>"jonas"</b>`}, Stage: "downloading", Progress: &part, Text: "level <2>"},
				},
				Waiting:    []overview.Waiter{{Player: overview.Player{UserID: "u3", Username: "tom"}, Since: ago(time.Minute), HeldUntil: now.Add(30 * time.Second).Unix()}},
				Kicked:     []overview.Kicked{{Player: overview.Player{UserID: "u4", Username: "<script>alert(1)</script>"}, Until: now.Add(5 * time.Minute).Unix()}},
				Attributes: &attributes.Document{Version: 7, Party: attributes.Bag{"map": json.RawMessage("\"<i>dust</i>\u202e\"")}, Members: map[string]attributes.Bag{"u1": {"hero": json.RawMessage(`"knight"`)}}},
			},
			{PartyID: "11111111-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1", Size: 1, MaxSize: 256, Open: true, Hidden: true, State: rules.StateInMatch, CreatedAt: ago(time.Second)},
		}},
		stats: overview.Stats{
			Build: build.Info{Version: "1.0.0", Commit: "abc1234", Nakama: "3.40.0", Go: "go1.26.5"}, UptimeSec: 7200, Denials: []overview.RuleDenials{{Rule: "newcomers", Count: 3}}, Buckets: map[string]int{"data": 9},
			Invites: overview.InviteStats{Counts: invite.Counts{Created: 9, Opened: 6, Redeemed: 4, Matched: 2}, Outstanding: 1},
			Queues: []party.QueueReport{
				{Queue: "casual", Sizes: []party.QueueSize{}},
				{Queue: "ranked_5v5", Tickets: 7, Players: 12, OldestSec: 95, Sizes: []party.QueueSize{{Seats: 1, Tickets: 4}, {Seats: 3, Tickets: 3}}, Proposals: 1, Accepted: 4, Needed: 10, ETA: &party.QueueETA{P50: 20, P90: 75}},
			},
			Memory: admission.Stats{Parties: 2, Holds: 1}, Live: ledger.Population{Parties: 2, Members: 3, Waiting: 1},
		},
		players: map[string]overview.Player{"u1": {UserID: "u1", Username: "mira", DisplayName: "Mira the <b>Bold</b>"}},
		matches: []party.RunningMatch{{MatchID: "abcdef12-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1", Queue: "ranked_5v5", Size: 9, OpenSeats: 1, Parties: []string{"3f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"}}},
		invites: []invite.Outstanding{{
			PartyID: "3f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1",
			InviteSummary: party.InviteSummary{
				ID: "7d0f4a12-8a55-4d46-9c9a-0c3c1c3e8a55", Kind: party.LinkInvite, CreatedBy: "u1", CreatedAt: ago(time.Hour),
				ExpiresAt: now.Add(23 * time.Hour).Unix(), Uses: 1, ForUserIDs: []string{"u9"}, HoldSeat: true,
			},
		}},
		denials: []overview.Denial{{
			Denial: judge.Denial{
				AnsweredQuestion: judge.AnsweredQuestion{At: now.Add(-time.Minute).Unix(), Action: rules.ActionCreate, UserID: "u7", Username: "newbie"},
				Rule:             "newcomers", Message: "Play for a day first.",
			},
			Explanation: rules.Explanation{Rules: []rules.RuleTrace{{
				Rule: "newcomers", Denies: true, Condition: `user.account_age < duration("24h")`, Outcome: rules.Held,
				Parts: []rules.Part{{Text: `user.account_age < duration("24h")`, Value: "true"}, {Text: "user.account_age", Depth: 1, Value: "2h"}},
			}}},
		}},
	}
}

type log struct{ lines []string }

func (l *log) add(level, format string, v []any) {
	l.lines = append(l.lines, level+" "+fmt.Sprintf(format, v...))
}

func (l *log) Info(format string, v ...any)  { l.add("info", format, v) }
func (l *log) Warn(format string, v ...any)  { l.add("warn", format, v) }
func (l *log) Error(format string, v ...any) { l.add("error", format, v) }

func options(s *source, l *log) console.Options {
	return console.Options{Key: key, Source: s, Revoke: s.RevokeAny, Pardon: s.Pardon, Logger: l, Now: func() time.Time { return now }}
}

// serve makes the handler of each pattern.
func serve(t testing.TB, s *source) (map[string]web.Route, *log) {
	t.Helper()
	l := &log{}
	routes := map[string]web.Route{}
	for _, r := range console.New(options(s, l)).Routes() {
		routes[r.Name] = r
	}
	return routes, l
}

func get(route web.Route, method, target, authorization string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, nil)
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	answer := httptest.NewRecorder()
	route.Handler(answer, request)
	return answer
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestKey(t *testing.T) {
	s := aServer()
	for authorization, want := range map[string]int{
		"": 401, "Bearer ": 401, "Bearer wrong": 401, "Bearer " + key[1:]: 401, "Bearer " + key + " ": 401, "bearer " + key: 401, key: 401,
		basic(key, ""): 401, basic("operator", "wrong"): 401, "Basic nonsense": 401, "Basic " + key: 401,
		"Bearer " + key: 200, basic("operator", key): 200, basic("", key): 200,
	} {
		for name, target := range map[string]string{"console_page": "/party/console", "console_asset": "/party/console/x.css"} {
			routes, _ := serve(t, s)
			before := s.reads
			answer := get(routes[name], http.MethodGet, target, authorization)
			if want == 401 {
				if answer.Code != 401 || !strings.HasPrefix(answer.Header().Get("WWW-Authenticate"), "Basic ") || s.reads != before || strings.Contains(answer.Body.String(), "mira") {
					t.Errorf("%s with %q = %d %q", name, authorization, answer.Code, answer.Body)
				}
			} else if answer.Code == 401 {
				t.Errorf("%s with %q = %d", name, authorization, answer.Code)
			}
		}
	}
}

// An address with a slash at its end redirects to the page, with the key only.
func TestPage_Slash(t *testing.T) {
	routes, _ := serve(t, aServer())
	answer := get(routes["console_redirect"], http.MethodGet, "/party/console/", "Bearer "+key)
	if to := answer.Header().Get("Location"); answer.Code != http.StatusPermanentRedirect || to != "../console" {
		t.Errorf("with the key: %d, to %q", answer.Code, to)
	}
	if answer := get(routes["console_redirect"], http.MethodGet, "/party/console/", ""); answer.Code != 401 {
		t.Errorf("without: %d", answer.Code)
	}
}

func TestPage_Golden(t *testing.T) {
	routes, l := serve(t, aServer())
	answer := get(routes["console_page"], http.MethodGet, "/party/console", "Bearer "+key)
	if answer.Code != 200 || len(l.lines) > 0 {
		t.Fatalf("page = %d, log %q", answer.Code, l.lines)
	}
	got := regexp.MustCompile(`console\.[0-9a-f]+\.css`).ReplaceAllString(answer.Body.String(), "console.<hash>.css")
	const file = "testdata/page.golden.html"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page has changed (run with -update if that is meant):\n%s", got)
	}
}

func TestPage_Headers(t *testing.T) {
	routes, _ := serve(t, aServer())
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		answer := get(routes["console_page"], method, "/party/console", "Bearer "+key)
		for header, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"Cache-Control":           "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "X-Robots-Tag": "noindex, nofollow", "Content-Type": "text/html; charset=utf-8",
		} {
			if got := answer.Header().Get(header); got != want {
				t.Errorf("%s %s: %q; want %q", method, header, got, want)
			}
		}
		if (answer.Body.Len() > 0) != (method == http.MethodGet) {
			t.Errorf("%s has %d bytes", method, answer.Body.Len())
		}
	}
	if answer := get(routes["console_page"], http.MethodPut, "/party/console", "Bearer "+key); answer.Code != 405 || answer.Header().Get("Allow") == "" {
		t.Errorf("PUT = %d", answer.Code)
	}
}

// The page is text with its own stylesheet. It runs no script and loads nothing from other sites.
func TestPage_HasNothingThatRuns(t *testing.T) {
	routes, _ := serve(t, aServer())
	html := get(routes["console_page"], http.MethodGet, "/party/console", "Bearer "+key).Body.String()
	for _, bad := range []string{"<script", " style=", `<b>"jonas`, "level <2>", "http://", "https://", "javascript:", key, "<i>dust", "\u202e", "the <b>Bold"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	href := regexp.MustCompile(`href="(console/[^"]+\.css)"`).FindStringSubmatch(html)
	if href == nil {
		t.Fatal("no stylesheet")
	}
	css := get(routes["console_asset"], http.MethodGet, "/party/"+href[1], "Bearer "+key)
	if css.Code != 200 || css.Header().Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(css.Header().Get("Cache-Control"), "immutable") || strings.Contains(css.Body.String(), "url(") {
		t.Errorf("stylesheet = %d %v", css.Code, css.Header())
	}
	if other := get(routes["console_asset"], http.MethodGet, "/party/console/other.css", "Bearer "+key); other.Code != 404 {
		t.Errorf("another file = %d", other.Code)
	}
}

func TestPage_Variants(t *testing.T) {
	tests := map[string]struct {
		target string
		edit   func(*source)
		code   int
		has    []string
		not    []string
	}{
		"empty": {edit: func(s *source) { *s = source{rules: overview.Rules{Version: 1}} }, code: 200,
			has: []string{"Nobody is in a party", "The file has no rules", "No rule has refused anything", "Nobody is invited", "no file, the defaults"}},
		"broken_file": {edit: func(s *source) {
			s.rules.Error = "the previous rules stay in force: 1 error"
			s.rules.Problems = []overview.Problem{{Severity: "error", Problem: rules.Problem{File: "rules.yml", Line: 3, Col: 7, Path: "parties.colour", What: "unknown key", Excerpt: "  colour: red\n  ^"}}}
		}, code: 200, has: []string{"not in force", "rules.yml:3:7", "parties.colour", "colour: red\n  ^"}},
		"history": {edit: func(s *source) {
			s.rules.Playground = "https://play.example.com/rules"
			s.rules.History = []judge.Version{{At: s.rules.LoadedAt, Hash: strings.Repeat("ab", 32), Changes: []string{"rule <new> is new"}, More: 2}}
		}, code: 200, has: []string{`href="https://play.example.com/rules"`, "abababababab</code>", "rule &lt;new&gt; is new", "and 2 more"}},
		"live":         {target: "?live", code: 200, has: []string{`http-equiv="refresh" content="10"`, "Updating every 10 s"}},
		"not_live":     {code: 200, not: []string{"http-equiv"}, has: []string{`href="?live"`}},
		"next_page":    {edit: func(s *source) { s.parties.Cursor = "a+b/c=" }, code: 200, has: []string{`href="?cursor=a%2Bb%2Fc%3D"`}},
		"later_page":   {target: "?cursor=a%2Bb", code: 200, has: []string{"First parties"}},
		"bad_cursor":   {edit: func(s *source) { s.err = party.Refuse(party.InvalidRequest, "cursor: no.") }, code: 400},
		"no_matches":   {edit: func(s *source) { s.matches = nil }, code: 200, has: []string{"No match with seats is running"}},
		"many_matches": {edit: func(s *source) { s.running = 300 }, code: 200, has: []string{"<b>300</b><span>matches", "The latest 1 of 300."}},
		"database_away": {edit: func(s *source) {
			s.unread, s.parties.Problem = errors.New("names are <away>"), "attributes are away"
			s.rules.HistoryProblem = "history is <away>"
			s.stats.Invites.Unknown, s.stats.Health.Problems, s.invites = true, []string{"invites cannot be read: no"}, nil
		}, code: 200, has: []string{"<p>invites cannot be read: no</p>", "attributes are away", "names are &lt;away&gt;", "history is &lt;away&gt;", "<b>?</b><span>invites", "Invites cannot be read at the moment", "jonas", "newcomers", "ranked_5v5"}},
		"broken_file_alone": {edit: func(s *source) {
			s.rules.Error, s.stats.Health.Problems, s.stats.Health.Rules.Broken = "no", []string{"see party_admin_rules"}, true
		}, code: 200, has: []string{"not in force"}, not: []string{"see party_admin_rules"}},
		"failure":      {edit: func(s *source) { s.err = errors.New("the database is down") }, code: 500, not: []string{"database"}},
		"browser_gone": {edit: func(s *source) { s.err = fmt.Errorf("read: %w", context.Canceled) }, code: 503},
		"panic":        {edit: func(s *source) { s.panics = true }, code: 500, not: []string{"as asked"}},
		"broken_rule": {edit: func(s *source) {
			s.denials[0].Broken = true
			s.denials[0].Explanation.Err = errors.New("level is a text")
		}, code: 200, has: []string{"newcomers: failed", "level is a text"}},
		"many_invites_none": {target: "?q=nobody", edit: func(s *source) { s.stats.Invites.More = true }, code: 200,
			has: []string{"No invite has that ID, party or maker, of those looked through: there are more."}},
		"many_invites": {edit: func(s *source) { s.stats.Invites.Outstanding, s.stats.Invites.More = 500, true }, code: 200, has: []string{"The latest 1 of 500 that were looked through"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := aServer()
			if tt.edit != nil {
				tt.edit(s)
			}
			routes, l := serve(t, s)
			answer := get(routes["console_page"], http.MethodGet, "/party/console"+tt.target, "Bearer "+key)
			if answer.Code != tt.code {
				t.Errorf("code = %d; want %d, log %q", answer.Code, tt.code, l.lines)
			}
			for _, want := range tt.has {
				if !strings.Contains(answer.Body.String(), want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			for _, bad := range tt.not {
				if strings.Contains(answer.Body.String(), bad) {
					t.Errorf("the page holds %q", bad)
				}
			}
			if (tt.code == 500) != (len(l.lines) == 1 && strings.HasPrefix(l.lines[0], "error console page failed")) {
				t.Errorf("log = %q", l.lines)
			}
			if name == "later_page" && s.cursor != "a+b" {
				t.Errorf("asked for the page at %q", s.cursor)
			}
		})
	}
}

// A search shows the parties that the overview finds, and the invites that match it.
func TestPage_Search(t *testing.T) {
	for query, want := range map[string]struct{ has, not []string }{
		"mira":     {has: []string{"Parties found", "value=\"mira\"", "11111111", "7d0f4a12", "Show all"}, not: []string{"3f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1\">3f1c1c3e</code>\n        <span"}},
		"7d0f4a12": {has: []string{"No live party", "7d0f4a12"}},
		"nobody":   {has: []string{"No live party", "No invite has that ID"}, not: []string{"7d0f4a12"}},
		"9F1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.EU-1": {has: []string{"No live party", "7d0f4a12"}},
		"many":               {has: []string{"the first ones"}},
		"many-others":        {has: []string{"None of the parties looked through has that ID, label or member: there are more."}, not: []string{"the first ones", "No live party"}},
		"%22%3E%3Cscript%3E": {has: []string{"No live party"}, not: []string{"<script>"}},
	} {
		s := aServer()
		s.found = map[string][]overview.Party{"mira": s.parties.Parties[1:], "many": s.parties.Parties}
		s.invites[0].PartyID = "9f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.EU-1"
		routes, _ := serve(t, s)
		answer := get(routes["console_page"], http.MethodGet, "/party/console?q="+query, "Bearer "+key)
		body := answer.Body.String()
		if asked, err := url.QueryUnescape(query); err != nil || answer.Code != 200 || s.cursor != "" || s.sought != asked {
			t.Errorf("%s = %d; looked for the invites of %q", query, answer.Code, s.sought)
		}
		for _, text := range want.has {
			if !strings.Contains(body, text) {
				t.Errorf("%s: the page lacks %q", query, text)
			}
		}
		for _, text := range want.not {
			if strings.Contains(body, text) {
				t.Errorf("%s: the page holds %q", query, text)
			}
		}
	}
	routes, _ := serve(t, aServer())
	if answer := get(routes["console_page"], http.MethodGet, "/party/console?q="+strings.Repeat("x", 5000), "Bearer "+key); answer.Code != 200 || strings.Contains(answer.Body.String(), strings.Repeat("x", 101)) {
		t.Errorf("a long search = %d", answer.Code)
	}
}

// The page shows the shadow rules next to the rules in force, with what they would change.
func TestPage_Next(t *testing.T) {
	src := aServer()
	routes, _ := serve(t, src)
	src.rules.Next = &overview.Next{
		Source: "/rules/next.yml", Version: 2, Asked: 12, Differs: 3, Changes: []string{"rule <b>young</b> is new"},
		Counts:   []judge.ShadowCount{{Action: "create", Now: "allowed", Next: "denied by young", Times: 3}},
		Examples: []overview.Example{{Difference: judge.Difference{AnsweredQuestion: judge.AnsweredQuestion{At: now.Unix(), Action: "create", Username: "mira"}, Now: "allowed", Next: "denied by young"}}},
	}
	body := get(routes["console_page"], http.MethodGet, "/party/console", "Bearer "+key).Body.String()
	for _, want := range []string{"Rules that come next", "3 of 12 answers", "rule &lt;b&gt;young&lt;/b&gt; is new", "<strong>denied by young</strong>", "mira"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
