package simulation_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"partyline/local/simulation"
	"partyline/local/yardstick"
	"partyline/matchmaking/formation"
)

// measurement is the result of several evenings with one load.
type measurement struct{ spread, wait, median, outliers float64 }

// measure simulates the same number of tickets at each load. outliers are the 95th percentile of waits beyond
// two deviations.
func measure(form yardstick.Former, q formation.Queue, perSecond float64, seeds ...uint64) measurement {
	var spreads, waits, far []float64
	for _, seed := range seeds {
		l := load(perSecond)
		l.Seed, l.Duration, l.MaxWait = seed, time.Duration(4000/perSecond)*time.Second, 0
		r := simulation.RunWith(form, q, l)
		spreads, waits = append(spreads, r.Spreads()...), append(waits, r.Waits(0)...)
		for _, t := range r.Tickets {
			if math.Abs(t.Skill-l.Skill.Mean) > 2*l.Skill.Deviation {
				far = append(far, t.Wait.Seconds())
			}
		}
	}
	slices.Sort(waits)
	slices.Sort(far)
	return measurement{mean(spreads), mean(waits), simulation.Quantile(waits, 0.5), simulation.Quantile(far, 0.95)}
}

// With few players, tickets far from the mean skill get a match. The greedy algorithm leaves them waiting.
func TestRun_Outliers(t *testing.T) {
	ours, greedy := measure(formation.Form, ranked, 0.2, 1, 2, 3), measure(yardstick.Greedy, ranked, 0.2, 1, 2, 3)
	if ours.outliers > 300 || ours.outliers >= greedy.outliers {
		t.Errorf("95 %% of those beyond two deviations are placed within %.0f s; %.0f by the greedy", ours.outliers, greedy.outliers)
	}
}

// With many players, matches are closer than those of the greedy algorithm, and nobody waits longer for that.
func TestRun_SpreadBesideGreedy(t *testing.T) {
	q := ranked
	q.WidenPerSec = 20
	for _, perSecond := range []float64{5, 20} {
		ours, greedy := measure(formation.Form, q, perSecond, 1, 2), measure(yardstick.Greedy, ranked, perSecond, 1, 2)
		if ours.spread > greedy.spread || ours.wait > greedy.wait {
			t.Errorf("%v/s: spread %.1f after %.2f s; the greedy's is %.1f after %.2f", perSecond, ours.spread, ours.wait, greedy.spread, greedy.wait)
		}
	}
}

// BenchmarkYardsticks compares formation with the greedy algorithm. It prints the result even without -v.
func BenchmarkYardsticks(b *testing.B) {
	rates := []float64{0.2, 1, 5, 20}
	if testing.Short() {
		rates = rates[:1]
	}
	for _, perSecond := range rates {
		for _, widen := range []float64{25, 20, 16} {
			q := ranked
			q.WidenPerSec = widen
			b.Run(fmt.Sprintf("arrivals=%v/widen=%v", perSecond, widen), func(b *testing.B) { report(b, formation.Form, q, perSecond) })
		}
		b.Run(fmt.Sprintf("arrivals=%v/greedy", perSecond), func(b *testing.B) { report(b, yardstick.Greedy, ranked, perSecond) })
	}
}

func report(b *testing.B, form yardstick.Former, q formation.Queue, perSecond float64) {
	var m measurement
	for b.Loop() {
		m = measure(form, q, perSecond, 1, 2, 3)
	}
	b.ReportMetric(m.spread, "points-apart")
	b.ReportMetric(m.wait, "s-mean")
	b.ReportMetric(m.median, "s-median")
	b.ReportMetric(m.outliers, "s-p95-far")
}

// BenchmarkTeamshooter simulates Open Match's scale scenario: 100 players a second, two regions, two modes,
// twelve players in a match. Their skills are at most 0.01 deviations apart, which are 300 points here.
func BenchmarkTeamshooter(b *testing.B) {
	l := simulation.Load{
		PerSecond: 100, Duration: 10 * time.Minute, Interval: 4 * time.Second, Seed: 1, Sizes: []simulation.Share{{Size: 1, Weight: 1}},
		MatchOn: []simulation.Property{
			{Name: "region", Values: []simulation.Share{{Value: "0", Weight: 1}, {Value: "1", Weight: 1}}},
			{Name: "mode", Values: []simulation.Share{{Value: "pl", Weight: 100}, {Value: "cp", Weight: 25}}},
		},
		Skill: simulation.Spread{Deviation: 30_000},
	}
	if testing.Short() {
		l.Duration = time.Minute
	}
	play := func(name string, form yardstick.Former, window float64) {
		b.Run(name, func(b *testing.B) {
			var r simulation.Report
			for b.Loop() {
				r = simulation.RunWith(form, formation.Queue{Teams: 2, TeamSize: 6, Window: window}, l)
			}
			b.ReportMetric(100*float64(r.Placed)/float64(r.Arrived), "%placed")
			b.ReportMetric(simulation.Quantile(r.Spreads(), 0.5), "points-apart-p50")
		})
	}
	play("openmatch", yardstick.SlidingWindow, 150)
	play("window=155", formation.Form, 155)
	play("window=160", formation.Form, 160)
}
