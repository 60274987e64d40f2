package simulation_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"partyline/local/simulation"
	"partyline/matchmaking/formation"
)

var ranked = formation.Queue{Teams: 2, TeamSize: 5, Window: 100, WidenPerSec: 25, MaxWindow: 600}

func load(perSecond float64) simulation.Load {
	return simulation.Load{
		PerSecond: perSecond, Duration: 10 * time.Minute, Interval: 5 * time.Second, MaxWait: 5 * time.Minute, Seed: 1,
		Sizes:   []simulation.Share{{Size: 1, Weight: 50}, {Size: 2, Weight: 25}, {Size: 3, Weight: 12}, {Size: 4, Weight: 8}, {Size: 5, Weight: 5}},
		MatchOn: []simulation.Property{{Name: "region", Values: []simulation.Share{{Value: "eu", Weight: 2}, {Value: "us", Weight: 1}}}},
		Skill:   simulation.Spread{Mean: 1500, Deviation: 300}, Friends: 0.5, Mean: true,
	}
}

// The quality that formation must keep: nearly all play soon and with players of about their skill. Large
// parties play as soon as small ones, and no party is split.
func TestRun_Quality(t *testing.T) {
	r := simulation.Run(ranked, load(10))
	if r.Split != 0 {
		t.Errorf("%d parties split", r.Split)
	}
	if r.Arrived < 5500 || r.Arrived > 6500 || r.Placed+r.Expired+r.Waiting != r.Arrived {
		t.Errorf("%d arrived; %d placed, %d expired, %d waiting", r.Arrived, r.Placed, r.Expired, r.Waiting)
	}
	if share := float64(r.Placed) / float64(r.Arrived); share < 0.98 {
		t.Errorf("%.3f of the tickets placed; want at least 0.98", share)
	}
	most := func(what string, sorted []float64, p, limit float64) {
		t.Helper()
		if got := simulation.Quantile(sorted, p); !(got <= limit) {
			t.Errorf("%s, %v of them: %.1f; want at most %v", what, p, got, limit)
		}
	}
	most("waits", r.Waits(0), 0.5, 8)
	most("waits", r.Waits(0), 0.99, 30)
	for _, size := range r.Sizes() {
		most("waits by size", r.Waits(size), 0.9, 15)
	}
	most("spreads", r.Spreads(), 0.5, 160)
	most("team gaps", r.TeamGaps(), 0.5, 30)
	for _, b := range r.Bands(20) { // with the strongest and the weakest
		most("waits by skill", b.Waits, 0.9, 30)
	}
	players := 0
	for _, m := range r.Matches {
		players += m.Players
	}
	if players != 10*len(r.Matches) || players != r.PlayersPlaced {
		t.Errorf("%d players in %d matches", players, len(r.Matches))
	}
}

// In a nearly empty queue everybody gets a match, because the windows widen.
func TestRun_FewPlayers(t *testing.T) {
	l := load(0.2)
	l.Duration, l.MaxWait = time.Hour, 0
	r := simulation.Run(ranked, l)
	if r.Split != 0 || r.Waiting > 40 || simulation.Quantile(r.Waits(0), 1) > 900 {
		t.Errorf("%d of %d wait at the end, the longest wait was %v s", r.Waiting, r.Arrived, simulation.Quantile(r.Waits(0), 1))
	}
}

func TestRun_Deterministic(t *testing.T) {
	run := func(seed uint64) simulation.Report {
		l := load(5)
		l.Seed = seed
		r := simulation.Run(ranked, l)
		r.Slowest = 0
		return r
	}
	if !reflect.DeepEqual(run(1), run(1)) {
		t.Error("the same seed gave another report")
	}
	if reflect.DeepEqual(run(1), run(2)) {
		t.Error("another seed gave the same report")
	}
}

func TestRun_Expires(t *testing.T) {
	l := load(0.01)
	l.MaxWait = 30 * time.Second
	r := simulation.Run(ranked, l)
	if r.Expired == 0 || r.Placed+r.Expired+r.Waiting != r.Arrived {
		t.Errorf("%d arrived; %d placed, %d expired, %d waiting", r.Arrived, r.Placed, r.Expired, r.Waiting)
	}
}

func TestLoad_Check(t *testing.T) {
	for name, change := range map[string]func(*simulation.Load){
		"nobody":       func(l *simulation.Load) { l.PerSecond = 0 },
		"nan":          func(l *simulation.Load) { l.PerSecond = math.NaN() },
		"infinite":     func(l *simulation.Load) { l.PerSecond = math.Inf(1) },
		"no_time":      func(l *simulation.Load) { l.Duration = 0 },
		"no_interval":  func(l *simulation.Load) { l.Interval = 0 },
		"too_many":     func(l *simulation.Load) { l.PerSecond = 1e9 },
		"no_sizes":     func(l *simulation.Load) { l.Sizes = nil },
		"empty_party":  func(l *simulation.Load) { l.Sizes = []simulation.Share{{Size: 0, Weight: 1}} },
		"no_weight":    func(l *simulation.Load) { l.Sizes = []simulation.Share{{Size: 1}} },
		"negative":     func(l *simulation.Load) { l.Sizes = []simulation.Share{{Size: 1, Weight: -1}} },
		"no_values":    func(l *simulation.Load) { l.MatchOn = []simulation.Property{{Name: "region"}} },
		"deviation":    func(l *simulation.Load) { l.Skill.Deviation = -1 },
		"close_friend": func(l *simulation.Load) { l.Friends = 1.1 },
	} {
		l := load(1)
		change(&l)
		if l.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := load(1).Check(); err != nil {
		t.Error(err)
	}
}

func TestQuantile(t *testing.T) {
	sorted := []float64{1, 2, 3, 4}
	for p, want := range map[float64]float64{0: 1, 0.25: 1, 0.5: 2, 0.51: 3, 0.9: 4, 1: 4} {
		if got := simulation.Quantile(sorted, p); got != want {
			t.Errorf("Quantile(%v) = %v; want %v", p, got, want)
		}
	}
	if !math.IsNaN(simulation.Quantile(nil, 0.5)) {
		t.Error("a quantile of nothing is a number")
	}
}
