package formation_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/matchmaking/formation"
	"partyline/party/rules"
)

// wideningQueue is a queue of two teams whose windows grow for 25 s. Others wait for a ticket after 75 s, or after 37.5
// s in a small pool. Nobody waits for others after 3 minutes.
func wideningQueue(teamSize int) formation.Queue {
	return formation.Queue{Teams: 2, TeamSize: teamSize, Window: 50, WidenPerSec: 10, MaxWindow: 300}
}

// Others wait for a stuck ticket, so that one day there are enough of them, but not forever.
func TestForm_OthersWaitForAStuckTicket(t *testing.T) {
	for _, tt := range []struct {
		widen  float64
		waited int
		want   []int
	}{{10, 30, nil}, {10, 179, nil}, {10, 180, []int{1, 2, 3, 4}}, {50, 39, nil}, {50, 40, []int{1, 2, 3, 4}}} {
		q := wideningQueue(2)
		q.WidenPerSec = tt.widen
		var tickets []formation.Ticket
		for i, skill := range []float64{1000, 1250, 1400, 1600, 1600} { // only the second can play with the first
			tickets = append(tickets, formation.Ticket{ID: fmt.Sprint(i), Size: 1, Skill: skill, Since: ago(60)})
		}
		tickets[0].Since, tickets[1].Since = ago(600), ago(tt.waited)
		if got := firstMatch(form(q, tickets...)); !slices.Equal(got, tt.want) {
			t.Errorf("windows that grow by %v, after %d s: a match of %v; want %v", tt.widen, tt.waited, got, tt.want)
		}
	}
}

// More tickets would not help one that a rule keeps from those around it, so nobody waits for it.
func TestForm_NobodyWaitsForATicketThatARuleKeepsOut(t *testing.T) {
	solos := func(skills ...float64) (tickets []formation.Ticket) {
		for i, skill := range skills {
			tickets = append(tickets, formation.Ticket{ID: fmt.Sprint(i), Size: 1, Skill: skill, Since: ago(30), Latency: []float64{20, 250}})
		}
		return tickets
	}
	stuck := func(size int, skill float64) formation.Ticket {
		return formation.Ticket{ID: "stuck", Size: size, Skill: skill, Since: ago(600), Latency: []float64{20, 20}}
	}
	far := stuck(1, 1000)
	far.Latency[0] = 250
	for name, tt := range map[string]struct {
		teamSize int
		change   func(*formation.Queue)
		stuck    formation.Ticket
		others   []formation.Ticket
		apart    [][2]int
	}{
		"latency": {2, func(q *formation.Queue) {
			q.Latency = rules.Latency{Regions: []string{"eu", "asia"}, Start: 80, Max: 80}
		}, far, solos(1250, 1250, 1400, 1400), nil},
		"parity":                  {4, func(q *formation.Queue) { q.Parity = rules.Parity{Mode: rules.ParityRequire, Diff: 1} }, stuck(4, 1000), solos(1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007), nil},
		"team_spread":             {1, func(q *formation.Queue) { q.TeamSpread = 90 }, stuck(1, 1200), solos(1000, 1000), nil},
		"team_spread_in_between":  {2, func(q *formation.Queue) { q.TeamSpread = 20 }, stuck(1, 1050), solos(1000, 1000, 1100, 1100), nil},
		"blocks":                  {1, func(*formation.Queue) {}, stuck(1, 1000), solos(1000, 1000), [][2]int{{0, 1}, {0, 2}}},
		"blocks_among_the_others": {2, func(*formation.Queue) {}, stuck(1, 1000), solos(1000, 1000, 1000, 1000, 1000, 1000), [][2]int{{1, 2}, {2, 3}, {1, 3}, {0, 4}, {0, 5}, {0, 6}}},
	} {
		q := wideningQueue(tt.teamSize)
		tt.change(&q)
		with := formation.Pool{Tickets: append([]formation.Ticket{tt.stuck}, tt.others...), Apart: tt.apart}
		got, want := firstMatch(formation.Form(now, q, with, nil)), firstMatch(formation.Form(now, q, with.Subset(indexes(1, len(with.Tickets))), nil))
		for i := range want {
			want[i]++ // all except the first
		}
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: a match of %v beside the ticket that is stuck; %v without it", name, got, want)
		}
	}
}

// indexes returns the numbers from from to to-1.
func indexes(from, to int) (all []int) {
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// A ticket that nobody can be matched with, for any reason, keeps no ticket that has waited 3 minutes from a match.
func TestForm_NobodyIsAHostage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := wideningQueue(rapid.IntRange(1, 3).Draw(t, "size"))
		q.Parity = rules.Parity{Mode: rapid.SampledFrom([]rules.ParityMode{rules.ParityOff, rules.ParityRequire}).Draw(t, "parity"), Diff: rapid.IntRange(0, 1).Draw(t, "diff")}
		q.TeamSpread = float64(rapid.SampledFrom([]int{0, 20, 60, 100}).Draw(t, "spread"))
		if rapid.Bool().Draw(t, "regions") {
			q.Latency = rules.Latency{Regions: []string{"eu", "asia"}, Start: 80, Max: 80}
		}
		n := rapid.IntRange(2, 8).Draw(t, "n")
		all := formation.Pool{}
		for i := range n { // the first is the stuck one
			all.Tickets = append(all.Tickets, formation.Ticket{
				ID: fmt.Sprint(i), Size: rapid.IntRange(1, q.TeamSize).Draw(t, "s"), Skill: 1000 + 50*float64(rapid.IntRange(0, 8).Draw(t, "mmr")),
				Since:   ago(rapid.IntRange(0, 300).Draw(t, "age")),
				Latency: []float64{float64(rapid.SampledFrom([]int{20, 250}).Draw(t, "eu")), float64(rapid.SampledFrom([]int{20, 250}).Draw(t, "asia"))},
			})
		}
		all.Tickets[0].Since = ago(600)
		for range rapid.IntRange(0, 6).Draw(t, "pairs") {
			if a, b := rapid.IntRange(0, n-1).Draw(t, "x"), rapid.IntRange(0, n-1).Draw(t, "y"); a != b {
				all.Apart = append(all.Apart, [2]int{a, b})
			}
		}
		if canMatch(q, all) {
			return
		}
		left := indexes(0, n)
		for at := now; at.Before(now.Add(4 * time.Minute)); at = at.Add(10 * time.Second) {
			res := formation.Form(at, q, all.Subset(left), nil)
			if len(res.Matches) == 0 {
				others := left[1:]
				for _, m := range formation.Form(at, q, all.Subset(others), nil).Matches {
					if !slices.ContainsFunc(m.Placements, func(p formation.Placement) bool {
						return at.Sub(all.Tickets[others[p.Ticket]].Since) < 3*time.Minute
					}) {
						t.Fatalf("%v: %+v would be a match without the stuck ticket, and all have waited for 3 minutes", others, m)
					}
				}
			}
			placed := map[int]bool{}
			for _, m := range res.Matches {
				for _, p := range m.Placements {
					placed[left[p.Ticket]] = true
				}
			}
			left = slices.DeleteFunc(left, func(i int) bool { return placed[i] })
			if left[0] != 0 {
				t.Fatal("the ticket that nobody can be matched with has a match")
			}
		}
	})
}

// canMatch reports whether the first ticket can ever be in a match with some of the others. It tries all ways.
func canMatch(q formation.Queue, p formation.Pool) bool {
	teams := [2][]int{{0}}
	var put func(i int) bool
	put = func(i int) bool {
		if i == len(p.Tickets) {
			return plays(q, p, teams)
		}
		for team := range teams {
			before := teams[team]
			teams[team] = append(slices.Clone(before), i)
			ok := put(i + 1)
			teams[team] = before
			if ok {
				return true
			}
		}
		return put(i + 1)
	}
	return put(1)
}

// plays reports whether two teams keep every rule after all have waited long.
func plays(q formation.Queue, p formation.Pool, teams [2][]int) bool {
	all := slices.Concat(teams[:]...)
	var sums [2]float64
	var largest [2]int
	for team, tickets := range teams {
		seats := 0
		for _, i := range tickets {
			t := &p.Tickets[i]
			seats, sums[team], largest[team] = seats+t.Size, sums[team]+t.Skill*float64(t.Size), max(largest[team], t.Size)
		}
		if seats != q.TeamSize {
			return false
		}
	}
	if q.TeamSpread > 0 && math.Abs(sums[0]-sums[1]) > q.TeamSpread*float64(q.TeamSize) {
		return false
	}
	if diff := largest[0] - largest[1]; q.Parity.Mode == rules.ParityRequire && max(diff, -diff) > q.Parity.Diff {
		return false
	}
	for _, pair := range p.Apart {
		if slices.Contains(all, pair[0]) && slices.Contains(all, pair[1]) {
			return false
		}
	}
	near := func(r int) bool {
		return !slices.ContainsFunc(all, func(i int) bool { return p.Tickets[i].Latency[r] > q.Latency.Max })
	}
	if len(q.Latency.Regions) > 0 && !near(0) && !near(1) {
		return false
	}
	return slices.ContainsFunc(all, func(c int) bool {
		return !slices.ContainsFunc(all, func(i int) bool { return math.Abs(p.Tickets[i].Skill-p.Tickets[c].Skill) > q.MaxWindow })
	})
}
