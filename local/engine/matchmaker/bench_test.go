package matchmaker_test

import (
	"context"
	"fmt"
	"testing"

	"partyline/local/engine/matchmaker"

	"github.com/heroiclabs/nakama-common/runtime"
)

// BenchmarkProcess_5v5 makes one pass over parties of 1 to 5 players for matches of 10 in four regions.
func BenchmarkProcess_5v5(b *testing.B) {
	hooks := map[string]matchmaker.Hooks{
		"default": {},
		"processor": {Processor: func(context.Context, []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry {
			return nil
		}},
	}
	sizes := []int{400, 4000}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, name := range []string{"default", "processor"} {
		for _, n := range sizes {
			b.Run(fmt.Sprintf("%s/tickets=%d", name, n), func(b *testing.B) {
				for range b.N {
					b.StopTimer()
					m := newHarness(b, hooks[name])
					for i := range n {
						region := []string{"eu", "us", "ap", "sa"}[i%4]
						sessions := ""
						for k := range 1 + i%5 {
							sessions += fmt.Sprintf("s%d-%d ", i, k)
						}
						m.add(spec{sessions: sessions, party: fmt.Sprint("p", i), min: 10, max: 10, query: "+properties.region:" + region, texts: map[string]string{"region": region}})
					}
					b.StartTimer()
					m.Process(context.Background())
				}
			})
		}
	}
}
