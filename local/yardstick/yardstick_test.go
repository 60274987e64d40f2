package yardstick_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/local/yardstick"
	"partyline/matchmaking/formation"
)

var now = time.Unix(2_000_000, 0)

// smallPool returns random tickets with the given sizes, normal skill and waits of up to 30 seconds.
func smallPool(seed uint64, n int, sizes []int) formation.Pool {
	rng := rand.New(rand.NewPCG(seed, 40))
	p := formation.Pool{}
	for i := range n {
		p.Tickets = append(p.Tickets, formation.Ticket{
			ID: fmt.Sprintf("%03d", i), Size: sizes[rng.IntN(len(sizes))], Skill: 1500 + 300*rng.NormFloat64(),
			Since: now.Add(-time.Duration(rng.Int64N(int64(30 * time.Second)))),
		})
	}
	return p
}

// mostMatches tries every set of tickets.
func mostMatches(q formation.Queue, p formation.Pool) int {
	n := len(p.Tickets)
	window := func(i int) float64 { return q.Window + q.WidenPerSec*now.Sub(p.Tickets[i].Since).Seconds() }
	playable := map[int]bool{}
	for set := range 1 << n {
		sum, centred := 0, false
		var in []int
		for i := range n {
			if set>>i&1 == 1 {
				in, sum = append(in, i), sum+p.Tickets[i].Size
			}
		}
		for _, c := range in {
			centred = centred || !slices.ContainsFunc(in, func(i int) bool {
				return math.Abs(p.Tickets[c].Skill-p.Tickets[i].Skill) > min(window(c), window(i))
			})
		}
		if sum == q.Teams*q.TeamSize && centred && splits(p, in, slices.Repeat([]int{q.TeamSize}, q.Teams)) {
			playable[set] = true
		}
	}
	best := make([]int, 1<<n)
	for set := range best {
		for match := range playable {
			if match&set == match {
				best[set] = max(best[set], 1+best[set&^match])
			}
		}
	}
	return best[1<<n-1]
}

func splits(p formation.Pool, in, room []int) bool {
	if len(in) == 0 {
		return true
	}
	for team := range room {
		if size := p.Tickets[in[0]].Size; size <= room[team] {
			room[team] -= size
			ok := splits(p, in[1:], room)
			room[team] += size
			if ok {
				return true
			}
		}
	}
	return false
}

func TestOptimum_BruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := formation.Queue{Teams: rapid.IntRange(1, 2).Draw(t, "teams"), TeamSize: rapid.IntRange(2, 3).Draw(t, "size"), Window: 150, WidenPerSec: 5}
		p := formation.Pool{}
		for range rapid.IntRange(0, 11).Draw(t, "n") {
			p.Tickets = append(p.Tickets, formation.Ticket{
				Size: rapid.IntRange(1, q.TeamSize).Draw(t, "s"), Skill: float64(rapid.IntRange(0, 1000).Draw(t, "mmr")),
				Since: now.Add(-time.Duration(rapid.IntRange(0, 30).Draw(t, "age")) * time.Second),
			})
		}
		want := mostMatches(q, p)
		if got, exact := yardstick.Optimum(now, q, p, 1e6); got != want || !exact {
			t.Fatalf("Optimum = %d, %v; %d by trying all", got, exact, want)
		}
		if bound := yardstick.Bound(now, q, p); bound < want {
			t.Fatalf("Bound = %d; %d are possible", bound, want)
		}
	})
}

// A pass makes nearly all of the matches that are possible with 40 tickets; Greedy does not.
func TestOptimum_FormationComesClose(t *testing.T) {
	q := formation.Queue{Teams: 2, TeamSize: 5, Window: 100, WidenPerSec: 25, MaxWindow: 600}
	for name, sizes := range map[string][]int{"uniform": {1, 2, 3, 4, 5}, "as in games": {1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 5}} {
		most, made, greedy := 0, 0, 0
		for seed := range uint64(40) {
			p := smallPool(seed, 40, sizes)
			n, _ := yardstick.Optimum(now, q, p, 100_000) // an upper bound if it is not exact
			most += n
			made += len(formation.Form(now, q, p, nil).Matches)
			greedy += len(yardstick.Greedy(now, q, p, nil).Matches)
		}
		t.Logf("%s: %d matches possible; formation makes %d, the greedy %d", name, most, made, greedy)
		if share := float64(made) / float64(most); share < 0.95 || made <= greedy || made > most {
			t.Errorf("%s: %.3f of the optimum; the greedy makes %d matches", name, share, greedy)
		}
	}
}

// SlidingWindow takes the narrowest run first, and no player twice.
func TestSlidingWindow(t *testing.T) {
	p := formation.Pool{}
	for i, skill := range []float64{0, 90, 100, 101, 150, 400, 410} {
		p.Tickets = append(p.Tickets, formation.Ticket{ID: fmt.Sprint(i), Size: 1, Skill: skill})
	}
	res := yardstick.SlidingWindow(now, formation.Queue{Teams: 2, TeamSize: 1, Window: 50}, p, nil)
	var spreads []float64
	for _, m := range res.Matches {
		spreads = append(spreads, yardstick.Spread(p.Tickets, m))
	}
	if !slices.Equal(spreads, []float64{1, 10, 90}) {
		t.Errorf("spreads of %v; want 1, 10 and 90, and nobody for the one at 150", spreads)
	}
}
