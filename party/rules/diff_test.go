package rules_test

import (
	"slices"
	"strings"
	"testing"

	"partyline/party/rules"
)

const casedRules = `
version: 1
parties: {max_size: {default: 4, max: 8}, lock: {in_match: true}}
rules:
  - {id: staff, on: [join], allow: 'any(user.groups, .name == "Staff")'}
  - {id: friends, on: [join], deny: not relation.friend_of_leader}
  - {id: level, on: [create], deny: user.metadata.level < 10}
  - {id: late, on: [create], deny: hour(now) >= 22}
`

func TestDiff(t *testing.T) {
	old := mustLoad(t, casedRules+"queues: {duo: {teams: 2, team_size: 2}, old: {teams: 2, team_size: 1}}\n")
	next := mustLoad(t, `
version: 1
parties: {max_size: {default: 4, max: 6}}
rules:
  - {id: friends, on: [join, invite], deny: not relation.friend_of_leader, message: Friends only.}
  - {id: staff, on: [join], allow: 'any(user.groups,   .name == "Staff")'}
  - {id: level, on: [create], deny: (user.metadata.level ?? 0) < 10}
  - {id: new, on: [kick], deny: party.state == "in_match"}
queues: {duo: {teams: 2, team_size: 2, backfill: true}, trio: {teams: 2, team_size: 3}}
`)
	want := []string{
		"queue old is gone (it was 2 teams of 1)",
		"queue trio is new: 2 teams of 3",
		"parties.lock.in_match: false, was true",
		"parties.max_size.max: 6, was 8",
		"queues.duo.backfill: true, was false",
		"rule friends: denies join and invite when not relation.friend_of_leader; before: denies join when not relation.friend_of_leader",
		`rule friends: players read "Friends only.", before ""`,
		"rule level: denies create when (user.metadata.level ?? 0) < 10; before: denies create when user.metadata.level < 10",
		`rule new is new, asked last: denies kick when party.state == "in_match"`,
		"rule late is gone: it denies create when hour(now) >= 22",
		"rules are asked in another order: friends, staff, level; before: staff, friends, level",
	}
	if got := rules.Diff(old, next); !slices.Equal(got, want) {
		t.Errorf("Diff:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, c := range []struct{ old, next, want string }{
		{"", "parties: {kick_ban: 10m}", "parties.kick_ban: 10m, was nothing"},
		{"attributes: {public: [a, b]}", `attributes: {public: ["a, b"]}`, `attributes.public: ["a, b"], was [a, b]`},
		{
			`rules: [{id: r, on: [join], deny: 'user.username == "a  b"'}]`, `rules: [{id: r, on: [join], deny: 'user.username == "a b"'}]`,
			`rule r: denies join when user.username == "a b"; before: denies join when user.username == "a  b"`,
		},
		{"rules: [{id: r, on: [join, create], deny: invited}]", "rules: [{id: r, on: [create, join], deny: invited}]", ""},
		{"rules: [{id: a, on: [join], deny: invited}]", "rules: [{id: b, on: [join], allow: invited}, {id: a, on: [join], deny: invited}]", "rule b is new, asked before a: allows join when invited"},
		{"rules: [{id: a, on: [join], deny: invited}]", "rules: [{id: a, on: [join], deny: invited}, {id: b, on: [join], allow: invited}]", "rule b is new, asked last: allows join when invited"},
		{"", "rules: [{id: a, on: [join], deny: invited}]", "rule a is new: denies join when invited"},
		{`rules: [{id: r, on: [join], deny: "user.username  == 'it\\'s  x'  or invited"}]`, `rules: [{id: r, on: [join], deny: "user.username == 'it\\'s  x' or   invited"}]`, ""},
	} {
		if got := strings.Join(rules.Diff(mustLoad(t, "version: 1\n"+c.old), mustLoad(t, "version: 1\n"+c.next)), "\n"); got != c.want {
			t.Errorf("from %s to %s: %q, want %q", c.old, c.next, got, c.want)
		}
	}
	if got := rules.Diff(old, old); len(got) > 0 {
		t.Errorf("a file differs from itself: %q", got)
	}
}
