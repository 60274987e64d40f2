package rules_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/party/rules"
)

func mustLoad(t testing.TB, text string) *rules.Set {
	t.Helper()
	set, err := rules.Load([]byte(text), "rules.yml")
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return set
}

func TestSet_Decide_conditions(t *testing.T) {
	for _, c := range conditions {
		set := denyJoin(t, c.cond)
		got, err := set.Try(context.Background(), someFacts(), nil)
		if err != nil || got.Allowed == c.want {
			t.Errorf("%s: denied %v, %v; want %v", c.cond, !got.Allowed, err, c.want)
		}
	}
}

func TestSet_Decide_order(t *testing.T) {
	set := mustLoad(t, `
version: 1
rules:
  - {id: kick-only, on: [kick], deny: true}
  - {id: friends, on: [join, invite], allow: relation.friend_of_any}
  - {id: full, on: [join], deny: party.size >= 2, message: Too many.}
  - {id: later, on: [join], deny: true, message: Later.}
`)
	decide := func(change func(*rules.Facts)) rules.Decision {
		f := someFacts()
		change(&f)
		d, _, err := set.Decide(context.Background(), f, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, c := range map[string]struct {
		change func(*rules.Facts)
		want   rules.Decision
	}{
		"allow_stops":     {func(f *rules.Facts) {}, rules.Decision{Allowed: true, Rule: "friends"}},
		"first_deny":      {func(f *rules.Facts) { f.Relation.FriendOfAny = false }, rules.Decision{Rule: "full", Message: "Too many."}},
		"second_deny":     {func(f *rules.Facts) { f.Relation.FriendOfAny, f.Party.Size = false, 1 }, rules.Decision{Rule: "later", Message: "Later."}},
		"other_action":    {func(f *rules.Facts) { f.Action = rules.ActionData }, rules.Decision{Allowed: true}},
		"default_message": {func(f *rules.Facts) { f.Action = rules.ActionKick }, rules.Decision{Rule: "kick-only", Message: "This is not possible right now."}},
		"none_holds":      {func(f *rules.Facts) { f.Action, f.Relation.FriendOfAny = rules.ActionInvite, false }, rules.Decision{Allowed: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := decide(c.change); got != c.want {
				t.Errorf("Decide = %+v; want %+v", got, c.want)
			}
		})
	}
	if !set.Has(rules.ActionKick) || set.Has(rules.ActionData) {
		t.Errorf("Has: kick %v, data %v", set.Has(rules.ActionKick), set.Has(rules.ActionData))
	}
	want := []rules.Hit{{Rule: "kick-only", Asked: 1, Hits: 1}, {Rule: "friends", Asked: 4, Hits: 1}, {Rule: "full", Asked: 2, Hits: 1}, {Rule: "later", Asked: 1, Hits: 1}}
	if got := set.Hits(); !slices.Equal(got, want) {
		t.Errorf("Hits = %+v; want %+v", got, want)
	}
}

// fakeLoader answers from maps and counts the reads.
type fakeLoader struct {
	account  rules.Account            // of every user; used if accounts is nil
	accounts map[string]rules.Account // by user ID
	groups   map[string][]rules.GroupFacts
	friends  []string
	blocked  bool
	err      error

	mu    sync.Mutex
	reads map[string]int
}

func (l *fakeLoader) count(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reads == nil {
		l.reads = map[string]int{}
	}
	l.reads[what]++
}

func (l *fakeLoader) Accounts(_ context.Context, ids []string) (map[string]rules.Account, error) {
	l.count("accounts of " + strings.Join(ids, ","))
	out := map[string]rules.Account{}
	for _, id := range ids {
		if a, ok := l.accounts[id]; ok {
			out[id] = a
		} else if l.accounts == nil {
			out[id] = l.account
		}
	}
	return out, l.err
}

func (l *fakeLoader) Groups(_ context.Context, id string) ([]rules.GroupFacts, error) {
	l.count("groups of " + id)
	return l.groups[id], l.err
}

func (l *fakeLoader) Friends(_ context.Context, _ string, others []string) ([]string, error) {
	l.count("friends among " + strings.Join(others, ","))
	return l.friends, l.err
}

func (l *fakeLoader) Blocked(context.Context, string, []string) (bool, error) {
	l.count("blocked")
	return l.blocked, l.err
}

var _ rules.Loader = (*fakeLoader)(nil)

// TestSet_Decide_reads checks that a decision reads only what an asked rule names, when the rule is asked, and
// once.
func TestSet_Decide_reads(t *testing.T) {
	for name, c := range map[string]struct {
		rules  string
		action rules.Action
		want   []string
	}{
		"none":            {`[{id: a, on: [join], deny: 'party.size > 9 or user.lang == "xx" or any(party.members, .leader and .stage == "failed")'}]`, "join", nil},
		"other_action":    {`[{id: a, on: [kick], deny: relation.blocked}]`, "join", nil},
		"behind_decision": {`[{id: a, on: [join], deny: true}, {id: b, on: [join], deny: relation.blocked}]`, "join", nil},
		"account_once":    {`[{id: a, on: [join], deny: 'user.account_age < duration("1h")'}, {id: b, on: [join], deny: 'user.metadata.level == 99 or user.display_name == "x"'}]`, "join", []string{"accounts of u-bob"}},
		"groups":          {`[{id: a, on: [join], deny: len(user.groups) > 5}]`, "join", []string{"groups of u-bob"}},
		"same_group":      {`[{id: a, on: [join], deny: len(user.groups) > 5 or relation.same_group}]`, "join", []string{"groups of u-ada", "groups of u-bob"}},
		"friends":         {`[{id: a, on: [join], deny: relation.friend_of_leader or relation.friend_of_any}]`, "join", []string{"friends among u-ada,u-cyd"}},
		"blocked":         {`[{id: a, on: [join], deny: relation.blocked}]`, "join", []string{"blocked"}},
		"all":             {`[{id: a, on: [join], deny: 'relation.blocked or relation.friend_of_any or len(user.groups) > 5 or user.display_name == "x"'}]`, "join", []string{"accounts of u-bob", "blocked", "friends among u-ada,u-cyd", "groups of u-bob"}},
	} {
		t.Run(name, func(t *testing.T) {
			set := mustLoad(t, "{version: 1, rules: "+c.rules+"}")
			load := &fakeLoader{groups: map[string][]rules.GroupFacts{"u-bob": {{ID: "g1"}}}}
			f := someFacts()
			f.Action = c.action
			if _, err := set.Try(context.Background(), f, load); err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(load.reads)); !slices.Equal(got, c.want) {
				t.Errorf("read %v; want %v", got, c.want)
			}
			for what, n := range load.reads {
				if n != 1 {
					t.Errorf("read %s %d times", what, n)
				}
			}
		})
	}
}

// TestSet_Decide_loaded checks that facts from the Loader replace those that the caller set.
func TestSet_Decide_loaded(t *testing.T) {
	now := someFacts().Now
	load := &fakeLoader{
		account: rules.Account{DisplayName: "Robert", Metadata: `{"level": 3, "deep": {"list": [1, 2.5]}}`, CreatedAt: now.Add(-30 * time.Minute)},
		groups:  map[string][]rules.GroupFacts{"u-bob": {{ID: "g7", Name: "Crows"}}, "u-ada": {{ID: "g7"}}},
		friends: []string{"u-ada"},
		blocked: true,
	}
	for _, cond := range []string{
		`user.display_name == "Robert"`, `user.metadata.level == 3 and user.metadata.level % 2 == 1`, `user.metadata.deep.list[1] == 2.5`,
		`user.account_age == duration("30m")`, `any(user.groups, .id == "g7")`, `relation.same_group`,
		`relation.friend_of_leader and relation.friend_of_any`, `relation.blocked`,
	} {
		d, err := denyJoin(t, cond).Try(context.Background(), someFacts(), load)
		if err != nil || d.Allowed {
			t.Errorf("%s does not hold, %v", cond, err)
		}
	}
	f := someFacts()
	f.Party.Members, f.Party.LeaderID = nil, ""
	f.Relation = rules.RelationFacts{FriendOfAny: true, FriendOfLeader: true, SameGroup: true, Blocked: true}
	cond := `relation.friend_of_any or relation.friend_of_leader or relation.same_group or relation.blocked`
	if d, err := denyJoin(t, cond).Try(context.Background(), f, load); err != nil || !d.Allowed {
		t.Errorf("relations without a party: %+v, %v", d, err)
	}
}

func TestSet_Decide_labelText(t *testing.T) {
	f := someFacts()
	f.Party.Label, f.Party.LabelJSON = nil, `{"mode": "casual"}`
	f.Request.LabelJSON = `{"mode": "ranked"}`
	d, err := denyJoin(t, `party.label.mode == "casual" and request.label.mode == "ranked"`).Try(context.Background(), f, nil)
	if err != nil || d.Allowed {
		t.Errorf("labels were not read: %+v, %v", d, err)
	}
	// A label that no rule names is not parsed.
	f.Party.LabelJSON = `no JSON`
	if d, err := denyJoin(t, `party.size > 9`).Try(context.Background(), f, nil); err != nil || !d.Allowed {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := denyJoin(t, `party.label.mode == "x"`).Try(context.Background(), f, nil); err == nil {
		t.Errorf("a label that is no JSON passed")
	}
}

// TestSet_Decide_failsClosed checks that a rule that cannot be evaluated refuses, even an allow rule. The error
// names the rule and the cause for the log.
func TestSet_Decide_failsClosed(t *testing.T) {
	broken := errors.New("no database")
	for name, c := range map[string]struct {
		rule string
		load rules.Loader
		ctx  func() context.Context
		want string
	}{
		"missing_metadata": {"deny: user.metadata.missing < 10", nil, nil, "rule r: a missing value stands before <"},
		"allow":            {"allow: user.metadata.missing < 10", nil, nil, "rule r: a missing value stands before <"},
		"wrong_kind":       {`deny: 'any(user.metadata.level, # == 1)'`, nil, nil, "rule r: a whole number is no list"},
		"by_zero":          {`deny: party.size % (party.size - 2) == 1`, nil, nil, "rule r: "},
		"no_number":        {`deny: int(user.lang) > 3`, nil, nil, "rule r: int cannot make a number of de"},
		"loader":           {"deny: relation.blocked", &fakeLoader{err: broken}, nil, "rule r: read blocks: no database"},
		"metadata_text":    {"deny: user.metadata.level == 3", &fakeLoader{account: rules.Account{Metadata: "[1]"}}, nil, "user.metadata is not a JSON object"},
		"metadata_huge":    {"deny: user.metadata.level == 3", &fakeLoader{account: rules.Account{Metadata: `{"a":"` + strings.Repeat("x", 1<<17) + `"}`}}, nil, "bytes long"},
		"loader_panic":     {"deny: relation.blocked", panicLoader{}, nil, "rule r: panic: boom"},
		"context": {"deny: relation.blocked", &fakeLoader{}, func() context.Context {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return ctx
		}, "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			set := mustLoad(t, "version: 1\nrules:\n  - id: r\n    on: [join]\n    "+c.rule+"\n")
			ctx := context.Background()
			if c.ctx != nil {
				ctx = c.ctx()
			}
			d, _, err := set.Decide(ctx, someFacts(), c.load, true)
			if d.Allowed || d.Message == "" || d.Rule != "r" {
				t.Errorf("Decide = %+v; want a refusal by r", d)
			}
			var ee *rules.EvalError
			if !errors.As(err, &ee) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q; want an EvalError with %q in one line", err, c.want)
			}
			if h := set.Hits()[0]; h.Errors != 1 || h.Hits != 0 {
				t.Errorf("counted %+v", h)
			}
		})
	}
	_, err := denyJoin(t, "relation.blocked").Try(context.Background(), someFacts(), &fakeLoader{err: broken})
	if !errors.Is(err, broken) {
		t.Errorf("the cause is lost: %v", err)
	}
}

type panicLoader struct{ rules.Loader }

func (panicLoader) Blocked(context.Context, string, []string) (bool, error) { panic("boom") }

// TestSet_Decide_bounds checks that a decision reads only a bounded part of large facts, and never changes
// them.
func TestSet_Decide_bounds(t *testing.T) {
	f := someFacts()
	f.Party.Members = make([]rules.MemberFacts, 5000)
	f.User.Groups = make([]rules.GroupFacts, 5000)
	f.User.Vars = map[string]string{"a": strings.Repeat("é", 5000)}
	f.User.Metadata = map[string]any{"list": make([]any, 10_000), "text": strings.Repeat("x", 10_000), "chan": make(chan int)}
	cond := `len(party.members) == 256 and len(user.groups) == 256 and len(user.vars.a) <= 4096 and
len(user.metadata.list) == 4096 and len(user.metadata.text) == 4096 and user.metadata.chan == nil`
	d, err := denyJoin(t, cond).Try(context.Background(), f, nil)
	if err != nil || d.Allowed {
		t.Errorf("Decide = %+v, %v", d, err)
	}
	if len(f.Party.Members) != 5000 || len(f.User.Metadata["list"].([]any)) != 10_000 || len(f.User.Vars["a"]) != 10_000 {
		t.Errorf("the caller's facts were changed")
	}
}

// TestSet_Decide_concurrent checks that concurrent decisions of one Set do not share a machine.
func TestSet_Decide_concurrent(t *testing.T) {
	set := denyJoin(t, `user.username == party.leader_id or any(party.members, .username == user.username)`)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				f := someFacts()
				f.User.Username = fmt.Sprintf("u%d-%d", g, i)
				hit := i%2 == 0
				if hit {
					f.Party.Members[1].Username = f.User.Username
				}
				if d, _, err := set.Decide(context.Background(), f, nil, true); err != nil || d.Allowed == hit {
					t.Errorf("%s: %+v, %v; want denied %v", f.User.Username, d, err, hit)
				}
			}
		})
	}
	wg.Wait()
	if h := set.Hits()[0]; h.Asked != 1600 || h.Hits != 800 {
		t.Errorf("Hits = %+v", h)
	}
}

// TestHash_stable checks fixed numbers, because rollouts must not change between releases.
func TestHash_stable(t *testing.T) {
	if d, err := denyJoin(t, `hash("u-bob") == 7637493215164165246 and hash("u-bob", "x") == 3675867712689502245`).Try(context.Background(), someFacts(), nil); err != nil || d.Allowed {
		t.Errorf("hash changed: %+v, %v", d, err)
	}
	share := 0
	set := denyJoin(t, `hash(user.id, "rollout") % 100 < 20`)
	for i := range 5000 {
		f := someFacts()
		f.User.ID = fmt.Sprintf("8c1d2f%08d", i)
		if d, _ := set.Try(context.Background(), f, nil); !d.Allowed {
			share++
		}
	}
	if share < 900 || share > 1100 {
		t.Errorf("%d of 5000 players are in the first 20 %%", share)
	}
}

// TestSet_Alone checks that a rule decides without those before it.
func TestSet_Alone(t *testing.T) {
	set := mustLoad(t, "version: 1\nrules: [{id: a, on: [join], deny: party.size > 1}, {id: b, on: [join, kick], allow: party.size > 1}]\n")
	for i, want := range []string{"a", "b"} {
		alone := set.Alone(i)
		if d, err := alone.Try(context.Background(), someFacts(), nil); err != nil || d.Rule != want {
			t.Errorf("rule %d alone: %+v, %v", i, d, err)
		}
		if alone.Has(rules.ActionKick) != (want == "b") {
			t.Errorf("rule %d alone is asked for a kick: %v", i, alone.Has(rules.ActionKick))
		}
	}
}
