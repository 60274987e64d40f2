package matchmaker_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"partyline/local/engine/matchmaker"

	"github.com/heroiclabs/nakama-common/runtime"
	"pgregory.net/rapid"
)

// TestProperty_WholeTicketsOnce plays random arrivals, withdrawals and passes. Every match must have complete tickets
// and a size that all of them accept. No ticket may be matched twice or after it was withdrawn. No place may be lost.
func TestProperty_WholeTicketsOnce(t *testing.T) {
	hooks := map[string]matchmaker.Hooks{
		"default": {},
		"processor": {Processor: func(_ context.Context, es entries) [][]runtime.MatchmakerEntry {
			// Groups of two entries: some are complete tickets, others split parties.
			return slices.Collect(slices.Chunk(es, 2))
		}},
	}
	for name, h := range hooks {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { playRandomly(t, rt, h, name != "processor") })
		})
	}
}

func playRandomly(t *testing.T, rt *rapid.T, hooks matchmaker.Hooks, sized bool) {
	b := newHarness(t, hooks)
	defer b.Close()
	waiting := map[string]spec{} // by ticket
	sessions := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	parties := [][]string{{"a", "b"}, {"c", "d", "e"}, {"f", "g"}}
	for range rapid.IntRange(5, 25).Draw(rt, "steps") {
		switch rapid.SampledFrom([]string{"solo", "solo", "solo", "party", "party", "withdraw", "pass"}).Draw(rt, "step") {
		case "solo":
			addRandom(b, rt, waiting, spec{sessions: rapid.SampledFrom(sessions).Draw(rt, "session")})
		case "party":
			n := rapid.IntRange(0, len(parties)-1).Draw(rt, "party")
			addRandom(b, rt, waiting, spec{sessions: strings.Join(parties[n], " "), party: fmt.Sprint("party ", n)})
		case "withdraw":
			who := rapid.SampledFrom(sessions).Draw(rt, "session")
			b.RemoveSessionAll(sessionID(who).String())
			for ticket, e := range waiting {
				if slices.Contains(strings.Fields(e.sessions), who) {
					delete(waiting, ticket)
				}
			}
		case "pass":
			b.router.clear()
			b.Process(context.Background())
			checkPass(b, rt, waiting, sized)
		}
	}
}

func addRandom(b *harness, rt *rapid.T, waiting map[string]spec, e spec) {
	e.multiple = rapid.IntRange(1, 2).Draw(rt, "multiple")
	e.min = e.multiple * rapid.IntRange(1, 2).Draw(rt, "min")
	e.max = e.min + e.multiple*rapid.IntRange(0, 2).Draw(rt, "more")
	e.query = rapid.SampledFrom([]string{"*", "properties.region:eu", "+properties.region:us properties.skill:>1"}).Draw(rt, "query")
	e.texts = map[string]string{"region": rapid.SampledFrom([]string{"eu", "us"}).Draw(rt, "region")}
	e.numbers = map[string]float64{"skill": rapid.Float64Range(0, 3).Draw(rt, "skill")}
	full := false
	for _, s := range strings.Fields(e.sessions) {
		n := 0
		for _, w := range waiting {
			if slices.Contains(strings.Fields(w.sessions), s) {
				n++
			}
		}
		full = full || n >= matchmaker.DefaultMaxTickets
	}
	ticket, err := b.tryAdd(e)
	if (err != nil) != full {
		rt.Fatalf("add %q with a place free %v: %v", e.sessions, !full, err)
	}
	if err == nil {
		waiting[ticket] = e
	}
}

func checkPass(b *harness, rt *rapid.T, waiting map[string]spec, sized bool) {
	told := map[string][]string{}              // user names by ticket
	matchOf := map[string]map[string]bool{}    // matches by ticket
	players := map[string]int{}                // by match
	sessionsIn := map[string]map[string]bool{} // by match
	for _, envs := range b.router.all() {
		for _, env := range envs {
			m := env.GetMatchmakerMatched()
			told[m.Ticket] = append(told[m.Ticket], m.Self.Presence.Username)
			if matchOf[m.Ticket] == nil {
				matchOf[m.Ticket] = map[string]bool{}
			}
			matchOf[m.Ticket][m.GetToken()] = true
			players[m.GetToken()] = len(m.Users)
			if sessionsIn[m.GetToken()] == nil {
				sessionsIn[m.GetToken()] = map[string]bool{}
			}
			if sessionsIn[m.GetToken()][m.Self.Presence.SessionId] {
				rt.Fatalf("%s is twice in a match", m.Self.Presence.Username)
			}
			sessionsIn[m.GetToken()][m.Self.Presence.SessionId] = true
		}
	}
	for ticket, names := range told {
		e, ok := waiting[ticket]
		if !ok {
			rt.Fatalf("ticket of %v matched though it does not wait", names)
		}
		delete(waiting, ticket)
		slices.Sort(names)
		if got := strings.Join(names, " "); got != e.sessions || len(matchOf[ticket]) != 1 {
			rt.Fatalf("ticket of %q told %q in %d matches", e.sessions, got, len(matchOf[ticket]))
		}
		for match := range matchOf[ticket] {
			if n := players[match]; sized && (n < e.min || n > e.max || n%e.multiple != 0) {
				rt.Fatalf("ticket for %d to %d by %d is in a match of %d", e.min, e.max, e.multiple, n)
			}
		}
	}
}
