package wiring_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/module/wiring"
)

// The host accepts any name, keeps the last of two functions for a slot, and reports neither mistake.
func TestTables(t *testing.T) {
	protocol := (&rtapi.Envelope{}).ProtoReflect().Descriptor().Oneofs().ByName("message").Fields()
	var messages []string
	for i := range protocol.Len() {
		messages = append(messages, string(protocol.Get(i).Message().Name()))
	}
	forms := map[string]*regexp.Regexp{
		"rpc":  regexp.MustCompile(`^rpc party(_[a-z0-9]+)+ for (signed-in users|servers with the HTTP key)$`), // the host lower-cases IDs
		"http": regexp.MustCompile(`^http GET,HEAD(,POST)? (/party/|/\.well-known/|/favicon\.ico)`),            // elsewhere it could shadow the host's API
		"hook": regexp.MustCompile(`^hook (before|after) (\w+) \w+$|^hook (start|end) session \w+$`),
	}
	for _, text := range []string{withoutQueues, withMatches, withQueues} {
		m, err := wiring.New(context.Background(), wiring.Options{
			Nakama: &nakama{path: writeRules(t, text)}, Logger: &logBook{},
			Env: map[string]string{"PARTY_RULES": "rules.yml", "PARTY_CONSOLE_KEY": withConsole["PARTY_CONSOLE_KEY"]},
		})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, line := range m.Describe() {
			kind, rest, _ := strings.Cut(line, " ")
			form := forms[kind]
			if form != nil && !form.MatchString(line) {
				t.Errorf("%s: not as such a line has to be", line)
			}
			if kind == "hook" {
				if message := form.FindStringSubmatch(line)[2]; message != "" && !strings.HasPrefix(message, "List") && !slices.Contains(messages, message) {
					t.Errorf("%s: the protocol has no such message", line)
				}
			}
			if seen[rest] {
				t.Errorf("%s: there are two of them", line)
			}
			seen[rest] = true
		}
		m.Stop(context.Background())
	}
}
