package judge_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/judge"
	"partyline/party/rules"
)

func TestDecide(t *testing.T) {
	w := newWorld(t, `
rules:
  - {id: big, on: [join], deny: party.size > 1 and not invited, message: Too many.}
  - {id: anybody, on: [join], allow: "true"}
`)
	p := w.host.Players(3)
	id := w.newParty(true, 4, p[0], p[1])
	q := party.Question{Action: rules.ActionJoin, Caller: caller(p[2]), View: w.view(id)}
	err := w.judge.Decide(t.Context(), q)
	w.denied(err, "big")
	if err.Error() != "rule_denied/big: Too many." {
		t.Errorf("refusal = %q", err)
	}
	q.Invited = true
	if err := w.judge.Decide(t.Context(), q); err != nil {
		t.Errorf("an invited player: %v", err)
	}
	if err := w.judge.Decide(t.Context(), party.Question{Action: rules.ActionKick, Caller: caller(p[0])}); err != nil {
		t.Errorf("an action without a rule: %v", err)
	}
}

// The judge gathers each of these facts itself.
func TestDecide_Facts(t *testing.T) {
	w := newWorld(t, "")
	half := 0.5
	w.deps.Statuses = func(_ context.Context, id party.ID) (map[string]party.MemberStatus, error) {
		v := w.view(id)
		return map[string]party.MemberStatus{v.Members[1].SessionID: {Stage: "ready", Progress: &half}}, nil
	}
	w.deps.Footprints = func(context.Context, party.ID, string) (party.Footprint, error) {
		return party.Footprint{Members: 2, Held: 1, Incoming: 1, MaxSize: 8}, nil
	}
	w.deps.Activity = party.Activity{Match: func(context.Context, party.ID) (string, error) { return "match.node", nil }}
	w.startJudge(nil)
	p := w.host.Players(2)
	id := w.newParty(true, 8, p...)
	w.host.PartyUpdate(id, true, false, `{"mode":"raid"}`)
	w.admission.Updated(t.Context(), id, true, false, `{"mode":"raid"}`)
	w.clock.Advance(time.Hour)
	w.load.account = rules.Account{DisplayName: "Mira", Metadata: `{"level":7}`, CreatedAt: w.clock.Now().Add(-48 * time.Hour)}
	w.load.groups = []rules.GroupFacts{{ID: "g", Name: "Guild", Admin: true}}
	w.load.friends = []string{p[1].UserID}
	q := party.Question{
		Action: rules.ActionPromote, Caller: caller(p[0]), Client: party.Client{Lang: "de", Vars: map[string]string{"platform": "pc"}},
		View: w.view(id), Held: 1, Request: rules.RequestFacts{TargetID: p[1].UserID},
	}
	for _, condition := range []string{
		`action == "promote"`, `weekday(now) == "wednesday"`, `not invited`,
		`user.id == "` + p[0].UserID + `"`, `user.username == "player1"`, `user.lang == "de"`, `user.vars.platform == "pc"`,
		`user.display_name == "Mira"`, `user.metadata.level == 7`, `user.account_age == duration("48h")`, `user.groups[0].name == "Guild"`,
		`party.id == "` + id.String() + `"`, `party.size == 2`, `party.max_size == 8`, `party.held == 1`, `party.on_the_way == 2`,
		`party.open`, `party.state == "in_match"`, `party.label.mode == "raid"`, `party.leader_id == user.id`, `party.age >= duration("1h")`,
		`party.members[1].stage == "ready"`, `party.members[1].progress == 0.5`, `party.members[0].leader`,
		`relation.friend_of_any and relation.friend_of_leader`, `not relation.blocked`, `relation.same_group`,
		`request.target_id == party.members[1].user_id`,
	} {
		w.useRules("rules: [{id: r, on: [promote], deny: '" + condition + "'}]")
		if err := w.judge.Decide(t.Context(), q); party.ReasonOf(err) != party.RuleDenied {
			t.Errorf("%s does not hold: %v", condition, err)
		}
	}
}

// The judge does not gather facts that no rule names.
func TestDecide_GathersOnlyWhatIsNamed(t *testing.T) {
	w := newWorld(t, "rules: [{id: r, on: [kick], deny: party.size > 5}]")
	w.deps.Statuses = func(context.Context, party.ID) (map[string]party.MemberStatus, error) {
		t.Error("statuses were read")
		return nil, nil
	}
	w.deps.Footprints = func(context.Context, party.ID, string) (party.Footprint, error) {
		t.Error("the footprint was read")
		return party.Footprint{}, nil
	}
	w.deps.Activity = party.Activity{Match: func(context.Context, party.ID) (string, error) {
		t.Error("the match was looked for")
		return "", nil
	}}
	w.startJudge(nil)
	p := w.host.Players(1)
	id := w.newParty(true, 4, p[0])
	if err := w.judge.Decide(t.Context(), party.Question{Action: rules.ActionKick, Caller: caller(p[0]), View: w.view(id)}); err != nil {
		t.Error(err)
	}
	if len(w.load.asked) > 0 {
		t.Errorf("the database was asked for %v", w.load.asked)
	}
}

func TestDecide_FailsClosed(t *testing.T) {
	w := newWorld(t, "rules: [{id: level, on: [create], deny: user.metadata.level > 3}]")
	p := w.host.Players(1)
	q := party.Question{Action: rules.ActionCreate, Caller: caller(p[0])}
	w.load.account = rules.Account{Metadata: `{"level":"high"}`}
	w.refused(w.judge.Decide(t.Context(), q), party.Internal)
	w.load.err = errDown
	err := w.judge.Decide(t.Context(), q)
	w.refused(err, party.Internal)
	if text := err.Error(); strings.Contains(text, "database") || strings.Contains(text, "level") {
		t.Errorf("the player is told %q", text)
	}
	lines := strings.Join(w.log.Lines(), "\n")
	for _, want := range []string{"error rule not evaluated rule=level action=create", errDown.Error()} {
		if !strings.Contains(lines, want) {
			t.Errorf("log = %s; want %q", lines, want)
		}
	}
	// A request that is cancelled is no fault of a rule.
	gone, leave := context.WithCancel(t.Context())
	leave()
	w.refused(w.judge.Decide(gone, q), party.NoLiveSession)
	if n := len(w.log.Lines()); n != 2 {
		t.Errorf("log = %q; want nothing of those who have gone", w.log.Lines())
	}
	if last := w.judge.Denials(); len(last) != 2 || !last[0].Broken || last[0].Explain(t.Context()).Rules[0].Outcome != rules.Broken {
		t.Errorf("denials = %+v; want two broken ones", last)
	}

	w.useRules("rules: [{id: stage, on: [kick], deny: 'any(party.members, .stage == \"failed\")'}]")
	w.deps.Statuses = func(context.Context, party.ID) (map[string]party.MemberStatus, error) { return nil, errDown }
	w.startJudge(nil)
	id := w.newParty(true, 4, p[0])
	w.refused(w.judge.Decide(t.Context(), party.Question{Action: rules.ActionKick, Caller: caller(p[0]), View: w.view(id)}), party.Internal)
}

// If a rule fails on a value that the client sent, the client is refused. The log gets few lines and no error.
// A rule that fails on anything else is still an internal error.
func TestJudge_sentValues(t *testing.T) {
	w := newWorld(t, `rules:
- {id: size, on: [data], deny: '1000 % request.data_size == 1'}
- {id: platform, on: [create], deny: 'request.label.platform != nil and request.label.platform != user.vars.platform'}
- {id: level, on: [create, update], deny: '(request.label.level ?? 0) > user.metadata.level'}
- {id: clan, on: [create], deny: 'request.label.clan == true and user.metadata.clan < 3'}`)
	p := w.host.Players(1)
	w.load.account = rules.Account{Metadata: `{"level": 7}`}
	ask := func(a rules.Action, label string) error {
		return w.judge.Decide(t.Context(), party.Question{Action: a, Caller: caller(p[0]), Client: party.Client{Vars: map[string]string{"platform": "pc"}}, Request: rules.RequestFacts{LabelJSON: label}})
	}
	for range 9 {
		err := ask(rules.ActionCreate, `{"platform": 5}`)
		w.refused(err, party.InvalidRequest)
		if !strings.HasPrefix(err.Error(), "invalid_request: label: ") {
			t.Errorf("refused with %q; want the field", err)
		}
	}
	w.refused(ask(rules.ActionCreate, `{"level": "high"}`), party.InvalidRequest)
	w.refused(ask(rules.ActionUpdate, `{"level": [1]}`), party.InvalidRequest)
	w.refused(ask(rules.ActionCreate, strings.Repeat(" ", 64<<10)+`{"platform":"pc"}`), party.InvalidRequest)
	w.refused(ask(rules.ActionData, ""), party.InvalidRequest)
	if err := ask(rules.ActionCreate, `{"platform": "pc", "level": 3}`); err != nil {
		t.Errorf("a label that fits: %v", err)
	}
	if log := strings.Join(w.log.Lines(), "\n"); strings.Contains(log, "error rule not evaluated") || strings.Count(log, "rule=platform") != 4 || !strings.Contains(log, "rule=platform times=8") {
		t.Errorf("log:\n%s", log)
	}
	if n := w.judge.Denied()["platform"]; n != 10 {
		t.Errorf("%d denials are counted; want 10", n)
	}
	w.refused(ask(rules.ActionCreate, `{"clan": true}`), party.Internal)
}

// A malformed label is refused as the client's mistake, but only if a rule reads it.
func TestDecide_MalformedLabel(t *testing.T) {
	w := newWorld(t, "rules: [{id: raid, on: [create], deny: request.label.mode == \"raid\"}]")
	q := party.Question{Action: rules.ActionCreate, Caller: caller(w.host.Players(1)[0]), Request: rules.RequestFacts{LabelJSON: "raid"}}
	for _, label := range []string{"raid", "[]", `"x"`, "{"} {
		q.Request.LabelJSON = label
		err := w.judge.Decide(t.Context(), q)
		w.refused(err, party.InvalidRequest)
		if !strings.Contains(err.Error(), "label") {
			t.Errorf("refusal = %v; want the field's name", err)
		}
	}
	w.useRules("rules: [{id: big, on: [create], deny: request.max_size > 4}]")
	if err := w.judge.Decide(t.Context(), q); err != nil {
		t.Errorf("a label no rule reads: %v", err)
	}
}

func TestDecide_OverridesRules(t *testing.T) {
	const nobody = "rules: [{id: nobody, on: [join, invite], deny: 'true'}]\n"
	w := newWorld(t, nobody)
	p := w.host.Players(2)
	v := w.view(w.newParty(true, 4, p[0]))
	join := party.Question{Action: rules.ActionJoin, Caller: caller(p[1]), View: v, Invited: true}
	w.denied(w.judge.Decide(t.Context(), join), "nobody")
	w.useRules(nobody + "invites: {overrides_rules: true}")
	if err := w.judge.Decide(t.Context(), join); err != nil {
		t.Errorf("an invited player: %v", err)
	}
	join.Invited = false
	w.denied(w.judge.Decide(t.Context(), join), "nobody")
	w.denied(w.judge.Decide(t.Context(), party.Question{Action: rules.ActionInvite, Caller: caller(p[0]), View: v, Invited: true}), "nobody")
}

// A dry judge gives the same answer, and it counts and keeps nothing.
func TestDry(t *testing.T) {
	w := newWorld(t, "rules: [{id: r, on: [create], deny: user.metadata.level > 3}]")
	q := party.Question{Action: rules.ActionCreate, Caller: caller(w.host.Players(1)[0])}
	for _, metadata := range []string{`{"level":7}`, `{"level":"high"}`, `{"level":1}`} {
		w.load.account = rules.Account{Metadata: metadata}
		dry := w.judge.Dry().Decide(t.Context(), q)
		if hits := w.set.Hits()[0]; hits.Asked+hits.Hits+hits.Errors != 0 || len(w.judge.Denials())+len(w.judge.Denied()) != 0 {
			t.Fatalf("asking left %+v, %d denials", hits, len(w.judge.Denials()))
		}
		wet := newWorld(t, "rules: [{id: r, on: [create], deny: user.metadata.level > 3}]")
		wet.load.account = w.load.account
		if real := wet.judge.Decide(t.Context(), q); party.ReasonOf(real) != party.ReasonOf(dry) {
			t.Errorf("%s: dry %v, real %v", metadata, dry, real)
		}
	}
}

// A denial is explained with the facts of its time, even if they have changed since.
func TestDenials_Explain(t *testing.T) {
	w := newWorld(t, "rules:\n- {id: first, on: [join], deny: party.size > 5}\n- {id: level, on: [join], deny: user.metadata.level < 10 and not relation.friend_of_any, message: Later.}\n- {id: last, on: [join], deny: 'true'}\n")
	p := w.host.Players(2)
	id := w.newParty(true, 4, p[0])
	w.load.account = rules.Account{Metadata: `{"level":3}`}
	w.denied(w.judge.Decide(t.Context(), party.Question{Action: rules.ActionJoin, Caller: caller(p[1]), View: w.view(id)}), "level")
	w.load.account, w.load.friends = rules.Account{Metadata: `{"level":50}`}, []string{p[0].UserID}
	asked := len(w.load.asked)
	w.useRules("")

	d := w.judge.Denials()[0]
	if d.UserID != p[1].UserID || d.Username != p[1].Username || d.PartyID != id.String() || d.Rule != "level" || d.Message != "Later." || d.At != w.clock.Now().Unix() {
		t.Errorf("denial = %+v", d)
	}
	traces := d.Explain(t.Context()).Rules
	if got := []rules.Outcome{traces[0].Outcome, traces[1].Outcome, traces[2].Outcome}; !slices.Equal(got, []rules.Outcome{rules.NotHeld, rules.Held, rules.NotAsked}) {
		t.Errorf("outcomes = %v", got)
	}
	values := map[string]string{}
	for _, part := range traces[1].Parts {
		values[part.Text] = part.Value
	}
	if values["user.metadata.level"] != "3" || values["relation.friend_of_any"] != "false" {
		t.Errorf("parts = %v; want those of the moment", values)
	}
	if len(w.load.asked) != asked {
		t.Error("explaining read the database")
	}
}

func TestDenials_Bounded(t *testing.T) {
	w := newWorld(t, "rules: [{id: r, on: [create], deny: 'true'}]")
	q := party.Question{Action: rules.ActionCreate}
	for i := range 1000 {
		q.Caller.UserID = string(rune('a' + i%26))
		_ = w.judge.Decide(t.Context(), q)
	}
	last := w.judge.Denials()
	if len(last) != 64 || last[0].UserID != string(rune('a'+999%26)) || w.judge.Denied()["r"] != 1000 {
		t.Errorf("%d denials remembered, the newest by %q, %d counted", len(last), last[0].UserID, w.judge.Denied()["r"])
	}
}

var _ party.Judge = (*judge.Judge)(nil)
