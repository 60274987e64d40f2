package match_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"
	"pgregory.net/rapid"
)

// TestProperty_JoinsAndLeavesAlternate plays random joins, leaves and ended sockets. For every session a match gets
// joins and leaves in turn. In the end it knows exactly the sessions on its stream.
func TestProperty_JoinsAndLeavesAlternate(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type step struct{ action, who string }
		var steps []step
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			steps = append(steps, step{
				rapid.SampledFrom([]string{"join", "join", "leave", "end", "tick"}).Draw(rt, "action"),
				rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "who"),
			})
		}
		failure := "" // reported outside the bubble, because a failed check inside would destroy it
		inWorld(t, nil, func(w *world) {
			s := &script{}
			id := w.create(s)
			for _, step := range steps {
				p := w.player(step.who)
				switch step.action {
				case "join":
					w.join(p, id)
				case "leave":
					w.ask(p, w.HandleLeave, &rtapi.Envelope{Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: id}}})
				case "end":
					w.tracker.end(p.id)
				case "tick":
					w.tick(1, 1)
				}
			}
			w.tick(1, 61) // after the deadline and the check for missing players
			in := map[string]bool{}
			for _, call := range s.newCalls("loop", "attempt") {
				function, all, _ := strings.Cut(call, " ")
				for _, who := range strings.Split(all, "+") {
					if joins := function == "join"; joins == in[who] {
						failure = fmt.Sprintf("%s, but in the match is %v", call, in)
					}
					in[who] = !in[who]
				}
			}
			var known, there []string
			for who, yes := range in {
				if yes {
					known = append(known, who)
				}
			}
			for _, p := range w.tracker.List(streamOf(id), true, true) {
				there = append(there, p.Meta.Username)
			}
			slices.Sort(known)
			slices.Sort(there)
			if !slices.Equal(known, there) {
				failure = fmt.Sprintf("the match knows %q, on its stream are %q", known, there)
			}
		})
		if failure != "" {
			rt.Fatal(failure)
		}
	})
}
