package rules_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func BenchmarkSet_Decide(b *testing.B) {
	mix := []string{
		`party.size > 20 or request.max_size > 100`, `user.lang == "xx" and not invited`,
		`party.state == "in_match" and party.held > 3`, `user.vars.platform == "ps9"`,
		`any(party.members, .stage == "failed")`, `party.age > duration("240h")`,
		`hash(user.id) % 1000 == 5`, `user.username matches "^bot[0-9]+$"`,
		`hour(now) in 4..5`, `request.queue in ["a", "b", "c"]`,
	}
	for _, n := range []int{1, 5, 20, 100} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			var text strings.Builder
			text.WriteString("version: 1\nrules:\n")
			for i := range n {
				fmt.Fprintf(&text, "  - {id: r%d, on: [join], deny: '%s'}\n", i, mix[i%len(mix)])
			}
			set := mustLoad(b, text.String())
			f, load := someFacts(), &fakeLoader{}
			b.ReportAllocs()
			for b.Loop() {
				if d, _, err := set.Decide(context.Background(), f, load, true); err != nil || !d.Allowed {
					b.Fatal(d, err)
				}
			}
			if len(load.reads) > 0 {
				b.Errorf("read the database: %v", load.reads)
			}
		})
	}
}
