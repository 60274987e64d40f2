package rules_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/party/rules"
)

const skilled = `queues: {ranked: {teams: 2, team_size: 5, skill: {property: mmr, default: 1000}}}`

// denyJoinWith returns a rules file with other keys and one rule that denies join.
func denyJoinWith(t testing.TB, keys, condition string) *rules.Set {
	t.Helper()
	return mustLoad(t, "version: 1\n"+keys+"\nrules: [{id: r, on: [join, matchmake], deny: '"+condition+"'}]\n")
}

// partyAccounts has the accounts of bob, who acts, and of the two members of the party.
func partyAccounts(now time.Time) map[string]rules.Account {
	return map[string]rules.Account{
		"u-bob": {Metadata: `{"level": 30, "mmr": 1500}`, CreatedAt: now.Add(-time.Hour)},
		"u-ada": {Metadata: `{"level": 2, "mmr": "1200"}`, CreatedAt: now.Add(-240 * time.Hour)},
		"u-cyd": {Metadata: `{"level": 9}`, CreatedAt: now.Add(-48 * time.Hour)},
	}
}

// TestSet_Decide_members checks that the facts of all members come from one read, and only if a rule that is
// asked names them.
func TestSet_Decide_members(t *testing.T) {
	for _, c := range []struct {
		cond, reads string
		holds       bool
	}{
		{`any(party.members, (.metadata.level ?? 0) < 3)`, "accounts of u-ada,u-cyd", true},
		{`all(party.members, (.metadata.level ?? 0) > 1 and .account_age >= duration("2d"))`, "accounts of u-ada,u-cyd", true},
		{`any(party.members, .account_age < duration("2d"))`, "accounts of u-ada,u-cyd", false},
		{`party.members[0].metadata.level == 2`, "accounts of u-ada,u-cyd", true},
		{`(user.metadata.level ?? 0) > 20 and any(party.members, (.metadata.level ?? 0) < 3)`, "accounts of u-bob,u-ada,u-cyd", true},
		{`party.skill.min == 1000 and party.skill.max == 1200 and party.skill.mean == 1100 and party.skill.spread == 200`, "accounts of u-bob,u-ada,u-cyd", true},
		{`max(party.skill.max, user.metadata.mmr ?? 1000) - min(party.skill.min, user.metadata.mmr ?? 1000) == 500`, "accounts of u-bob,u-ada,u-cyd", true},
		{`any(party.members, .stage == "failed")`, "", false},
	} {
		f := someFacts()
		load := &fakeLoader{accounts: partyAccounts(f.Now)}
		set := denyJoinWith(t, skilled, c.cond)
		before := slices.Clone(f.Party.Members)
		d, err := set.Try(context.Background(), f, load)
		if err != nil || d.Allowed == c.holds {
			t.Errorf("%s: denied %v, %v; want %v", c.cond, !d.Allowed, err, c.holds)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(load.reads)), "; "); got != c.reads {
			t.Errorf("%s: read %q; want %q", c.cond, got, c.reads)
		}
		for i, m := range f.Party.Members {
			if m.Metadata != nil || m.Username != before[i].Username {
				t.Errorf("%s: the caller's members were changed: %+v", c.cond, m)
			}
		}
	}
}

// TestSet_Decide_membersLater checks that reading the members for one rule leaves their other facts to later
// rules.
func TestSet_Decide_membersLater(t *testing.T) {
	set := mustLoad(t, `{version: 1, rules: [{id: a, on: [join], deny: 'any(party.members, .stage == "failed")'}, {id: b, on: [join], deny: 'any(party.members, .metadata.level == 2)'}]}`)
	f := someFacts()
	load := &fakeLoader{accounts: partyAccounts(f.Now)}
	if d, err := set.Try(context.Background(), f, load); err != nil || d.Rule != "b" {
		t.Errorf("%+v, %v; want b", d, err)
	}
	d, on, err := set.Decide(context.Background(), f, load, true)
	if err != nil || d.Rule != "b" || set.Explain(context.Background(), on, nil).Decision != d {
		t.Errorf("explaining the facts of %+v gives another answer, %v", d, err)
	}
}

func TestSet_Decide_membersMissing(t *testing.T) {
	f := someFacts()
	accounts := partyAccounts(f.Now)
	delete(accounts, "u-cyd")
	set := denyJoinWith(t, "", `any(party.members, .account_age < duration("1h") and (.metadata.level ?? 0) == 0)`)
	if d, err := set.Try(context.Background(), f, &fakeLoader{accounts: accounts}); err != nil || d.Allowed {
		t.Errorf("a deleted member: %+v, %v; want it to count as new", d, err)
	}
	for _, mmr := range []string{"high", "NaN", "Inf"} {
		accounts["u-cyd"] = rules.Account{Metadata: `{"mmr": "` + mmr + `"}`}
		d, err := denyJoinWith(t, skilled, "party.skill.max > 0").Try(context.Background(), f, &fakeLoader{accounts: accounts})
		if err == nil || d.Allowed || !strings.Contains(err.Error(), `a text "`+mmr+`" and no number`) {
			t.Errorf("skill %s: %+v, %v", mmr, d, err)
		}
	}
	delete(accounts, "u-bob")
	if d, err := denyJoinWith(t, "", "user.account_age < duration(\"0s\") + duration(\"1h\")").Try(context.Background(), f, &fakeLoader{accounts: accounts}); err == nil || d.Allowed {
		t.Errorf("a player without an account: %+v, %v", d, err)
	}
}

// TestSet_Decide_skillAlone checks that party.skill without a party is the skill of the player.
func TestSet_Decide_skillAlone(t *testing.T) {
	f := someFacts()
	f.Action, f.Party = rules.ActionMatchmake, rules.PartyFacts{}
	f.Request.Queue = "ranked"
	d, err := denyJoinWith(t, skilled, "party.skill.mean == 1500 and party.skill.spread == 0").Try(context.Background(), f, &fakeLoader{accounts: partyAccounts(f.Now)})
	if err != nil || d.Allowed {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestLoad_skillFact(t *testing.T) {
	for keys, want := range map[string]string{
		"":                                      "party.skill has no meaning without a queue that has skill",
		`queues: {q: {teams: 2, team_size: 1}}`: "party.skill has no meaning",
		`queues: {q: {teams: 2, team_size: 1, skill: {property: mmr, source: ticket}}}`: `queue "q" has its skill from ticket`,
	} {
		_, err := rules.Load([]byte("version: 1\n"+keys+"\nrules: [{id: r, on: [join], deny: party.skill.max > 5}]\n"), "rules.yml")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with %q: %v; want %q", keys, err, want)
		}
	}
}

// TestSet_Decide_leader checks that a rule for friends and guild does not refuse the leader.
func TestSet_Decide_leader(t *testing.T) {
	f := someFacts()
	f.User.ID = f.Party.LeaderID
	for _, load := range []rules.Loader{nil, &fakeLoader{}} {
		if d, err := denyJoin(t, "relation.friend_of_leader and relation.same_group").Try(context.Background(), f, load); err != nil || d.Allowed {
			t.Errorf("with %v the leader is not near the leader: %+v, %v", load, d, err)
		}
	}
}

func TestSet_Decide_attributes(t *testing.T) {
	f := someFacts()
	f.Party.Attributes = map[string]any{"map": "night"}
	f.Party.Members[1].Attributes = map[string]any{"character": "owl"}
	load := &fakeLoader{}
	if d, err := denyJoin(t, `party.attributes.map == "night" and any(party.members, .attributes.character == "owl")`).Try(context.Background(), f, load); err != nil || d.Allowed {
		t.Errorf("%+v, %v", d, err)
	}
	if len(load.reads) > 0 {
		t.Errorf("read %v", load.reads)
	}
}
