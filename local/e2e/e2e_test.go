package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"partyline/local/e2e/npm"
	"partyline/local/e2e/target"
)

// suites lists the suite files with the minimum number of tests each must report. A suite that
// finds nothing to run cannot pass.
var suites = []struct {
	folder, file string
	atLeast      int
	module       bool   // needs Partyline's module
	rules        string // the server's rules file, "" for an empty one
}{
	{"js", "party.test.mjs", 23, false, ""},
	{"js", "hardening.test.mjs", 9, true, ""},
	{"js", "invite.test.mjs", 27, true, ""},
	{"js", "invite-keep.test.mjs", 11, true, ""},
	{"js", "invite-bounds.test.mjs", 11, true, ""},
	{"js", "invite-races.test.mjs", 5, true, ""},
	{"js", "status.test.mjs", 17, true, ""},
	{"js", "share.test.mjs", 12, true, ""},
	{"js", "reconnect.test.mjs", 23, true, ""},
	{"js", "survive.test.mjs", 9, true, ""},
	{"js", "rules.test.mjs", 39, true, ""},
	{"js", "typed.test.mjs", 4, true, ""},
	{"js", "matchmaking.test.mjs", 9, true, queuesRules},
	{"browser", "landing.test.mjs", 29, true, ""},
	{"browser", "console.test.mjs", 5, true, ""},
	{"browser", "demo.test.mjs", 5, true, ""},
	{"browser", "lobby.test.mjs", 12, true, sampleRules},
	{"browser", "status.test.mjs", 3, true, ""},
	{"browser", "playground.test.mjs", 2, true, ""},
}

// Rules of suites that need queues. A server reads queues only when it starts.
const (
	queuesRules = "testdata/queues.yml"
	sampleRules = "../rules.yml" // the rules of the demo client; a given server uses them too
)

const sdk = "js/node_modules/@heroiclabs/nakama-js/dist"

// arenaSuite needs game servers. The fleet of an engine in this process starts them.
const arenaSuite = "arena.test.mjs"

// TestMain also serves as such a game server.
func TestMain(m *testing.M) {
	target.Main(m)
}

// TestArena runs the demo client's suite for game servers, always on an engine. The suite in the
// folder fleet covers a real server.
func TestArena(t *testing.T) {
	npm.Install(t, "js")
	npm.Install(t, "browser")
	addr := target.Arena(t, copyRules(t, sampleRules))
	demo := target.Demo(t, addr, sdk)
	run(t, append(os.Environ(), target.Variable+"="+addr, "DEMO="+demo), "browser", arenaSuite, 2)
}

// TestSuites runs every suite. Without a given server, each suite has its own server and they run
// in parallel. On a given server they run one after the other, because they write its rules file.
func TestSuites(t *testing.T) {
	for _, folder := range []string{"js", "browser"} {
		npm.Install(t, folder)
	}
	given := target.Address()
	for _, s := range suites {
		t.Run(s.folder+"/"+s.file, func(t *testing.T) {
			addr := given
			if given == "" {
				t.Parallel()
			}
			switch {
			case s.rules == queuesRules:
				addr = target.Queues(t, s.rules)
			case given != "":
			case s.rules == "":
				addr = target.Server(t, true)
			default:
				addr = target.WithRules(t, copyRules(t, s.rules))
			}
			if s.module && !target.HasModule(t, addr) {
				t.Fatalf("the server at %s has no Partyline module, which %s is about", addr, s.file)
			}
			demo := target.Demo(t, addr, sdk)
			run(t, append(os.Environ(), target.Variable+"="+addr, "DEMO="+demo), s.folder, s.file, s.atLeast)
		})
	}
}

// TestSuiteFiles asserts that every suite file is in suites.
func TestSuiteFiles(t *testing.T) {
	files, err := filepath.Glob("*/*.test.mjs")
	if err != nil {
		t.Fatal(err)
	}
	listed := []string{filepath.Join("browser", arenaSuite)}
	for _, s := range suites {
		listed = append(listed, filepath.Join(s.folder, s.file))
	}
	slices.Sort(listed)
	if !slices.Equal(files, listed) {
		t.Errorf("suites in the tree %q; listed to run %q", files, listed)
	}
}

// copyRules returns a copy of a rules file that a suite may change.
func copyRules(t *testing.T, rules string) string {
	t.Helper()
	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs one suite and checks its counts.
func run(t *testing.T, env []string, folder, file string, atLeast int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // each wait within a test ends sooner, with a better error
	defer cancel()
	cmd := exec.CommandContext(ctx, npm.Tool(t, "node"), "--test-force-exit", "--test-reporter=tap", file)
	cmd.Dir = folder
	cmd.Env = env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	c, parseErr := countsOf(out.Bytes())
	if parseErr != nil {
		t.Fatalf("%s: %v (%v)\n%s", file, parseErr, err, out.Bytes())
	}
	t.Logf("%s: %d of %d tests passed", file, c.pass, c.tests)
	if err != nil || c.pass != c.tests || c.tests < atLeast {
		t.Errorf("%s: %d tests, %d passed, %d failed, %d cancelled, %d skipped, %d to do; want at least %d, all passed (%v)\n%s",
			file, c.tests, c.pass, c.fail, c.cancelled, c.skipped, c.todo, atLeast, err, out.Bytes())
	}
}

// counts is the summary of Node's test runner.
type counts struct{ tests, pass, fail, cancelled, skipped, todo int }

var countLine = regexp.MustCompile(`(?m)^# (tests|pass|fail|cancelled|skipped|todo) (\d+)$`)

// countsOf reads the summary at the end of a TAP report.
func countsOf(report []byte) (counts, error) {
	var c counts
	fields := map[string]*int{
		"tests": &c.tests, "pass": &c.pass, "fail": &c.fail, "cancelled": &c.cancelled, "skipped": &c.skipped, "todo": &c.todo,
	}
	seen := 0
	for _, m := range countLine.FindAllSubmatch(report, -1) {
		n, err := strconv.Atoi(string(m[2]))
		if err != nil {
			return counts{}, err
		}
		*fields[string(m[1])] = n
		seen++
	}
	if seen != len(fields) {
		return counts{}, fmt.Errorf("the report has %d of %d counts", seen, len(fields))
	}
	return c, nil
}

func TestCountsOf(t *testing.T) {
	got, err := countsOf([]byte("TAP version 13\nok 1 - a\n1..1\n# tests 3\n# suites 1\n# pass 2\n# fail 1\n# cancelled 0\n# skipped 0\n# todo 0\n# duration_ms 7\n"))
	if want := (counts{tests: 3, pass: 2, fail: 1}); err != nil || got != want {
		t.Errorf("countsOf = %+v, %v; want %+v", got, err, want)
	}
	if _, err := countsOf([]byte("TAP version 13\n")); err == nil {
		t.Error("a report without counts was read")
	}
}
