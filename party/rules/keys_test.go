package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"partyline/local/reference"
	"partyline/party/rules"
)

// keyEffects has a value other than the default for every key of the file, as the file and as the loaded
// configuration write it. Keys of queues are set in the queue "q". TestKeys_rule covers the keys of rules.
var keyEffects = map[string]string{
	"parties.max_size.default":          `5`,
	"parties.max_size.min":              `2`,
	"parties.max_size.max":              `12`,
	"parties.max_size.outside":          `"clamp"`,
	"parties.open":                      `"closed"`,
	"parties.one_per_user":              `true`,
	"parties.second_socket":             `"move"`,
	"parties.reconnect_grace":           `"1m0s"`,
	"parties.resume_on_connect":         `true`,
	"parties.survive.everyone_away":     `false`,
	"parties.survive.restart":           `"45s"`,
	"parties.kick_ban":                  `"0s"`,
	"parties.waitlist.hold":             `"20s"`,
	"parties.waitlist.max":              `10`,
	"parties.lock.while_matchmaking":    `true`,
	"parties.lock.in_match":             `true`,
	"parties.requests.cap":              `4`,
	"parties.requests.rate":             `"3/5m"`,
	"parties.requests.while_in_party":   `false`,
	"invites.who":                       `"leader"`,
	"invites.overrides_rules":           `true`,
	"invites.several_sessions":          `"newest"`,
	"invites.link.ttl":                  `"1h"`,
	"invites.link.max_ttl":              `"48h"`,
	"invites.link.max_uses":             `9`,
	"invites.code.ttl":                  `"1m"`,
	"invites.code.max_ttl":              `"7m"`,
	"invites.code.max_uses":             `3`,
	"invites.public_url":                `"https://play.example.com"`,
	"invites.app.deep_link":             `"mygame://party/{code}"`,
	"invites.app.web":                   `"https://play.example.com/?party={code}"`,
	"invites.app.ios.store":             `"https://apps.apple.com/app/id1"`,
	"invites.app.ios.app_ids":           `["ABCDE12345.com.example.game"]`,
	"invites.app.android.store":         `"https://play.google.com/store/apps/details?id=com.example.game"`,
	"invites.app.android.package":       `"com.example.game"`,
	"invites.app.android.fingerprints":  `["` + strings.Repeat("AB:", 31) + `AB"]`,
	"invites.page.title":                `"My Game"`,
	"invites.page.accent":               `"#112233"`,
	"invites.page.logo":                 `"/logo.svg"`,
	"invites.page.show_members":         `false`,
	"invites.page.image":                `"https://play.example.com/invite.png"`,
	"invites.page.font":                 `"fonts/cjk.otf"`,
	"invites.page.languages":            `{"de":{"play":"Los geht's"}}`,
	"invites.page.texts":                `{"play":"Los geht's"}`,
	"status.stages":                     `["loading","ready","failed"]`,
	"status.ready":                      `"tutorial"`,
	"status.final":                      `["failed"]`,
	"status.reset_on":                   `["membership","queue"]`,
	"status.reset_to":                   `"tutorial"`,
	"status.rate":                       `"1/2s"`,
	"status.stall":                      `"30s"`,
	"status.incoming":                   `"5m"`,
	"attributes.party":                  `"member"`,
	"attributes.public":                 `["map","mode"]`,
	"limits.party_create":               `"10/m"`,
	"limits.invite_create":              `"none"`,
	"limits.invite_guess.per_user":      `"2/h"`,
	"limits.invite_guess.per_ip":        `"7/s"`,
	"limits.share":                      `"1/m"`,
	"limits.share_recipients":           `10`,
	"limits.page_per_ip":                `"60/m"`,
	"limits.data.rate":                  `"5/s"`,
	"limits.data.bytes":                 `100`,
	"queries.max_length":                `100`,
	"queries.terms":                     `7`,
	"queries.regex":                     `"any"`,
	"matchmaking.create_match":          `true`,
	"matchmaking.seat_hold":             `"20s"`,
	"matchmaking.solo_tickets":          `"cancel"`,
	"matchmaking.pass_budget":           `"50ms"`,
	"queues.q.teams":                    `3`,
	"queues.q.team_size":                `{"after":"1m","max":4,"min":2}`,
	"queues.q.max_party":                `1`,
	"queues.q.full_party_alone":         `true`,
	"queues.q.require_ready":            `true`,
	"queues.q.match_on":                 `["region","build"]`,
	"queues.q.skill.property":           `"elo"`,
	"queues.q.skill.source":             `"ticket"`,
	"queues.q.skill.storage.collection": `"stats"`,
	"queues.q.skill.storage.key":        `"season"`,
	"queues.q.skill.storage.field":      `"rank"`,
	"queues.q.skill.default":            `1000.5`,
	"queues.q.skill.party":              `"max"`,
	"queues.q.skill.window":             `50`,
	"queues.q.skill.widen":              `"25/s"`,
	"queues.q.skill.max":                `600`,
	"queues.q.skill.team_spread":        `80`,
	"queues.q.max_wait":                 `"1h"`,
	"queues.q.hold_invited":             `true`,
	"queues.q.seat_hold":                `"10s"`,
	"queues.q.seat_hold_max":            `"1m"`,
	"queues.q.backfill":                 `true`,
	"queues.q.blocks":                   `"ignore"`,
	"queues.q.parity.mode":              `"require"`,
	"queues.q.parity.diff":              `2`,
	"queues.q.parity.relax":             `"30s"`,
	"queues.q.latency.regions":          `["eu","us"]`,
	"queues.q.latency.start":            `50`,
	"queues.q.latency.widen":            `"5/s"`,
	"queues.q.latency.max":              `300`,
	"queues.q.accept.within":            `"20s"`,
	"queues.q.accept.replace":           `"10s"`,
	"queues.q.accept.cooldown":          `"1m"`,
	"queues.q.tick":                     `5`,
	"queues.q.match":                    `"my_match"`,
	"queues.q.fleet.manager":            `"eu"`,
	"queues.q.fleet.metadata":           `{"GameSessionData":"{partyline}"}`,
	"queues.q.fleet.ready_within":       `"2m"`,
}

// TestKeys_effect checks that each key changes only its own value in the configuration, and that the reference
// explains it.
func TestKeys_effect(t *testing.T) {
	keys, err := reference.Keys()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, k := range keys {
		path := strings.Replace(k.Path, "queues.<name>.", "queues.q.", 1)
		known[path] = true
		if len(k.Doc) < 15 || !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s: no sentence says what it means: %q", k.Path, k.Doc)
		}
		if strings.Contains(path, "[]") || path == "version" {
			continue
		}
		value, ok := keyEffects[path]
		if !ok {
			t.Errorf("%s has no effect test", path)
			continue
		}
		t.Run(path, func(t *testing.T) {
			before, after := loadTree(t, path, ""), loadTree(t, path, value)
			got, was := lookup(after, path), lookup(before, path)
			var want any
			if err := json.Unmarshal([]byte(value), &want); err != nil {
				t.Fatal(err)
			}
			if s, ok := want.(string); ok && s == "1m0s" {
				want = "1m"
			}
			if fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(got) == fmt.Sprint(was) {
				t.Errorf("%s: %s gives %v, without it %v", path, value, got, was)
			}
		})
	}
	for path := range keyEffects {
		if !known[path] {
			t.Errorf("%s is no key", path)
		}
	}
}

// loadTree loads a file that sets path to value and the other keys that path needs. It returns the
// configuration as decoded JSON.
func loadTree(t *testing.T, path, value string) map[string]any {
	t.Helper()
	file := map[string]any{"version": 1}
	set := func(path, value string) {
		at := file
		keys := strings.Split(path, ".")
		for _, k := range keys[:len(keys)-1] {
			if at[k] == nil {
				at[k] = map[string]any{}
			}
			at = at[k].(map[string]any)
		}
		at[keys[len(keys)-1]] = json.RawMessage(value)
	}
	switch {
	case strings.HasPrefix(path, "queues.q.skill."):
		set("queues.q.skill.property", `"mmr"`)
		fallthrough
	case strings.HasPrefix(path, "queues.q.latency."):
		set("queues.q.latency.regions", `["asia"]`)
		fallthrough
	case strings.HasPrefix(path, "queues.q."):
		set("queues.q.teams", `2`)
		set("queues.q.team_size", `2`)
	case path == "invites.app.android.package":
		set("invites.app.android.fingerprints", keyEffects["invites.app.android.fingerprints"])
	case path == "invites.app.android.fingerprints":
		set("invites.app.android.package", `"com.example.other"`)
	case path == "parties.max_size.max":
		set("parties.max_size.default", `2`)
	}
	if value != "" {
		set(path, value)
	} else if strings.Contains(path, "android") {
		file = map[string]any{"version": 1}
	}
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := rules.Load(text, "rules.json")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var tree map[string]any
	if err := json.Unmarshal([]byte(asJSON(t, loaded.Config())), &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func lookup(tree map[string]any, path string) any {
	var at any = tree
	for _, k := range strings.Split(path, ".") {
		group, _ := at.(map[string]any)
		at = group[k]
	}
	return at
}

// TestKeys_rule checks the effect of each key of a rule.
func TestKeys_rule(t *testing.T) {
	base := map[string]any{"id": "a", "on": []string{"join"}, "deny": "true", "message": "No."}
	for _, c := range []struct {
		key   string
		value any
		want  rules.Decision
	}{
		{"", nil, rules.Decision{Rule: "a", Message: "No."}},
		{"id", "b", rules.Decision{Rule: "b", Message: "No."}},
		{"on", []string{"kick"}, rules.Decision{Allowed: true}},
		{"deny", "false", rules.Decision{Allowed: true}},
		{"message", "Never.", rules.Decision{Rule: "a", Message: "Never."}},
		{"allow", "true", rules.Decision{Allowed: true, Rule: "a"}},
	} {
		rule := map[string]any{}
		for k, v := range base {
			rule[k] = v
		}
		if c.key == "allow" {
			delete(rule, "deny")
		}
		if c.key != "" {
			rule[c.key] = c.value
		}
		text, err := json.Marshal(map[string]any{"version": 1, "rules": []any{rule}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := mustLoad(t, string(text)).Try(context.Background(), someFacts(), nil)
		if err != nil || got != c.want {
			t.Errorf("with %s %v: %+v, %v; want %+v", c.key, c.value, got, err, c.want)
		}
	}
}

// TestFacts_complete checks that a condition can name every documented fact, and that the loader knows how to
// get it.
func TestFacts_complete(t *testing.T) {
	entries, err := reference.Facts()
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 30 {
		t.Fatalf("%d facts", len(entries))
	}
	for _, f := range entries {
		if len(f.Doc) < 5 {
			t.Errorf("%s: no sentence says what it is", f.Path)
		}
		cond := f.Path + " == " + f.Path
		if head, field, ok := strings.Cut(f.Path, "[]."); ok {
			cond = fmt.Sprintf("any(%s, .%s == .%s)", head, field, field)
			if f.Kind == "names with values" {
				cond = fmt.Sprintf(`any(%s, "x" in .%s)`, head, field)
			}
		} else if f.Kind == "list" || f.Kind == "names with values" {
			cond = fmt.Sprintf("len(%s) == 0", f.Path)
		}
		if _, err := denyJoinWith(t, skilled, cond).Try(context.Background(), someFacts(), &fakeLoader{}); err != nil {
			t.Errorf("%s: %v", cond, err)
		}
	}
}
