package simulation_test

import (
	"math"
	"testing"
	"time"

	"partyline/local/simulation"
	"partyline/local/yardstick"
	"partyline/matchmaking/formation"
	"partyline/party/rules"
)

// evening returns a load with declines, no-shows, blocks and the like.
func evening() simulation.Load {
	l := load(5)
	l.Blocks, l.Drops, l.Declines, l.NoShows, l.NewOnly, l.MatchLength = 3, 0.05, 0.02, 0.04, 0.1, 10*time.Minute
	return l
}

func TestRun_People(t *testing.T) {
	r := simulation.Run(ranked, evening())
	if r.Dropped == 0 || r.Declined == 0 || r.NoShows == 0 {
		t.Errorf("%d dropped, %d declined, %d players did not come", r.Dropped, r.Declined, r.NoShows)
	}
	if r.Placed+r.Expired+r.Waiting+r.Dropped+r.Declined != r.Arrived {
		t.Errorf("%d arrived; %d placed, %d expired, %d waiting, %d dropped, %d declined", r.Arrived, r.Placed, r.Expired, r.Waiting, r.Dropped, r.Declined)
	}
	if r.Split != 0 || r.BlockedTogether != 0 {
		t.Errorf("%d parties split, %d blocked pairs together", r.Split, r.BlockedTogether)
	}
	fills, players := 0, 0
	for _, p := range r.Tickets {
		if p.Fill {
			fills += p.Size
		}
		players += p.Size
	}
	if fills == 0 || fills > r.NoShows || players != r.PlayersPlaced {
		t.Errorf("%d players filled seats that %d left empty", fills, r.NoShows)
	}
	if r.PlayersPlaced > r.PlayersBound || r.PlayersBound > r.Players {
		t.Errorf("%d of %d players placed, at most %d were possible", r.PlayersPlaced, r.Players, r.PlayersBound)
	}
}

// Without the blocks, formation puts blocked pairs together. This shows that the count detects them.
func TestRun_CountsBlockedPairs(t *testing.T) {
	deaf := func(now time.Time, q formation.Queue, p formation.Pool, proceed func() bool) formation.Result {
		p.Apart = nil
		return formation.Form(now, q, p, proceed)
	}
	if r := simulation.RunWith(deaf, ranked, evening()); r.BlockedTogether == 0 {
		t.Error("nobody was put together with somebody blocked")
	}
}

func TestRun_NobodyFillsWithoutBackfill(t *testing.T) {
	l := evening()
	l.MatchLength = 0
	for _, p := range simulation.Run(ranked, l).Tickets {
		if p.Fill {
			t.Fatal("a running match was filled")
		}
	}
}

func TestRun_Regions(t *testing.T) {
	q := ranked
	q.Latency = rules.Latency{Regions: []string{"eu", "us"}, Start: 60, Widen: rules.Rate{N: 2, Per: time.Second}, Max: 200}
	l := load(5)
	l.MatchOn, l.Regions = nil, []simulation.Share{{Value: "eu", Weight: 2}, {Value: "us", Weight: 1}}
	r := simulation.Run(q, l)
	free := simulation.Run(ranked, l)
	if r.Placed < r.Arrived*9/10 {
		t.Errorf("%d of %d placed", r.Placed, r.Arrived)
	}
	if simulation.Quantile(r.Waits(0), 0.9) <= simulation.Quantile(free.Waits(0), 0.9) {
		t.Error("bounds on latency cost no wait: they have no effect")
	}
}

// Large parties meet large parties, and nearly all tickets wait only a little longer for that.
func TestRun_Parity(t *testing.T) {
	q := ranked
	q.Parity = rules.Parity{Mode: rules.ParityPrefer, Diff: 1, Relax: time.Minute}
	for _, perSecond := range []float64{5, 20} {
		without, with := simulation.Run(ranked, load(perSecond)), simulation.Run(q, load(perSecond))
		if share := with.GroupsApart(2); !(share <= 0.05) || !(without.GroupsApart(2) > 0.1) {
			t.Errorf("%v/s: groups differ by 2 or more in %.3f of the matches, %.3f without parity", perSecond, share, without.GroupsApart(2))
		}
		if before, after := simulation.Quantile(without.Waits(0), 0.5), simulation.Quantile(with.Waits(0), 0.5); after > 1.1*before {
			t.Errorf("%v/s: the median wait grew from %.1f to %.1f s", perSecond, before, after)
		}
	}
}

func TestReport_Distances(t *testing.T) {
	r := simulation.Run(ranked, load(5))
	bands, n := r.Distances(simulation.Spread{Mean: 1500, Deviation: 300}), 0
	for _, b := range bands {
		n += len(b.Waits)
	}
	if len(bands) != 5 || n != r.Placed || len(bands[0].Waits) < len(bands[4].Waits) || !math.IsInf(bands[4].High, 1) {
		t.Errorf("%d tickets in %d bands", n, len(bands))
	}
}

// Single players without limits on skill wait as long as the formula predicts.
func TestRun_SoloWait(t *testing.T) {
	q := formation.Queue{Teams: 2, TeamSize: 5, NoSkill: true}
	for _, perSecond := range []float64{0.5, 2, 10} {
		l := simulation.Load{
			PerSecond: perSecond, Duration: time.Duration(20000/perSecond) * time.Second, Interval: 2 * time.Second, Seed: 1,
			Sizes: []simulation.Share{{Size: 1, Weight: 1}},
		}
		waits := simulation.Run(q, l).Waits(0)
		if got, want := mean(waits), yardstick.SoloWait(10, perSecond, l.Interval); math.Abs(got-want) > 0.05*want {
			t.Errorf("%v/s: mean wait %.2f s; the closed form says %.2f", perSecond, got, want)
		}
	}
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
