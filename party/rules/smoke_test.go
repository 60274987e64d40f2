package rules

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestSmoke(t *testing.T) {
	_, err := Load([]byte(`version: 1
partys: {}
parties:
  max_size: {default: 9, min: 4, max: 8, outsid: refuse}
  open: opn
  one_per_user: true
  kick_ban: 10
rules:
  - id: a
    on: [join, jion]
    deny: user.acount_age < duration("1x") and x
  - id: b
    on: [create]
    deny: >-
      user.metadata.level < 10 and
      any(party.members, .stag != "ready")
  - id: c
    on: [create]
    deny: 'user.username == ''a'' and user == 1'
  - id: d
    on: [create]
    deny: user.lang
    message: "x\ny"
  - id: e
    on: [matchmake]
    deny: any(party.members, any(party.members, any(party.members, .stage == "x")))
queues:
  arena:
    teams: 2
    team_size: 4
    max_party: 9
    skill: {property: mmr, source: storage, window: 5, max: 3}
`), "rules.yml")
	fmt.Fprintln(os.Stderr, err)
	_, err = Load([]byte("rules: []\nlimits: {party_create: x, data: 3}\nparties:\n  - 1\n"), "r.yml")
	fmt.Fprintln(os.Stderr, err)
	s, err := Load([]byte(`version: 1
rules:
  - id: x
    on: [create]
    deny: user.metadata.level < 10 and user.account_age < duration("24h") and hour(now, "Europe/Berlin") in 18..22
  - {id: y, on: [create], deny: relation.blocked or party.size > 2}
`), "r.yml")
	fmt.Fprintln(os.Stderr, err, s.Warnings())
	fmt.Println(s.Decide(context.Background(), Facts{Action: ActionCreate, Now: time.Now()}, nil))
}

func BenchmarkDecide(b *testing.B) {
	var y strings.Builder
	y.WriteString("version: 1\nrules:\n")
	conds := []string{
		`party.size > 20 or request.max_size > 100`,
		`user.lang == "xx" and not invited`,
		`party.state == "in_match" and party.held > 3`,
		`user.vars.platform == "ps9"`,
		`any(party.members, .stage == "failed")`,
		`party.age > duration("240h")`,
		`hash(user.id) % 100 > 200`,
		`user.username matches "^bot[0-9]+$"`,
		`hour(now) in 24..30`,
		`request.queue in ["a", "b", "c"]`,
	}
	for i := range 20 {
		fmt.Fprintf(&y, "  - {id: r%d, on: [join], deny: '%s'}\n", i, conds[i%10])
	}
	s, err := Load([]byte(y.String()), "bench.yml")
	if err != nil {
		b.Fatal(err)
	}
	f := Facts{Action: ActionJoin, Now: time.Now(), User: UserFacts{ID: "8c1d", Username: "ada", Lang: "en", Vars: map[string]string{"platform": "pc"}},
		Party: PartyFacts{ID: "x", Size: 4, MaxSize: 8, State: "idle", Members: make([]MemberFacts, 4)}}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if d, err := s.Decide(ctx, f, nil); !d.Allowed {
			b.Fatal(d, err)
		}
	}
}
