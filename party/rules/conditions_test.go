package rules_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"partyline/party/rules"
)

// denyJoin returns a rules file with one rule that denies join under the condition.
func denyJoin(t testing.TB, condition string) *rules.Set {
	t.Helper()
	return mustLoad(t, "version: 1\nrules:\n  - id: r\n    on: [join]\n    deny: |\n      "+strings.ReplaceAll(condition, "\n", "\n      ")+"\n")
}

// someFacts is a join by bob into ada's party of two.
func someFacts() rules.Facts {
	return rules.Facts{
		Action: rules.ActionJoin,
		Now:    time.Date(2026, 7, 18, 20, 30, 0, 0, time.UTC), // a Saturday
		User: rules.UserFacts{
			ID: "u-bob", Username: "bob", DisplayName: "Bob", Lang: "de", AccountAge: 36 * time.Hour,
			Vars:     map[string]string{"platform": "ps5"},
			Metadata: map[string]any{"level": 12, "unlocked": []any{"ranked", "raid"}, "stats": map[string]any{"wins": 3}},
			Groups:   []rules.GroupFacts{{ID: "g1", Name: "Owls", Admin: true}},
		},
		Party: rules.PartyFacts{
			ID: "p", Size: 2, MaxSize: 4, Held: 1, State: rules.StateIdle, LeaderID: "u-ada", Age: 5 * time.Minute,
			Label: map[string]any{"mode": "ranked", "min_level": 10.0},
			Members: []rules.MemberFacts{
				{UserID: "u-ada", Username: "ada", Leader: true, Stage: "ready", Progress: 1},
				{UserID: "u-cyd", Username: "cyd", Stage: "downloading", Progress: 0.5},
			},
		},
		Relation: rules.RelationFacts{FriendOfAny: true},
		Request:  rules.RequestFacts{MaxSize: 6, Queue: "duo"},
	}
}

// conditions maps conditions to their values for someFacts. They also seed the fuzz targets.
var conditions = []struct {
	cond string
	want bool
}{
	{`true`, true},
	{`action == "join"`, true},
	{`party.state in ["matchmaking", "in_match"]`, false},
	{`user.metadata.level == "12" and user.metadata.level != "13" and user.metadata.level in ["11", "12"]`, true},
	{`user.metadata.unlocked == nil or "ranked" not in user.metadata.unlocked`, false},
	{`invited`, false},
	{`not invited and party.size < party.max_size`, true},
	{`party.size + party.held >= party.max_size`, false},
	{`user.id == "u-bob" && user.username == "bob"`, true},
	{`user.display_name startsWith "B"`, true},
	{`user.lang in ["en", "fr"]`, false},
	{`user.metadata.level < 10`, false},
	{`(user.metadata.missing ?? 0) < 10`, true},
	{`user.metadata.level % 5 == 2`, true},
	{`"raid" in user.metadata.unlocked`, true},
	{`"pvp" in (user.metadata.locked ?? [])`, false},
	{`user.metadata.stats.wins == 3`, true},
	{`user.metadata.nothing?.wins == nil`, true},
	{`user.metadata.nothing.wins == nil and (user.metadata.nothing.deep.wins ?? 0) < 5 and (user.metadata.nothing[0].wins ?? 0) < 5`, true},
	{`(user.metadata.stats.wins ?? 0) == 3 and any(party.members, (.attributes.a.b ?? 1) == 1) and party.label.a.b == nil`, true},
	{`user.vars.platform == "ps5"`, true},
	{`user.vars.missing == ""`, true},
	{`user.account_age < duration("2d")`, true},
	{`user.account_age < duration("24h") + duration("12h")`, false},
	{`any(user.groups, .name == "Owls" and .admin)`, true},
	{`"Owls" in map(user.groups, .name)`, true},
	{`len(user.groups) == 0`, false},
	{`party.state == "in_match"`, false},
	{`party.open`, false},
	{`party.leader_id == "u-ada"`, true},
	{`party.age > duration("4m")`, true},
	{`party.label.mode == "ranked" and user.metadata.level >= party.label.min_level`, true},
	{`party.label.nothing == nil`, true},
	{`any(party.members, .stage != "ready")`, true},
	{`all(party.members, .stage != "")`, true},
	{`none(party.members, .leader)`, false},
	{`one(party.members, .leader)`, true},
	{`count(party.members, .stage == "ready") == 1`, true},
	{`len(filter(party.members, .progress < 1)) == 1`, true},
	{`count(map(party.members, .leader)) == 1`, true},
	{`filter(party.members, .leader)[0].progress > 0.5`, true},
	{`sum(party.members, .progress) == 1.5`, true},
	{`min(map(party.members, .progress)) < 0.6`, true},
	{`max(party.size, 3) == 3`, true},
	{`min(user.account_age, party.age) == duration("5m")`, true},
	{`(user.metadata.missing ?? 2) * duration("1d") > user.account_age`, true},
	{`user.metadata.missing startsWith "a" or (user.metadata.missing ?? "b") matches "a"`, false},
	{`trim("dbobe", user.lang) == "bob"`, true},
	{`any(party.members, .user_id == user.id)`, false},
	{`relation.friend_of_any`, true},
	{`relation.friend_of_leader or relation.same_group or relation.blocked`, false},
	{`request.max_size > 4`, true},
	{`request.queue == "duo" and request.data_size == 0 and not request.open`, true},
	{`request.label?.mode == nil`, true},
	{`hour(now) == 20 and hour(now, "Europe/Berlin") == 22`, true},
	{`hour(now, "Europe/Berlin") in 22..23`, true},
	{`weekday(now) == "saturday" and weekday(now, "Asia/Tokyo") == "sunday"`, true},
	{`time_of_day(now) >= "20:30" and time_of_day(now) < "20:31"`, true},
	{`now > date("2026-07-18") and now < date("2026-07-18T22:30:01+02:00")`, true},
	{`now - date("2026-07-18") > duration("20h")`, true},
	{`hash(user.id) == hash("u-bob")`, true},
	{`hash(user.id, "a") == hash(user.id, "b")`, false},
	{`user.username matches "^[a-c]ob$"`, true},
	{`upper(user.username) == "BOB" and lower("X") == "x" and trim(" x ") == "x"`, true},
	{`int("12") == 12 and float("1.5") == 1.5 and string(12) == "12" and abs(-3) == 3`, true},
	{`party.size > 1 ? invited : true`, false},
	{`if party.size > 1 { true } else { false }`, true},
}

// TestLoad_answerable checks that every accepted function call has a result for facts of its types. Values of
// metadata have no known type, so their calls may fail.
func TestLoad_answerable(t *testing.T) {
	kinds := []string{
		`party.size`, `party.members[0].progress`, `"3"`, `invited`, `now`, `user.account_age`, `user.vars`, `party.members`, `[1, 2]`, `["a"]`,
		`map(party.members, .leader)`, `map(party.members, .username)`, `map(party.members, .account_age)`, `filter(map(party.members, .account_age), true)`,
	}
	accepted := 0
	try := func(call string) {
		for _, end := range []string{``, ` < 1`, ` == duration("1d")`, ` == "a"`} {
			set, err := rules.Load([]byte("version: 1\nrules:\n  - {id: r, on: [join], deny: '"+call+end+"'}\n"), "rules.yml")
			if err != nil {
				continue
			}
			accepted++
			// Whether two values can be compared is not tested here: the results of min and max have no known
			// type.
			if _, err := set.Try(context.Background(), someFacts(), nil); err != nil && !strings.Contains(err.Error(), "is compared with") {
				t.Errorf("%s%s is accepted: %v", call, end, err)
			}
		}
	}
	for _, kind := range kinds {
		for _, name := range rules.Builtins() {
			try(fmt.Sprintf("%s(%s)", name, kind))
			try(fmt.Sprintf("%s(party.members, %s)", name, kind))
		}
		for _, other := range kinds {
			try(fmt.Sprintf("min(%s, %s)", kind, other))
			try(fmt.Sprintf("max(%s, %s)", kind, other))
		}
	}
	if accepted < 50 {
		t.Errorf("only %d are accepted", accepted)
	}
}
