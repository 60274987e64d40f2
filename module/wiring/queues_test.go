package wiring_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/module/wiring"
)

const (
	withMatches   = "version: 1\nmatchmaking: {create_match: true}\n"
	withoutQueues = "version: 1\n"
	withQueues    = "version: 1\nqueues:\n  duel: {teams: 2, team_size: 1}\n"
)

// The host accepts a matchmaker only at its start. The module's must not replace the host's own without queues. The
// one slot for the matched hook stays free unless the module needs it.
func TestRegister_MatchmakerOnlyWhereNeeded(t *testing.T) {
	for _, tt := range []struct {
		rules         string
		want, matched bool
	}{{withoutQueues, false, false}, {withMatches, false, true}, {withQueues, true, true}} {
		path := writeRules(t, tt.rules)
		nk := &nakama{path: path}
		init, _ := boot(t, map[string]string{"PARTY_RULES": "rules.yml"}, nk)
		if init.pool != nil != tt.want || init.matched != nil != tt.matched {
			t.Errorf("with %q: processor %v, matched %v; want %v and %v", tt.rules, init.pool != nil, init.matched != nil, tt.want, tt.matched)
		}
		m, err := wiring.New(context.Background(), wiring.Options{Nakama: nk, Logger: &logBook{}, Env: map[string]string{"PARTY_RULES": "rules.yml"}})
		if err != nil {
			t.Fatal(err)
		}
		described := m.Describe()
		if slices.Contains(described, "matchmaker processor") != tt.want || slices.Contains(described, "matchmaker matched") != tt.matched ||
			slices.Contains(described, "hook after MatchJoin tickets") == tt.matched {
			t.Errorf("with %q: described %q", tt.rules, described)
		}
		m.Stop(context.Background())
		if tt.want {
			if groups := init.pool(context.Background(), &logBook{}, nil, nk, nil); len(groups) != 0 {
				t.Errorf("a pass over nobody = %v", groups)
			}
			init = newInitializer()
			init.refuses = "processor"
			if err := wiring.Register(bootContext(t, map[string]string{"PARTY_RULES": "rules.yml"}), &logBook{}, nil, nk, init); err == nil {
				t.Error("the host's refusal of the processor was ignored")
			}
		}
		if !tt.matched {
			continue
		}
		if match, err := init.matched(context.Background(), &logBook{}, nil, nk, nil); match != "" || err == nil {
			t.Errorf("matched of nobody = %q, %v; want an error", match, err)
		}
	}
}

// A reload that needs a restart logs that.
func TestReload_QueuesNeedARestart(t *testing.T) {
	for _, tt := range []struct{ before, after, says string }{
		{withoutQueues, withQueues, "the first queues work after a restart"},
		{withoutQueues, withMatches, "matchmaking.create_match: works after a restart"},
		{withQueues, withoutQueues, "no queue is left"},
		{withQueues, withQueues + "  trio: {teams: 2, team_size: 3}\n", ""},
	} {
		path := writeRules(t, tt.before)
		synctest.Test(t, func(t *testing.T) {
			nk := &nakama{path: path}
			init, log := newInitializer(), &logBook{}
			if err := wiring.Register(bootContext(t, map[string]string{"PARTY_RULES": "rules.yml"}), log, nil, nk, init); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(path, "rules.yml"), []byte(tt.after), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if tt.says != "" && !log.has(tt.says) || tt.says == "" && log.has("warn ") {
				t.Errorf("after a reload from %q to %q the log says %q", tt.before, tt.after, log.lines)
			}
		})
	}
}
