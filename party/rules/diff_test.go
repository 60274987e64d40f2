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
		"parties.lock.in_match: false; before: true",
		"parties.max_size.max: 6; before: 8",
		"queue old is gone; before: 2 teams of 1",
		"queue trio is new: 2 teams of 3",
		"queues.duo.backfill: true; before: false",
		`rule friends: denies join and invite when not relation.friend_of_leader (players read "Friends only."); before: denies join when not relation.friend_of_leader`,
		"rule late is gone; before: denies create when hour(now) >= 22",
		"rule level: denies create when (user.metadata.level ?? 0) < 10; before: denies create when user.metadata.level < 10",
		`rule new is new: denies kick when party.state == "in_match"`,
		"rules are asked in this order: friends, staff, level, new",
	}
	if got := rules.Diff(old, next); !slices.Equal(got, want) {
		t.Errorf("Diff:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, c := range []struct{ old, next, want string }{
		{"", "parties: {kick_ban: 10m}", "parties.kick_ban is new: 10m"},
		{"attributes: {public: [a, b]}", `attributes: {public: ["a, b"]}`, `attributes.public: ["a, b"]; before: [a, b]`},
		{
			`rules: [{id: r, on: [join], deny: 'user.username == "a  b"'}]`, `rules: [{id: r, on: [join], deny: 'user.username == "a b"'}]`,
			`rule r: denies join when user.username == "a b"; before: denies join when user.username == "a  b"`,
		},
		{"rules: [{id: r, on: [join, create], deny: invited}]", "rules: [{id: r, on: [create, join], deny: invited}]", ""},
		{"rules: [{id: a, on: [join], deny: invited}]", "rules: [{id: b, on: [join], allow: invited}, {id: a, on: [join], deny: invited}]", "rule b is new: allows join when invited\nrules are asked in this order: b, a"},
		{"rules: [{id: a, on: [join], deny: invited}]", "rules: [{id: a, on: [join], deny: invited}, {id: b, on: [join], allow: invited}]", "rule b is new: allows join when invited\nrules are asked in this order: a, b"},
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
