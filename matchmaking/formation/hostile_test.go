//go:build unix

package formation_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"partyline/matchmaking/formation"
	"partyline/party/rules"
)

// queueAndPool is the input of one pass.
type queueAndPool struct {
	queue formation.Queue
	pool  formation.Pool
}

// hostile returns pools that should make a pass as expensive as possible, by what is odd about them, and a plain pool.
func hostile(n int) (plain []formation.Ticket, odd map[string]queueAndPool) {
	rng := rand.New(rand.NewPCG(9, 9))
	odd = map[string]queueAndPool{}
	add := func(name string, q formation.Queue, change func(i int, t *formation.Ticket), apart ...[2]int) {
		p := formation.Pool{Tickets: load(n, 1), Apart: apart}
		for i := range p.Tickets {
			change(i, &p.Tickets[i])
		}
		odd[name] = queueAndPool{q, p}
	}
	with := func(change func(*formation.Queue)) formation.Queue {
		q := ranked
		change(&q)
		return q
	}
	same := func(int, *formation.Ticket) {}
	size := func(of func(i int) int) func(int, *formation.Ticket) {
		return func(i int, t *formation.Ticket) { t.Size = of(i) }
	}
	threes := size(func(int) int { return 3 })
	add("nothing_fits", ranked, threes)
	add("few_ones_among_fours", ranked, size(func(i int) int { return 4 - 3*(1-min(1, i%50)) }))
	add("even_sizes_in_odd_teams", with(func(q *formation.Queue) { q.TeamSize = 7 }), size(func(i int) int { return 2 + 2*(i%2) }))
	add("all_alike", ranked, func(_ int, t *formation.Ticket) { t.Size, t.Skill, t.Key, t.Since = 3, 1500, "", now })
	add("each_its_own_key", ranked, func(i int, t *formation.Ticket) { t.Key = fmt.Sprint("key", i) })
	add("nobody_in_reach", ranked, func(i int, t *formation.Ticket) { t.Skill, t.Since = float64(700*i), ago(3600) })
	add("reach_one_way", ranked, func(i int, t *formation.Ticket) {
		if t.Since = now; i%40 == 0 {
			t.Since = ago(3600)
		}
		t.Skill = float64(i%4000) * 110
	})
	add("waited_for_long", ranked, func(i int, t *formation.Ticket) { t.Size, t.Since = 3, ago(3600+i%60) })
	add("teams_never_even", with(func(q *formation.Queue) { q.TeamSpread = 1e-6 }), same)
	add("parity_required", with(func(q *formation.Queue) { q.Parity = rules.Parity{Mode: rules.ParityRequire} }),
		size(func(i int) int { return 1 + 4*(1-min(1, i%9)) }))
	add("parity_preferred", with(func(q *formation.Queue) { q.Parity = rules.Parity{Mode: rules.ParityPrefer} }), size(func(i int) int { return 2 + i%3 }))
	add("smaller_teams", with(func(q *formation.Queue) { q.MinTeamSize = 4 }), threes)
	add("large_teams", with(func(q *formation.Queue) { q.TeamSize = 60 }), size(func(i int) int { return 7 + i%5 }))
	add("no_skill", with(func(q *formation.Queue) { q.NoSkill = true }), threes)
	var crowd, one [][2]int
	for i := range n {
		for k := 1; k <= 5 && i+k < n; k++ {
			crowd = append(crowd, [2]int{i, i + k})
		}
		if i > 0 {
			one = append(one, [2]int{0, i})
		}
	}
	add("many_blocks", ranked, same, crowd...)
	add("all_block_one", ranked, same, one...)
	regions := with(func(q *formation.Queue) {
		q.Latency = rules.Latency{Start: 100, Max: 100}
		for r := range formation.MaxRegions {
			q.Latency.Regions = append(q.Latency.Regions, fmt.Sprint(r))
		}
	})
	latency := func(near int) []float64 {
		ms := make([]float64, formation.MaxRegions)
		for r := range ms {
			if ms[r] = 200; rng.IntN(near) == 0 {
				ms[r] = 50 + float64(rng.IntN(40))
			}
		}
		return ms
	}
	add("few_regions_near", regions, func(_ int, t *formation.Ticket) { t.Latency = latency(16) })
	add("all_regions_near", regions, func(_ int, t *formation.Ticket) { t.Size, t.Latency = 3, latency(1) })
	plain = load(n, 1)
	for i := range plain {
		plain[i].Latency = odd["all_regions_near"].pool.Tickets[i].Latency
	}
	return plain, odd
}

// cost is the processor time of the cheapest of some passes, so that a busy machine affects it little.
func cost(passes int, q formation.Queue, p formation.Pool) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range passes {
		began := processorTime()
		formation.Form(now, q, p, nil)
		best = min(best, processorTime()-began)
	}
	return best
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkForm_Hostile compares each hostile pool with the plain one in the same queue: target 2.
func BenchmarkForm_Hostile(b *testing.B) {
	n := 100_000
	if testing.Short() {
		n = 4_000
	}
	plain, odd := hostile(n)
	for _, name := range slices.Sorted(maps.Keys(odd)) {
		b.Run(name, func(b *testing.B) {
			h := odd[name]
			hostile, ordinary := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
			for b.Loop() {
				hostile = min(hostile, cost(1, h.queue, h.pool))
				ordinary = min(ordinary, cost(1, h.queue, formation.Pool{Tickets: plain}))
			}
			b.ReportMetric(float64(hostile)/float64(ordinary), "times-plain")
		})
	}
}

// BenchmarkForm_TenTimes compares 1,000,000 tickets with 100,000, each with its cheapest pass: target 12.
func BenchmarkForm_TenTimes(b *testing.B) {
	n := 100_000
	if testing.Short() {
		n = 4_000
	}
	some, more := formation.Pool{Tickets: load(n, 1)}, formation.Pool{Tickets: load(10*n, 1)}
	a, z := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for b.Loop() {
		a, z = min(a, cost(5, ranked, some)), min(z, cost(1, ranked, more))
	}
	b.ReportMetric(float64(z)/float64(a), "times-100000")
}
