package wiring_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/module/wiring"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// boot registers the module as the host does. The module stops at the end of the test.
func boot(t testing.TB, env map[string]string, nk *nakama) (*initializer, *logBook) {
	t.Helper()
	init, log := newInitializer(), &logBook{}
	if err := wiring.Register(bootContext(t, env), log, nil, nk, init); err != nil {
		t.Fatalf("Register: %v", err)
	}
	return init, log
}

// withConsole is an environment with the console page.
var withConsole = map[string]string{"PARTY_CONSOLE_KEY": "a key of 24 characters.."}

// The golden file lists everything that a client or a server can call. A changed line is a change of the contract.
func TestRegister_EntryPoints(t *testing.T) {
	m, err := wiring.New(context.Background(), wiring.Options{Env: withConsole, Nakama: &nakama{}, Logger: &logBook{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Stop(context.Background()) })
	got := strings.Join(m.Describe(), "\n") + "\n"
	const file = "testdata/entry_points.golden"
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
		t.Errorf("the entry points have changed (run with -update if that is meant):\n%s\nwant\n%s", got, want)
	}
}

// The description matches what the module registers with the host, slot by slot.
func TestRegister_HostGetsEverythingDescribed(t *testing.T) {
	nk := &nakama{}
	init, _ := boot(t, withConsole, nk)
	m, err := wiring.New(context.Background(), wiring.Options{Env: withConsole, Nakama: nk, Logger: &logBook{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Stop(context.Background()) })
	rpcs, matches, befores, afters, routes := 0, 0, map[string]bool{}, map[string]bool{}, 0
	for _, line := range m.Describe() {
		words := strings.Fields(line)
		switch {
		case words[0] == "rpc":
			rpcs++
			if init.rpcs[words[1]] == nil {
				t.Errorf("not registered: %s", line)
			}
		case words[0] == "match":
			matches++
			if core, err := init.matches[words[1]](context.Background(), &logBook{}, nil, nk); err != nil || core == nil {
				t.Errorf("not registered: %s: %v", line, err)
			}
		case words[0] == "matchmaker":
			if init.matched == nil || init.pool != nil || words[1] != "matched" {
				t.Errorf("not registered, or more than that: %s", line)
			}
		case words[0] == "http":
			routes++
			if init.routes[words[2]] == nil || strings.Join(init.methods[words[2]], ",") != words[1] {
				t.Errorf("not registered for these methods: %s", line)
			}
			if words[1] != "GET,HEAD" && words[2] != "/party/console" {
				t.Errorf("a route that may change something: %s", line)
			}
		case words[2] == "session":
			if len(init.starts) != 1 || len(init.ends) != 1 {
				t.Errorf("not registered once: %s", line)
			}
		case words[2] == "ListMatches":
			if init.matchList == nil {
				t.Errorf("not registered: %s", line)
			}
		case words[2] == "ListParties":
			if init.list == nil {
				t.Errorf("not registered: %s", line)
			}
		case words[1] == "before":
			befores[words[2]] = true
		default:
			afters[words[2]] = true
		}
	}
	for message := range befores {
		if init.befores[message] == nil {
			t.Errorf("not registered: before %s", message)
		}
	}
	for message := range afters {
		if init.afters[message] == nil {
			t.Errorf("not registered: after %s", message)
		}
	}
	if len(init.rpcs) != rpcs || len(init.matches) != matches || len(init.befores) != len(befores) || len(init.afters) != len(afters) || len(init.routes) != routes {
		t.Error("the host was given more than is described")
	}
}

func TestRegister_RegisteredFunctionsWork(t *testing.T) {
	nk := &nakama{}
	init, log := boot(t, nil, nk)

	_, err := init.rpcs["party_invite_preview"](context.Background(), log, nil, nk, "{}")
	var refusal *runtime.Error
	if !errors.As(err, &refusal) || refusal.Code != 16 {
		t.Errorf("an RPC without a user = %v; want number 16", err)
	}
	_, err = init.rpcs["party_invite_preview"](userContext(), log, nil, nk, `{"code":"7XK2 9QPM 41TD ZZZZ"}`)
	if !errors.As(err, &refusal) || !strings.HasPrefix(refusal.Message, "invite_not_found: ") {
		t.Errorf("a preview of an unknown code = %v; want invite_not_found", err)
	}

	create := &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{}}}
	out, err := init.befores["PartyCreate"](userContext(), log, nil, nk, create)
	if err != nil || out.GetPartyCreate().GetMaxSize() != 8 {
		t.Errorf("before party_create without a size = %v, %v; want size 8", out, err)
	}

	answer := httptest.NewRecorder()
	init.routes["/party/join/{code}/state"](answer, httptest.NewRequest(http.MethodGet, "/party/join/7XK29QPM41TDZZZZ/state", nil))
	if answer.Code != http.StatusNotFound {
		t.Errorf("the state of an unknown code = %d; want 404", answer.Code)
	}
	for _, want := range []string{
		"partyline_rpc map[outcome:unauthenticated rpc_id:party_invite_preview] +1",
		"partyline_rpc map[outcome:invite_not_found rpc_id:party_invite_preview] +1",
		"partyline_rpc_duration map[outcome:invite_not_found rpc_id:party_invite_preview]",
		"partyline_hook map[hook:PartyCreate outcome:ok stage:before] +1",
		"partyline_hook_duration map[hook:PartyCreate outcome:ok stage:before]",
		"partyline_http map[route:landing_state status:4xx] +1",
	} {
		if !slices.Contains(nk.metrics, want) {
			t.Errorf("metrics = %q; want %q among them", nk.metrics, want)
		}
	}
}

func TestRegister_HostRefuses(t *testing.T) {
	for _, what := range []string{"rpc", "before", "after", "end", "list", "http", "match", "matched", "shutdown"} {
		t.Run(what, func(t *testing.T) {
			init := newInitializer()
			init.refuses = what
			nk := &nakama{path: writeRules(t, withMatches)}
			err := wiring.Register(bootContext(t, map[string]string{"PARTY_RULES": "rules.yml"}), &logBook{}, nil, nk, init)
			if err == nil || !strings.Contains(err.Error(), "partyline: ") || !strings.Contains(err.Error(), "no more "+what) {
				t.Errorf("Register = %v; want the host's refusal", err)
			}
		})
	}
}

// Party IDs end with the server's name. A name that is not allowed in an ID stops the start; otherwise every call
// would fail.
func TestRegister_ServerName(t *testing.T) {
	for name, fine := range map[string]bool{"nakama": true, "eu-west_1.B": true, "eu west:1": false, "größe": false, "a\nb": false, `"`: false, "": false} {
		init, log := newInitializer(), &logBook{}
		init.name = name
		err := wiring.Register(bootContext(t, nil), log, nil, &nakama{}, init)
		if fine != (err == nil) {
			t.Errorf("Register on %q = %v", name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "setting name") || init.registered > 0) {
			t.Errorf("Register on %q = %v with %d functions registered; want that it names the setting and does nothing", name, err, init.registered)
		}
	}
}

func TestRegister_BadConfigurationListsEveryProblem(t *testing.T) {
	path := writeRules(t, "version: 1\nparties:\n  max_size: {default: 0}\n  colour: red\ninvites:\n  who: everybody\n")
	tests := []struct {
		name string
		env  map[string]string
		want []string
	}{
		{"rules_and_settings", map[string]string{"PARTY_RULES": "rules.yml", "PARTY_PROXY_COUNT": "two", "PARTY_CONSOLE_KEY": "восьмеро", "OTHER": "x"},
			[]string{`PARTY_PROXY_COUNT: "two"`, "PARTY_CONSOLE_KEY: 8 characters are too few", "rules.yml:3:", "rules.yml:4:", "rules.yml:6:"}},
		{"missing_file", map[string]string{"PARTY_RULES": "nowhere.yml"}, []string{"rules file is missing", "nowhere.yml"}},
		{"missing_absolute_file", map[string]string{"PARTY_RULES": path + "/nowhere.yml"}, []string{"nowhere.yml"}},
		{"directory", map[string]string{"PARTY_RULES": "."}, []string{path}},
		{"playground", map[string]string{"PARTY_PLAYGROUND": "play.example.com"}, []string{`PARTY_PLAYGROUND: "play.example.com" is not an http:// or https:// address`}},
		{"pass_keys", map[string]string{"PARTY_PASS_KEYS": "AAAA, " + base64.StdEncoding.EncodeToString(make([]byte, 32)) + ", ?"},
			[]string{"PARTY_PASS_KEYS: must be keys of 32 bytes each in base64; these are not: 1, 3"}},
		{"record_is_rules", map[string]string{"PARTY_RECORD": "rules.yml"}, []string{"PARTY_RECORD: " + path + "/rules.yml is not a recording", `begins with "version: 1`}},
		{"record_is_next", map[string]string{"PARTY_RECORD": path + "//next.yml", "PARTY_RULES_NEXT": "next.yml"}, []string{"PARTY_RECORD: " + path + "/next.yml is the rules file"}},
		{"proxies_below", map[string]string{"PARTY_PROXY_COUNT": "-1"}, []string{"0 to 16"}},
		{"proxies_above", map[string]string{"PARTY_PROXY_COUNT": "17"}, []string{"0 to 16"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			init := newInitializer()
			err := wiring.Register(bootContext(t, tt.env), &logBook{}, nil, &nakama{path: path}, init)
			if err == nil {
				t.Fatal("Register = nil")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("Register = %v\nwant %q in it", err, part)
				}
			}
			if init.registered != 0 {
				t.Errorf("%d things were registered all the same", init.registered)
			}
		})
	}
}

// A value from a file ends with a line break. A setting without a value counts as absent.
func TestRegister_SettingsAreTrimmed(t *testing.T) {
	env := map[string]string{"PARTY_PASS_KEYS": "", "PARTY_PROXY_COUNT": " ", "PARTY_PLAYGROUND": "\n", "PARTY_RULES": "", "PARTY_RECORD": " "}
	env["PARTY_CONSOLE_KEY"] = withConsole["PARTY_CONSOLE_KEY"] + "\n"
	nk := &nakama{path: writeRules(t, "version: 1\n")}
	env["PARTY_RULES_NEXT"] = "rules.yml\r\n"
	init, log := boot(t, env, nk)
	if !log.has("next rules loaded") || log.has("next rules not loaded") {
		t.Errorf("log = %q", log.lines)
	}
	page := httptest.NewRequest(http.MethodGet, "/party/console", nil)
	page.Header.Set("Authorization", "Bearer "+withConsole["PARTY_CONSOLE_KEY"])
	answer := httptest.NewRecorder()
	init.routes["/party/console"](answer, page)
	if answer.Code == http.StatusUnauthorized {
		t.Error("the console refuses its key")
	}
}

// Another module may have settings with the same prefix.
func TestRegister_UnknownSettingIsAWarning(t *testing.T) {
	_, log := boot(t, map[string]string{"PARTY_RULE": "x", "PARTY_ANIMAL_SIZE": "3", "OTHER": "x"}, &nakama{})
	for _, want := range []string{"warn runtime.env: PARTY_RULE is no setting", "warn runtime.env: PARTY_ANIMAL_SIZE is no setting"} {
		if !log.has(want) {
			t.Errorf("log = %q; want %q", log.lines, want)
		}
	}
	if log.has("OTHER") {
		t.Errorf("log = %q; a name that is nothing like ours is nobody's business", log.lines)
	}
}

// A reload is counted by its outcome, and reports the version in force.
func TestRules_ReloadMetricsAndReport(t *testing.T) {
	nk := &nakama{path: writeRules(t, "version: 1\nrules:\n  - {id: a, on: [join], deny: 'party.size > 3'}\n")}
	init, log := boot(t, map[string]string{"PARTY_RULES": "rules.yml"}, nk)
	ask := func(payload string) (answer struct {
		Source   string
		Version  int
		Error    string
		Problems []struct{ Severity, Problem, Excerpt string }
		Rules    []struct{ ID, Deny string }
		Config   struct{ Parties struct{ Open string } }
	}) {
		t.Helper()
		text, err := init.rpcs["party_admin_rules"](context.Background(), log, nil, nk, payload)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	first := ask("{}")
	if !strings.HasSuffix(first.Source, "rules.yml") || first.Version != 1 || first.Error != "" || len(first.Rules) != 1 || first.Rules[0].Deny != "party.size > 3" {
		t.Errorf("party_admin_rules = %+v", first)
	}
	change := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(nk.path, "rules.yml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change("version: 1\nparties: {open: ajar}\n")
	if got := ask(`{"reload":true}`); got.Version != 1 || got.Error == "" || len(got.Problems) != 1 || got.Problems[0].Severity != "error" ||
		!strings.Contains(got.Problems[0].Problem, "ajar") || !strings.Contains(got.Problems[0].Excerpt, "^") || len(got.Rules) != 1 {
		t.Errorf("after a broken file: %+v", got)
	}
	change("version: 1\nparties: {open: closed}\n")
	if got := ask(`{"reload":true}`); got.Version != 2 || got.Error != "" || len(got.Problems) != 0 || len(got.Rules) != 0 || got.Config.Parties.Open != "closed" {
		t.Errorf("after a repair: %+v", got)
	}
	for what, want := range map[string]int{
		"partyline_rules_loads map[outcome:ok] +1": 2, "partyline_rules_loads map[outcome:broken] +1": 1, "partyline_rules_version map[] =2": 1,
		"partyline_rules_broken map[] =0": 2, "partyline_rules_broken map[] =1": 1,
	} {
		if got := nk.counted(what); got != want {
			t.Errorf("%q was reported %d times; want %d", what, got, want)
		}
	}
	if _, err := init.rpcs["party_admin_rules"](userContext(), log, nil, nk, "{}"); err == nil {
		t.Error("a player was told of the rules")
	}
}

// The shadow's answers are counted until one of the two files changes. Reading an unchanged file again keeps the
// counts.
func TestRules_NextIsCountedUntilAFileChanges(t *testing.T) {
	const text = "version: 1\nrules:\n  - {id: a, on: [create], deny: 'request.max_size > %d'}\n"
	nk := &nakama{path: writeRules(t, fmt.Sprintf(text, 8))}
	if err := os.WriteFile(filepath.Join(nk.path, "next.yml"), fmt.Appendf(nil, text, 3), 0o600); err != nil {
		t.Fatal(err)
	}
	init, log := boot(t, map[string]string{"PARTY_RULES": "rules.yml", "PARTY_RULES_NEXT": "next.yml"}, nk)
	asked := func(payload string) int {
		t.Helper()
		var answer struct{ Next struct{ Asked int } }
		text, err := init.rpcs["party_admin_rules"](context.Background(), log, nil, nk, payload)
		if err == nil {
			err = json.Unmarshal([]byte(text), &answer)
		}
		if err != nil {
			t.Fatal(err)
		}
		return answer.Next.Asked
	}
	createdSize(t, init, log, nk)
	for deadline := time.Now().Add(30 * time.Second); asked("{}") == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the next rules are not asked")
		}
	}
	if got := asked(`{"reload":true}`); got != 1 {
		t.Errorf("after the same file again %d questions are counted; want 1", got)
	}
	if err := os.WriteFile(filepath.Join(nk.path, "rules.yml"), fmt.Appendf(nil, text, 7), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := asked(`{"reload":true}`); got != 0 {
		t.Errorf("after another file %d questions are counted", got)
	}
}

// If the shadow rules are missing at the start, the module looks for them in the runtime path. Nothing else is
// asked, counted or compared in their place.
func TestRules_NextComesLater(t *testing.T) {
	nk := &nakama{path: writeRules(t, "version: 1\nrules:\n  - {id: a, on: [create], allow: true}\n")}
	init, log := boot(t, map[string]string{"PARTY_RULES": "rules.yml", "PARTY_RULES_NEXT": "next.yml"}, nk)
	createdSize(t, init, log, nk)
	ask := func(payload, want string) {
		t.Helper()
		if text, err := init.rpcs["party_admin_rules"](context.Background(), log, nil, nk, payload); err != nil || !strings.Contains(text, want) || strings.Contains(text, "null") {
			t.Errorf("party_admin_rules = %s, %v; want %s", text, err, want)
		}
	}
	const nothing = `"problems":[],"changes":[],"asked":0,"differs":0,"dropped":0,"counts":[],"examples":[]`
	ask(`{}`, `"version":0,"loaded_at":0,"error":"not asked:`)
	ask(`{}`, nothing)
	if err := os.WriteFile(filepath.Join(nk.path, "next.yml"), []byte("version: 1\nrules:\n  - {id: a, on: [create], allow: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask(`{"reload":true}`, nothing)
	createdSize(t, init, log, nk)
	for deadline := time.Now().Add(30 * time.Second); nk.counted("partyline_rules_shadow map[action:create change:same rule:a] +1") == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the next rules are not asked")
		}
	}
	if nk.counted("partyline_rules_shadow map[action:create change:other rule:] +1") != 0 {
		t.Error("the question that came before the file was asked")
	}
}

func TestRegister_RulesPath(t *testing.T) {
	path := writeRules(t, "version: 1\nparties:\n  max_size: {default: 3}\n")
	for name, env := range map[string]map[string]string{
		"relative": {"PARTY_RULES": "rules.yml"},
		"absolute": {"PARTY_RULES": path + "/rules.yml"},
	} {
		t.Run(name, func(t *testing.T) {
			nk := &nakama{path: path}
			init, log := boot(t, env, nk)
			if got := createdSize(t, init, log, nk); got != 3 {
				t.Errorf("a party without a size gets %d seats; want the file's 3", got)
			}
		})
	}
}

// createdSize is the size of a party if its creator asks for none.
func createdSize(t testing.TB, init *initializer, log *logBook, nk *nakama) int32 {
	t.Helper()
	create := &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{}}}
	out, err := init.befores["PartyCreate"](userContext(), log, nil, nk, create)
	if err != nil {
		t.Fatal(err)
	}
	return out.GetPartyCreate().GetMaxSize()
}

// The page's limit per address comes from the rules. One address cannot use up another's limit.
func TestRegister_PageLimit(t *testing.T) {
	nk := &nakama{path: writeRules(t, "version: 1\nlimits:\n  page_per_ip: 2/h\n")}
	init, _ := boot(t, map[string]string{"PARTY_RULES": "rules.yml"}, nk)
	visit := func(address string) int {
		request := httptest.NewRequest(http.MethodGet, "/party/join/7XK29QPM41TDZZZZ/state", nil)
		request.RemoteAddr = address
		answer := httptest.NewRecorder()
		init.routes["/party/join/{code}/state"](answer, request)
		return answer.Code
	}
	var got []int
	for _, address := range []string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.2:1"} {
		got = append(got, visit(address))
	}
	if want := []int{404, 404, 429, 404}; !slices.Equal(got, want) {
		t.Errorf("answers = %v; want %v", got, want)
	}
}
