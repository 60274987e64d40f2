package main

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "put the report of the sample rules into docs/matchmaking.md and its picture")

const simRules = `version: 1
queues:
  ranked: {teams: 2, team_size: 3, match_on: [region, build], skill: {property: mmr, window: 100, widen: 25/s, max: 600}}
  casual: {teams: 4, team_size: 2, max_wait: 30s, blocks: ignore}
`

func TestSim(t *testing.T) {
	rules := file(t, "rules.yml", simRules)
	picture := filepath.Join(t.TempDir(), "out.svg")
	args := []string{"sim", "--rules", rules, "--queue", "ranked", "--arrivals", "5/s", "--duration", "5m", "--values", "region=eu:3,us:1;build=7", "--svg", picture}
	r := call(t, "", args...)
	if r.code != exitOK || r.err != "" {
		t.Fatalf("%+v", r)
	}
	for _, want := range []string{"ranked: 2 teams of 3; 5/s for 5m, a pass every 15s, seed 1", "note: parties of 4 are left out", "party of 3", "within a match", "between the teams", "drawn into " + picture} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.out)
		}
	}
	if n := column(t, r.out, "parties split"); n != 0 {
		t.Errorf("%d parties split", n)
	}
	arrived, placed := column(t, r.out, "arrived"), column(t, r.out, "placed")
	if rest := column(t, r.out, "gave up at max_wait") + column(t, r.out, "waiting at the end"); arrived < 1000 || placed+rest != arrived || placed < arrived*9/10 {
		t.Errorf("%d arrived, %d placed, %d not", arrived, placed, rest)
	}
	if again := call(t, "", args...); again != r {
		t.Error("the same flags gave another report")
	}
	if other := call(t, "", append(args, "--seed", "2")...); other.out == r.out {
		t.Error("another seed gave the same report")
	}
	checkPicture(t, picture, "ranked", "Wait by skill")
}

// column returns the first number in a line of the report.
func column(t *testing.T, report, name string) int {
	t.Helper()
	for _, line := range strings.Split(report, "\n") {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			return n
		}
	}
	t.Fatalf("no line %q in\n%s", name, report)
	return 0
}

// checkPicture asserts that the file is well-formed XML with the words, and that every coordinate is a number.
func checkPicture(t *testing.T, path string, words ...string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(strings.NewReader(string(data))); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	for _, word := range words {
		if !strings.Contains(string(data), ">"+word+"<") {
			t.Errorf("the picture lacks %q", word)
		}
	}
	for _, bad := range []string{"NaN", "Inf"} {
		if strings.Contains(string(data), bad) {
			t.Errorf("the picture has a coordinate %s", bad)
		}
	}
}

// A queue without skill, and one in which nobody is placed, also get a report and a picture.
func TestSim_Sparse(t *testing.T) {
	rules := file(t, "rules.yml", simRules)
	picture := filepath.Join(t.TempDir(), "out.svg")
	for _, arrivals := range []string{"10/s", "1/h"} {
		r := call(t, "", "sim", "--rules", rules, "--queue", "casual", "--arrivals", arrivals, "--parties", "1,2", "--svg", picture)
		if r.code != exitOK || r.err != "" || strings.Contains(r.out, "skill apart") || strings.Contains(r.out, "note:") {
			t.Errorf("%s: %+v", arrivals, r)
		}
		checkPicture(t, picture, "casual")
	}
}

// The report and the picture in the documentation match the output for the queue on that page.
func TestSim_Docs(t *testing.T) {
	const docs, image = "../../../docs/matchmaking.md", "../../../docs/images/simulation.svg"
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	_, queue, _ := strings.Cut(string(text), "```yaml rules.yml\nqueues:\n  ranked_5v5:\n")
	queue, _, _ = strings.Cut(queue, "```")
	picture := filepath.Join(t.TempDir(), "out.svg")
	r := call(t, "", "sim", "--rules", file(t, "rules.yml", "version: 1\nqueues:\n  ranked_5v5:\n"+queue), "--queue", "ranked_5v5", "--arrivals", "20/s", "--duration", "10m", "--seed", "1", "--svg", picture)
	report, _, _ := strings.Cut(r.out, "\ndrawn into")
	drawn, err := os.ReadFile(picture)
	if r.code != exitOK || err != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	before, rest, found := strings.Cut(string(text), "```text output\nranked_5v5: ")
	_, after, closed := strings.Cut(rest, "\n```\n")
	if !found || !closed {
		t.Fatalf("%s has no report of ranked_5v5", docs)
	}
	want := before + "```text output\n" + strings.TrimSuffix(report, "\n") + "\n```\n" + after
	if *update {
		if err := errors.Join(os.WriteFile(docs, []byte(want), 0o644), os.WriteFile(image, drawn, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("%s shows another report (run with -update):\n%s", docs, report)
	}
	if shown, err := os.ReadFile(image); err != nil || string(shown) != string(drawn) {
		t.Errorf("%s is another picture (run with -update): %v", image, err)
	}
}

// Tickets that the rules refuse never queue, and the report names the rule.
func TestSim_AsksTheRules(t *testing.T) {
	report := func(queueing string) string {
		text := simRules + "rules:\n- {id: late, on: [join], deny: 'true', message: No.}\n" + queueing
		r := call(t, "", "sim", "--rules", file(t, "rules.yml", text), "--queue", "ranked", "--arrivals", "5/s", "--duration", "5m", "--parties", "1:1,2:1,3:1")
		if r.code != exitOK || r.err != "" {
			t.Fatalf("%+v", r)
		}
		return r.out
	}
	free := report("")
	if strings.Contains(free, "refused") {
		t.Errorf("refused without a rule about queueing:\n%s", free)
	}
	out := report("- {id: no-trios, on: [matchmake], deny: party.size == 3, message: No trios.}\n" +
		"- {id: unready, on: [matchmake], deny: 'any(party.members, .stage != \"ready\")', message: Wait.}\n" +
		"- {id: young, on: [matchmake], deny: 'user.account_age < duration(\"24h\")', message: Play first.}\n" +
		"- {id: smurfs, on: [matchmake], deny: 'party.skill.spread > 500', message: Too far apart.}\n")
	all, left := column(t, free, "arrived"), column(t, out, "arrived")
	for _, rule := range []string{"no-trios", "smurfs"} {
		if !strings.Contains(out, "by the rule "+rule) {
			t.Errorf("%s refused nobody:\n%s", rule, out)
		}
	}
	if strings.Contains(out, "unready") || strings.Contains(out, "young") || strings.Contains(out, "party of 3") || left >= all*3/4 || left < all/2 {
		t.Errorf("%d of %d arrived:\n%s", left, all, out)
	}
	for _, fact := range []string{"user.id", "party.id"} { // each player and each party has its own
		out := report("- {id: share, on: [matchmake], deny: 'party.size > 1 and hash(" + fact + ", \"new\") % 2 == 0', message: Not yet.}\n")
		if left := column(t, out, "arrived"); left < all/2 || left > all*5/6 { // the rule refuses half of the two thirds that are parties
			t.Errorf("by a share of %s %d of %d arrived:\n%s", fact, left, all, out)
		}
	}
}

func TestSim_Misuse(t *testing.T) {
	rules := file(t, "rules.yml", simRules)
	with := func(more ...string) []string {
		return append([]string{"sim", "--rules", rules, "--queue", "ranked"}, more...)
	}
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"sim"}, "say which rules file: --rules FILE"},
		{[]string{"sim", "--queue", "ranked"}, "say which rules file: --rules FILE"},
		{with("more"), `not "more"`},
		{[]string{"sim", "--rules", rules}, "several queues; say which: --queue casual or --queue ranked"},
		{[]string{"sim", "--rules", file(t, "none.yml", "version: 1\n")}, "has no queues"},
		{with("--queue", "other"), `no queue "other"; it has: casual, ranked`},
		{with("--rules", rules+"x"), "no such file"},
		{with("--arrivals", "many"), "--arrivals many"},
		{with("--arrivals", "none"), "--arrivals none"},
		{with("--parties", "0:1"), "--parties 0:1"},
		{with("--parties", "1:-1"), "--parties 1:-1"},
		{with("--parties", "9"), "party sizes"},
		{with("--skill", "1500"), "--skill 1500"},
		{with("--skill", "NaN,1"), "--skill NaN,1"},
		{with("--skill", "1500,-1"), "deviation"},
		{with("--friends", "2"), "friends"},
		{with("--values", "mode=a"), "mode"},
		{with("--values", "region="), "region="},
		{with("--duration", "0s"), "duration"},
		{with("--declines", "0.01"), "no accept"},
		{with("--queue", "casual", "--blocks", "1"), "blocks: ignore"},
		{with("--svg", filepath.Join(rules, "x.svg")), "x.svg"},
	} {
		r := call(t, "", tt.args...)
		if r.code != exitUsage || !strings.Contains(r.err, tt.says) {
			t.Errorf("%q: exit %d, said %q; want %q", tt.args[1:], r.code, r.err, tt.says)
		}
	}
	if r := call(t, "", with("--rules", file(t, "bad.yml", "version: 7\n"))...); r.code != exitProblem {
		t.Errorf("a broken rules file: %+v", r)
	}
	only := file(t, "only.yml", "version: 1\nqueues: {duel: {teams: 2, team_size: 1}}\n")
	if r := call(t, "", "sim", "--rules", only, "--duration", "1m"); r.code != exitOK {
		t.Errorf("the only queue: %+v", r)
	}
}
