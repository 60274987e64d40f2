package rulebook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"partyline/local/partytest"
	"partyline/local/rulebook"
	"partyline/party"
	"partyline/party/judge"
	"partyline/party/rules"
)

// fakeLoader returns what a database would, by user.
type fakeLoader struct{}

func (fakeLoader) Accounts(_ context.Context, ids []string) (map[string]rules.Account, error) {
	out := map[string]rules.Account{}
	for i, id := range ids {
		if strings.HasSuffix(id, "7") {
			return nil, errors.New("the database is down")
		}
		out[id] = rules.Account{DisplayName: "name of " + id, Metadata: fmt.Sprintf(`{"level": %d}`, len(id)%5+i), CreatedAt: time.Unix(1_700_000_000, 0)}
	}
	return out, nil
}

func (fakeLoader) Groups(_ context.Context, id string) ([]rules.GroupFacts, error) {
	return []rules.GroupFacts{{ID: "g", Name: map[bool]string{true: "Staff", false: "Others"}[strings.HasSuffix(id, "5")]}}, nil
}

func (fakeLoader) Friends(_ context.Context, _ string, others []string) ([]string, error) {
	return others[:1], nil
}

func (fakeLoader) Blocked(context.Context, string, []string) (bool, error) { return false, nil }

const recordedRules = `
version: 1
invites: {overrides_rules: true}
queues: {duo: {teams: 2, team_size: 2, skill: {property: level}}}
rules:
  - {id: staff, on: [join], allow: 'any(user.groups, .name == "Staff")'}
  - {id: one, on: [join], deny: 'user.username == "player-3"'}
  - {id: young, on: [create, join], deny: 'user.metadata.level < 3'}
  - {id: leader, on: [kick], deny: 'party.leader_id != user.id'}
  - {id: spread, on: [matchmake], deny: 'party.skill.spread > 0 and party.label.mode == "raid"'}
  - {id: broken, on: [invite], deny: 'user.metadata.clan + 1 > 2'}
`

// recordDecisions records n decisions on all actions and returns the folder of the recording.
func recordDecisions(t testing.TB, n int) (path string, usernames []string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "decisions.jsonl")
	set := mustLoad(t, recordedRules)
	clock := partytest.NewTime()
	record := judge.NewRecord(path, &partytest.Log{}, clock.Now)
	j := judge.New(judge.Deps{
		Rules: func() *rules.Set { return set }, Load: fakeLoader{}, Logger: &partytest.Log{}, Now: clock.Now, Record: record,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); record.Run(ctx) }()
	id, err := party.ParseID(uuid.NewString() + ".nakama1")
	if err != nil {
		t.Fatal(err)
	}
	view := party.View{ID: id, Facts: party.Facts{MaxSize: 4, Label: `{"mode":"raid"}`, CreatedAt: clock.Now()}, Members: []party.Member{
		{Session: party.Session{UserID: "user-lea", Username: "Lea"}, Leader: true}, {Session: party.Session{UserID: "second-member", Username: "Sam"}},
	}}
	asked := uint64(0)
	for i := range n {
		clock.Advance(time.Second)
		q := party.Question{Action: rules.Actions()[i%len(rules.Actions())], Caller: party.Caller{UserID: fmt.Sprintf("user-%d", i), Username: fmt.Sprintf("player-%d", i%10)}}
		if i%3 == 0 {
			q.Caller.UserID, q.Caller.Username = "user-lea", "Lea"
		}
		if q.Action == rules.ActionCreate {
			q.Request.Wish = &rules.PartyRequest{MaxSize: i % 5}
		} else {
			q.View, q.Invited = view, i%4 == 0
		}
		_ = j.Decide(ctx, q)
		if q.Action != rules.ActionData { // there is no rule for it
			asked++
		}
		for deadline := time.Now().Add(30 * time.Second); record.Report().Written+500 < asked && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		}
	}
	for deadline := time.Now().Add(30 * time.Second); record.Report().Written < asked; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%+v; want %d written", record.Report(), asked)
		}
	}
	cancel()
	<-done
	if r := record.Report(); r.Dropped != 0 || r.Error != "" || r.Written != asked {
		t.Fatalf("%+v", r)
	}
	return path, []string{"user-lea", "Lea", "Sam", "second-member", "user-1", "player-3", id.String()}
}

func replayAll(t testing.TB, path string, set *rules.Set) (rulebook.Replayed, string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r, err := rulebook.Replay(t.Context(), set, bytes.NewReader(data), "record", &out)
	if err != nil {
		t.Fatal(err)
	}
	return r, out.String()
}

// TestReplay_same checks that the rules in force give the same answers again, line for line, and that the
// recording has no real names.
func TestReplay_same(t *testing.T) {
	path, names := recordDecisions(t, 2000)
	r, first := replayAll(t, path, mustLoad(t, recordedRules))
	if r.Decisions < 1700 || r.Same != r.Decisions || r.Skipped != 0 {
		t.Errorf("%+v; want all the same", r)
	}
	if _, again := replayAll(t, path, mustLoad(t, recordedRules)); again != first {
		t.Error("two replays differ")
	}
	for _, outcome := range []string{"allowed by staff", "denied by one", "denied by young", "denied by leader", "denied by spread", "broken broken", "broken young"} {
		if !strings.Contains(first, outcome) {
			t.Errorf("no decision was %q", outcome)
		}
	}
	data, _ := os.ReadFile(path)
	for _, line := range strings.Split(string(data), "\n") {
		for _, name := range names {
			if !strings.Contains(line, "partyline_record") && strings.Contains(line, `"`+name+`"`) {
				t.Fatalf("%s is named in %s", name, line)
			}
		}
	}
}

// TestReplay_other checks the answers of another file, or why an answer is unknown.
func TestReplay_other(t *testing.T) {
	path, _ := recordDecisions(t, 400)
	r, _ := replayAll(t, path, mustLoad(t, "version: 1\nrules:\n- {id: young, on: [create], deny: 'user.metadata.level < 100'}\n- {id: me, on: [kick], deny: 'user.id == \"user-lea\"'}\n- {id: chained, on: [invite], deny: 'user?.id == \"user-lea\"'}\n- {id: friends, on: [promote], deny: 'not relation.friend_of_any'}\n- {id: idle, on: [update], deny: 'party.state == \"idle\"'}\n- {id: two, on: [matchmake], deny: 'party.size == 2'}"))
	for change, want := range map[[2]string]bool{
		{"create: allowed", "denied by young"}:           true,
		{"matchmake: denied by spread", "denied by two"}: true,
		{"promote: allowed", "denied by friends"}:        false,
		{"invite: broken broken", "allowed"}:             false,
	} {
		if (r.Changed[change] > 0) != want {
			t.Errorf("%v: %d times; all: %v", change, r.Changed[change], r.Changed)
		}
	}
	for _, why := range []string{"names and IDs are pseudonyms", "relation.friend_of_any was not read", "party.state was not recorded"} {
		if r.UnknownReasons[why] == 0 {
			t.Errorf("nothing lacks %q: %v", why, r.UnknownReasons)
		}
	}
	total := r.Same + r.Unknown
	for _, n := range r.Changed {
		total += n
	}
	if total != r.Decisions {
		t.Errorf("%d of %d decisions are accounted for", total, r.Decisions)
	}
}

// TestReplay_otherSkill checks that the same condition does not count as known if the queues use another skill.
func TestReplay_otherSkill(t *testing.T) {
	const file, named = "version: 1\nqueues: {duo: {teams: 2, team_size: 2, skill: {property: %s}}}\nrules:\n- {id: spread, on: [matchmake], deny: '%s'}\n", `party.skill.spread > 0 and user.username != "root"`
	head, err := json.Marshal(map[string]any{"partyline_record": 1, "rules": mustLoad(t, fmt.Sprintf(file, "level", named)).Config()})
	if err != nil {
		t.Fatal(err)
	}
	record := string(head) + `
{"facts":{"action":"matchmake","party":{"id":"p","members":[{"metadata":{"level":1}},{"metadata":{"level":9}}]},"user":{"username":"b1"}},"answer":"denied by spread"}`
	for _, c := range []struct{ property, cond, want string }{
		{"level", named, "matchmake: denied by spread"},
		{"mmr", named, "matchmake: unknown: names and IDs are pseudonyms"},
		{"mmr", "party.skill.spread > 0", "matchmake: allowed"},
	} {
		var out strings.Builder
		if _, err := rulebook.Replay(t.Context(), mustLoad(t, fmt.Sprintf(file, c.property, c.cond)), strings.NewReader(record), "record", &out); err != nil || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s, %s: %q, %v; want %s", c.property, c.cond, out.String(), err, c.want)
		}
	}
}

// TestReplay_shape checks that a file is asked about the party that it makes of the wish. The answer is unknown
// if an older version did not record the wish.
func TestReplay_shape(t *testing.T) {
	const big = "\nrules:\n- {id: big, on: [create], deny: 'request.max_size > 6 and user.id != \"root\"'}\n- {id: open, on: [create, update], deny: request.open}"
	const small = "\nrules:\n- {id: big, on: [create], deny: request.max_size > 6}\n- {id: open, on: [create, update], deny: request.open}"
	head, err := json.Marshal(map[string]any{"partyline_record": 1, "rules": mustLoad(t, "version: 1"+big).Config()})
	if err != nil {
		t.Fatal(err)
	}
	const eight, old = `{"facts":{"action":"create","request":{"max_size":8,"wish":{}}},"answer":"denied by big"}`, `{"facts":{"action":"create","request":{"max_size":8}},"answer":"denied by big"}`
	for _, c := range []struct{ parties, rules, line, want string }{
		{"{}", big, eight, "create: denied by big"},
		{"{}", big, old, "create: denied by big"},
		{"{max_size: {default: 4}}", small, eight, "create: allowed"},
		{"{max_size: {default: 4}}", big, eight, "create: unknown: names and IDs are pseudonyms"},
		{"{max_size: {default: 4}}", small, old, "create: unknown: the size and openness asked for were not recorded"},
		{"{open: closed}", small, old, "create: unknown: the size and openness asked for were not recorded"},
		{"{max_size: {default: 4, max: 6}}", small, strings.Replace(eight, `"wish":{}`, `"wish":{"max_size":8}`, 1), "create: refused for max_size"},
		{"{open: closed}", small, `{"facts":{"action":"update","request":{"open":true,"wish":{"open":true}}},"answer":"denied by open"}`, "update: allowed"},
		{"{max_size: {default: 4}}", small, `{"facts":{"action":"update","request":{"open":true}},"answer":"denied by open"}`, "update: denied by open"},
	} {
		var out strings.Builder
		set := mustLoad(t, "version: 1\nparties: "+c.parties+c.rules)
		if _, err := rulebook.Replay(t.Context(), set, strings.NewReader(string(head)+"\n"+c.line), "record", &out); err != nil || !strings.Contains(out.String(), " "+c.want+"\n") {
			t.Errorf("%s %s: %q, %v; want %s", c.parties, c.line, out.String(), err, c.want)
		}
	}
}

// TestReplay_hostile checks that invalid lines are left out, with few and readable messages.
func TestReplay_hostile(t *testing.T) {
	text := strings.Repeat("{\"facts\":\n", 100) + "[]\n{}\n\x00\n{\"partyline_record\":2,\"rules\":{}}\n{\"partyline_record\":1,\"rules\":{\"x\":1}}\n{\"facts\":{\"action\":\"fly\"},\"answer\":\"allowed\"}\n{\"facts\":{\"action\":\"join\"},\"answer\":\"allowed\"}\n"
	r, err := rulebook.Replay(t.Context(), mustLoad(t, recordedRules), strings.NewReader(text), "record", nil)
	if err != nil || r.Skipped != 106 || len(r.Problems) != 20 || r.Decisions != 1 {
		t.Errorf("%+v, %v; want 106 lines left out, 20 named, one decision", r, err)
	}
	if _, err := rulebook.Replay(t.Context(), mustLoad(t, recordedRules), strings.NewReader(strings.Repeat("x", 17<<20)), "record", nil); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("an endless line: %v", err)
	}
}

// TestReplay_unreadHead checks that lines after unreadable rules are not taken for decisions of the rules
// before those.
func TestReplay_unreadHead(t *testing.T) {
	const file = "version: 1\nrules: [{id: a, on: [join], deny: 'user.metadata.level < 5'}]"
	good, err := json.Marshal(map[string]any{"partyline_record": 1, "rules": mustLoad(t, file).Config()})
	if err != nil {
		t.Fatal(err)
	}
	const line = `{"facts":{"action":"join","user":{"metadata":{"level":9}}},"answer":"allowed"}`
	for _, head := range []string{`{"partyline_record":2,"rules":{"version":1}}`, `{"partyline_record":1,"rules":{"version":2}}`, string(good[:len(good)-9])} {
		r, err := rulebook.Replay(t.Context(), mustLoad(t, file), strings.NewReader(string(good)+"\n"+line+"\n"+head+"\n"+line), "record", nil)
		if err != nil || r.Skipped != 1 || r.Decisions != 2 || r.Same != 1 || r.Unknown != 1 {
			t.Errorf("behind %.60s: %+v, %v; want one the same, one that cannot be said", head, r, err)
		}
	}
}

// TestReplay_large checks that rules of any size that a server accepts can be replayed, with all defaults
// written out.
func TestReplay_large(t *testing.T) {
	var file strings.Builder
	file.WriteString("version: 1\nqueues:\n")
	for i := range 64 {
		fmt.Fprintf(&file, "  q%d: {teams: 2, team_size: 2}\n", i)
	}
	file.WriteString("rules:\n")
	for i := range 200 {
		fmt.Fprintf(&file, "- {id: r%d, on: [join], deny: '%suser.metadata.a == \"<%d>\"'}\n", i, strings.Repeat(`user.metadata.a == "<&>" or `, 30), i)
	}
	set := mustLoad(t, file.String())
	head, err := json.Marshal(map[string]any{"partyline_record": 1, "rules": set.Config()})
	if err != nil || len(head) < 256<<10 {
		t.Fatalf("%d bytes, %v; want more than a file may have", len(head), err)
	}
	const line = `{"facts":{"action":"join","user":{"metadata":{"a":"<7>"}}},"answer":"denied by r7"}`
	r, err := rulebook.Replay(t.Context(), set, strings.NewReader(string(head)+"\n"+line), "record", nil)
	if err != nil || r.Skipped != 0 || r.Decisions != 1 || r.Same != 1 {
		t.Errorf("%+v, %v; want one decision, the same", r, err)
	}
}

func FuzzReplay(f *testing.F) {
	set := mustLoad(f, recordedRules)
	f.Add(`{"partyline_record":1,"rules":{"version":1,"rules":[{"id":"a","on":["join"],"deny":"user.id == \"x\""}]}}` + "\n" + `{"facts":{"action":"join"},"answer":"denied by a"}`)
	f.Add(`{"facts":{"action":"kick","party":{"id":"x","members":[{}]}},"answer":"broken spread","unread":true}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := rulebook.Replay(t.Context(), set, strings.NewReader(text), "record", nil)
		if err == nil && r.Same+r.Unknown > r.Decisions {
			t.Errorf("%+v", r)
		}
	})
}

// BenchmarkReplay replays one decision.
func BenchmarkReplay(b *testing.B) {
	path, _ := recordDecisions(b, 2000)
	set := mustLoad(b, recordedRules)
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	decisions := 0
	for b.Loop() {
		r, err := rulebook.Replay(b.Context(), set, bytes.NewReader(data), "record", nil)
		if err != nil {
			b.Fatal(err)
		}
		decisions += r.Decisions
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(decisions)*100_000, "ms/100000")
}
