package formation_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/matchmaking/formation"
	"partyline/party/rules"
)

// ticketsOfSizes returns tickets of these sizes with equal skill, the first the oldest.
func ticketsOfSizes(sizes ...int) []formation.Ticket {
	tickets := make([]formation.Ticket, len(sizes))
	for i, s := range sizes {
		tickets[i] = formation.Ticket{ID: fmt.Sprint(i), Size: s, Since: ago(len(sizes) - i)}
	}
	return tickets
}

// firstMatch returns the tickets of the first match, in order.
func firstMatch(res formation.Result) (tickets []int) {
	if len(res.Matches) > 0 {
		for _, p := range res.Matches[0].Placements {
			tickets = append(tickets, p.Ticket)
		}
	}
	slices.Sort(tickets)
	return tickets
}

func TestForm_Parity(t *testing.T) {
	q := formation.Queue{Teams: 2, TeamSize: 4, Window: 100, Parity: rules.Parity{Mode: rules.ParityPrefer, Diff: 1, Relax: time.Minute}}
	solos := ticketsOfSizes(4, 1, 1, 1, 1)
	if res := form(q, solos...); len(res.Matches) != 0 {
		t.Errorf("a party of four met four strangers: %+v", res.Matches)
	}
	if got, want := firstMatch(form(q, ticketsOfSizes(4, 1, 1, 1, 1, 3)...)), []int{0, 1, 5}; !reflect.DeepEqual(got, want) {
		t.Errorf("match of %v; want %v: the second large party, though it is younger", got, want)
	}
	solos[0].Since = ago(60)
	if res := form(q, solos...); len(res.Matches) != 1 {
		t.Error("a party that has waited for as long as parity is preferred waits on")
	}
	q.Parity.Mode = rules.ParityRequire
	if res := form(q, solos...); len(res.Matches) != 0 {
		t.Errorf("required parity was given up: %+v", res.Matches)
	}
	q.Parity.Diff = 3
	if res := form(q, solos...); len(res.Matches) != 1 {
		t.Error("a difference that is allowed keeps a match away")
	}
}

func TestForm_Apart(t *testing.T) {
	q := formation.Queue{Teams: 2, TeamSize: 2, Window: 100}
	pool := formation.Pool{Tickets: ticketsOfSizes(1, 1, 1, 1, 1), Apart: [][2]int{{1, 2}}}
	if got, want := firstMatch(formation.Form(now, q, pool, nil)), []int{0, 1, 3, 4}; !reflect.DeepEqual(got, want) {
		t.Errorf("match of %v; want %v", got, want)
	}
	pool.Apart = append(pool.Apart, [2]int{4, 0})
	if res := formation.Form(now, q, pool, nil); len(res.Matches) != 0 {
		t.Errorf("match of %v, two of whom are to be kept apart", firstMatch(res))
	}
	pool.Open = []formation.OpenMatch{{ID: "m", Open: []int{2, 2}, Apart: []int{0, 1}}}
	res := formation.Form(now, q, pool, nil)
	want := []formation.Backfill{{MatchID: "m", Placements: []formation.Placement{{Ticket: 2, Team: 0}, {Ticket: 3, Team: 1}, {Ticket: 4, Team: 0}}}}
	if !reflect.DeepEqual(res.Backfills, want) {
		t.Errorf("Backfills = %+v; want %+v", res.Backfills, want)
	}
}

func TestForm_NewMatchOnly(t *testing.T) {
	tickets := ticketsOfSizes(1, 1)
	tickets[0].NewMatchOnly = true
	res := formation.Form(now, formation.Queue{Teams: 2, TeamSize: 2, Window: 100}, formation.Pool{Tickets: tickets, Open: []formation.OpenMatch{{ID: "m", Open: []int{2, 2}}}}, nil)
	want := []formation.Backfill{{MatchID: "m", Placements: []formation.Placement{{Ticket: 1, Team: 0}}}}
	if !reflect.DeepEqual(res.Backfills, want) {
		t.Errorf("Backfills = %+v; want %+v", res.Backfills, want)
	}
}

func TestForm_NewMatchOnly_JoinsPlannedMatches(t *testing.T) {
	tickets := ticketsOfSizes(1)
	tickets[0].NewMatchOnly = true
	open := []formation.OpenMatch{{ID: "runs", Open: []int{1}}, {ID: "planned", Open: []int{1}, Planned: []formation.Planned{{Ticket: ticketsOfSizes(1)[0]}}}}
	res := formation.Form(now, formation.Queue{Teams: 1, TeamSize: 2, NoSkill: true}, formation.Pool{Tickets: tickets, Open: open}, nil)
	want := []formation.Backfill{{MatchID: "planned", Placements: []formation.Placement{{}}}}
	if !reflect.DeepEqual(res.Backfills, want) {
		t.Errorf("Backfills = %+v; want %+v", res.Backfills, want)
	}
}

// A ticket that joins a match that has not begun must fit those who stay, as in a new match.
func TestForm_PlannedMatches(t *testing.T) {
	at := func(size int, skill float64, waited int) formation.Ticket {
		return formation.Ticket{ID: "t", Size: size, Skill: skill, Since: ago(waited)}
	}
	groups := func(mode rules.ParityMode) formation.Queue {
		return formation.Queue{Teams: 2, TeamSize: 3, NoSkill: true, Parity: rules.Parity{Mode: mode, Relax: time.Minute}}
	}
	even := formation.Queue{Teams: 2, TeamSize: 2, Window: 1000, TeamSpread: 50}
	widening := formation.Queue{Teams: 2, TeamSize: 2, Window: 100, WidenPerSec: 10, MaxWindow: 200}
	for name, tt := range map[string]struct {
		q      formation.Queue
		stay   []formation.Planned
		open   []int
		join   []formation.Ticket
		joined []int
	}{
		"alone_against_a_group":    {groups(rules.ParityRequire), []formation.Planned{{Ticket: at(3, 0, 0)}}, []int{0, 3}, []formation.Ticket{at(1, 0, 3), at(1, 0, 2), at(1, 0, 1)}, nil},
		"a_group_against_a_group":  {groups(rules.ParityRequire), []formation.Planned{{Ticket: at(3, 0, 0)}}, []int{0, 3}, []formation.Ticket{at(1, 0, 3), at(3, 0, 2)}, []int{1}},
		"one_who_leaves_room":      {groups(rules.ParityRequire), []formation.Planned{{Ticket: at(2, 0, 0)}, {Ticket: at(1, 0, 0)}}, []int{0, 3}, []formation.Ticket{at(1, 0, 3), at(1, 0, 2), at(2, 0, 1)}, []int{0, 2}},
		"on_the_other_team":        {groups(rules.ParityRequire), []formation.Planned{{Ticket: at(3, 0, 0), Team: 1}, {Ticket: at(1, 0, 0)}}, []int{2, 0}, []formation.Ticket{at(2, 0, 1)}, nil},
		"before_groups_may_differ": {groups(rules.ParityPrefer), []formation.Planned{{Ticket: at(3, 0, 59)}}, []int{0, 3}, []formation.Ticket{at(1, 0, 3)}, nil},
		"when_groups_may_differ":   {groups(rules.ParityPrefer), []formation.Planned{{Ticket: at(3, 0, 60)}}, []int{0, 3}, []formation.Ticket{at(1, 0, 3)}, []int{0}},
		"stronger_team":            {even, []formation.Planned{{Ticket: at(2, 1000, 0)}}, []int{0, 2}, []formation.Ticket{at(1, 1500, 3), at(1, 1500, 2)}, nil},
		"stronger_team_and_others": {even, []formation.Planned{{Ticket: at(2, 1000, 0)}}, []int{0, 2}, []formation.Ticket{at(1, 1500, 3), at(1, 1010, 2), at(1, 990, 1)}, []int{1, 2}},
		"the_team_that_it_evens":   {even, []formation.Planned{{Ticket: at(1, 1000, 0)}, {Ticket: at(1, 1090, 0), Team: 1}}, []int{1, 1}, []formation.Ticket{at(1, 1090, 0), at(1, 1000, 0)}, []int{0, 1}},
		"window_of_who_stays":      {widening, []formation.Planned{{Ticket: at(1, 1000, 7)}}, []int{1, 2}, []formation.Ticket{at(1, 1180, 9)}, nil},
		"wide_window_of_who_stays": {widening, []formation.Planned{{Ticket: at(1, 1000, 8)}}, []int{1, 2}, []formation.Ticket{at(1, 1180, 9)}, []int{0}},
		"between_those_who_stay":   {widening, []formation.Planned{{Ticket: at(1, 900, 0)}, {Ticket: at(1, 1100, 0), Team: 1}}, []int{1, 1}, []formation.Ticket{at(1, 950, 3), at(1, 1000, 2)}, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			skill, seats := 0.0, 0
			for _, p := range tt.stay {
				skill, seats = skill+p.Skill*float64(p.Size), seats+p.Size
			}
			open := formation.OpenMatch{ID: "m", Skill: skill / float64(seats), Open: tt.open, Planned: tt.stay}
			res := formation.Form(now, tt.q, formation.Pool{Tickets: tt.join, Open: []formation.OpenMatch{open}}, nil)
			var joined []int
			for _, b := range res.Backfills {
				for _, p := range b.Placements {
					joined = append(joined, p.Ticket)
				}
			}
			if !slices.Equal(joined, tt.joined) || len(res.Matches) > 0 {
				t.Errorf("%v join, in %+v; want %v, and no match of their own", joined, res, tt.joined)
			}
			open.Planned = nil
			if res := formation.Form(now, tt.q, formation.Pool{Tickets: tt.join, Open: []formation.OpenMatch{open}}, nil); len(res.Backfills) == 0 {
				t.Error("nobody joins the match once it runs")
			}
		})
	}
}

func TestForm_SmallerTeams(t *testing.T) {
	q := formation.Queue{Teams: 2, TeamSize: 5, MinTeamSize: 3, ShrinkAfter: time.Minute, Window: 100}
	tickets := ticketsOfSizes(3, 2, 1, 1, 1)
	if res := form(q, tickets...); len(res.Matches) != 0 {
		t.Errorf("teams shrank too early: %+v", res.Matches)
	}
	tickets[0].Since = ago(60)
	res := form(q, tickets...)
	if len(res.Matches) != 1 || res.Matches[0].TeamSize != 4 || len(res.Matches[0].Placements) != 5 {
		t.Errorf("Form = %+v; want teams of four", res.Matches)
	}
	if res := form(q, append(tickets, ticketsOfSizes(2)...)...); len(res.Matches) != 1 || res.Matches[0].TeamSize != 5 {
		t.Errorf("Form = %+v; want full teams where there are players for them", res.Matches)
	}
	if res := form(q, tickets[0], tickets[1]); len(res.Matches) != 0 {
		t.Errorf("teams smaller than the smallest: %+v", res.Matches)
	}
}

func TestForm_Latency(t *testing.T) {
	q := formation.Queue{Teams: 2, TeamSize: 1, Window: 100, Latency: rules.Latency{Regions: []string{"eu", "us"}, Start: 50, Widen: rules.Rate{N: 10, Per: time.Second}, Max: 150}}
	duel := func(a, b []float64, waited int) formation.Result {
		return form(q, formation.Ticket{ID: "a", Size: 1, Since: ago(waited), Latency: a}, formation.Ticket{ID: "b", Size: 1, Since: ago(waited), Latency: b})
	}
	for _, tt := range []struct {
		a, b   []float64
		waited int
		region string
	}{
		{[]float64{20, 40}, []float64{20, 30}, 0, "eu"},
		{[]float64{20, 40}, []float64{60, 30}, 0, "us"},
		{[]float64{20, 140}, []float64{90, 30}, 0, ""},
		{[]float64{20, 140}, []float64{90, 30}, 4, "eu"},
		{[]float64{20, 140}, []float64{160, 30}, 5, ""},
		{[]float64{20, 140}, []float64{160, 30}, 1000, "us"},
		{[]float64{20, 151}, []float64{160, 30}, 1000, ""},
		{[]float64{20, 20}, []float64{math.NaN(), 30}, 0, "us"},
		{[]float64{20}, []float64{-1, 30}, 1000, ""},
		{nil, []float64{20, 30}, 1000, ""},
	} {
		res := duel(tt.a, tt.b, tt.waited)
		if (tt.region != "") != (len(res.Matches) == 1) || tt.region != "" && res.Matches[0].Region != tt.region {
			t.Errorf("%v and %v after %d s: %+v; want region %q", tt.a, tt.b, tt.waited, res.Matches, tt.region)
		}
	}
	open := []formation.OpenMatch{{ID: "far", Open: []int{1, 1}, Region: "us"}, {ID: "near", Open: []int{1, 1}, Region: "eu"}, {ID: "nowhere", Open: []int{1, 1}}}
	res := formation.Form(now, q, formation.Pool{Tickets: []formation.Ticket{{ID: "a", Size: 1, Since: now, Latency: []float64{20, 90}}}, Open: open}, nil)
	if len(res.Backfills) != 1 || res.Backfills[0].MatchID != "near" {
		t.Errorf("Backfills = %+v; want the match in eu", res.Backfills)
	}
}

// Every match keeps every rule, whatever the pool.
func TestForm_KeepsItsRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := formation.Queue{
			Teams: rapid.IntRange(1, 3).Draw(t, "teams"), TeamSize: rapid.IntRange(1, 5).Draw(t, "size"),
			MinTeamSize: rapid.IntRange(0, 5).Draw(t, "min"), ShrinkAfter: 30 * time.Second,
			NoSkill: rapid.Bool().Draw(t, "noskill"), Window: rapid.Float64Range(1, 300).Draw(t, "window"),
			Parity: rules.Parity{Mode: rapid.SampledFrom([]rules.ParityMode{rules.ParityOff, rules.ParityPrefer, rules.ParityRequire}).Draw(t, "parity"), Diff: rapid.IntRange(0, 2).Draw(t, "diff"), Relax: 30 * time.Second},
		}
		if rapid.Bool().Draw(t, "regions") {
			q.Latency = rules.Latency{Regions: []string{"a", "b", "c"}, Start: 50, Widen: rules.Rate{N: 1, Per: time.Second}}
		}
		n := rapid.IntRange(0, 40).Draw(t, "n")
		pool := formation.Pool{}
		for i := range n {
			pool.Tickets = append(pool.Tickets, formation.Ticket{
				ID: fmt.Sprint(i), Size: rapid.IntRange(1, q.TeamSize).Draw(t, "s"), Skill: rapid.Float64Range(0, 1000).Draw(t, "mmr"), Since: ago(rapid.IntRange(0, 60).Draw(t, "age")),
				Latency:      []float64{rapid.Float64Range(0, 120).Draw(t, "a"), rapid.Float64Range(0, 120).Draw(t, "b"), rapid.Float64Range(0, 120).Draw(t, "c")},
				NewMatchOnly: rapid.Bool().Draw(t, "new"),
			})
		}
		if n > 1 {
			for range rapid.IntRange(0, 30).Draw(t, "pairs") {
				a, b := rapid.IntRange(0, n-1).Draw(t, "x"), rapid.IntRange(0, n-1).Draw(t, "y")
				if a != b {
					pool.Apart = append(pool.Apart, [2]int{a, b})
				}
			}
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "m") {
			o := formation.OpenMatch{ID: fmt.Sprint("m", i), Skill: rapid.Float64Range(0, 1000).Draw(t, "ms"), Region: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "region")}
			for range q.Teams {
				o.Open = append(o.Open, rapid.IntRange(0, q.TeamSize).Draw(t, "o"))
			}
			if n > 0 {
				o.Apart = []int{rapid.IntRange(0, n-1).Draw(t, "o_apart")}
			}
			pool.Open = append(pool.Open, o)
		}
		res := formation.Form(now, q, pool, nil)
		check(t, q, pool.Tickets, pool.Open, res)
		for _, m := range res.Matches {
			checkRules(t, q, pool, m)
		}
		for _, b := range res.Backfills {
			checkFill(t, q, pool, b)
		}
	})
}

func region(q formation.Queue, name string) int { return slices.Index(q.Latency.Regions, name) }

// checkRules asserts a centre, parity, blocks, the region and the size of the teams.
func checkRules(t *rapid.T, q formation.Queue, pool formation.Pool, m formation.Match) {
	window := func(tk formation.Ticket) float64 {
		w := q.Window + q.WidenPerSec*now.Sub(tk.Since).Seconds()
		if q.MaxWindow > 0 {
			w = min(w, q.MaxWindow)
		}
		return w
	}
	oldest := time.Duration(0)
	groups := make([]int, q.Teams)
	centred := q.NoSkill
	for _, p := range m.Placements {
		a := pool.Tickets[p.Ticket]
		oldest = max(oldest, now.Sub(a.Since))
		groups[p.Team] = max(groups[p.Team], a.Size)
		centre := true
		for _, other := range m.Placements {
			b := pool.Tickets[other.Ticket]
			centre = centre && math.Abs(a.Skill-b.Skill) <= min(window(a), window(b))
			if slices.Contains(pool.Apart, [2]int{p.Ticket, other.Ticket}) {
				t.Fatalf("tickets %d and %d are together", p.Ticket, other.Ticket)
			}
		}
		centred = centred || centre
		if r := region(q, m.Region); len(q.Latency.Regions) > 0 && (r < 0 || a.Latency[r] > 50+now.Sub(a.Since).Seconds()) {
			t.Fatalf("region %q is too far from %+v", m.Region, a)
		}
	}
	if !centred {
		t.Fatalf("no ticket accepts all others: %+v", m)
	}
	if diff := slices.Max(groups) - slices.Min(groups); diff > q.Parity.Diff && (q.Parity.Mode == rules.ParityRequire || q.Parity.Mode == rules.ParityPrefer && oldest < q.Parity.Relax) {
		t.Fatalf("groups of %v, the oldest after %v, with %+v", groups, oldest, q.Parity)
	}
	if m.TeamSize > q.TeamSize || m.TeamSize < q.TeamSize && (q.MinTeamSize == 0 || m.TeamSize < q.MinTeamSize || oldest < q.ShrinkAfter) {
		t.Fatalf("teams of %d, the oldest after %v, with %+v", m.TeamSize, oldest, q)
	}
}

func checkFill(t *rapid.T, q formation.Queue, pool formation.Pool, b formation.Backfill) {
	m := pool.Open[slices.IndexFunc(pool.Open, func(o formation.OpenMatch) bool { return o.ID == b.MatchID })]
	for _, p := range b.Placements {
		tk := pool.Tickets[p.Ticket]
		if tk.NewMatchOnly && len(m.Planned) == 0 || slices.Contains(m.Apart, p.Ticket) || len(q.Latency.Regions) > 0 && tk.Latency[region(q, m.Region)] > 50+now.Sub(tk.Since).Seconds() {
			t.Fatalf("ticket %+v in match %+v", tk, m)
		}
		for _, other := range b.Placements {
			if slices.Contains(pool.Apart, [2]int{p.Ticket, other.Ticket}) {
				t.Fatalf("tickets %d and %d are together", p.Ticket, other.Ticket)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	q := formation.Queue{
		Teams: 2, TeamSize: 2, Window: 100, WidenPerSec: 10, MaxWindow: 150,
		Latency: rules.Latency{Regions: []string{"eu", "us"}, Start: 50, Widen: rules.Rate{N: 1, Per: time.Second}, Max: 60},
	}
	near := []float64{10, 90}
	pool := formation.Pool{
		Tickets: []formation.Ticket{
			{ID: "me", Size: 1, Skill: 1000, Since: ago(3), Latency: near},
			{ID: "mode", Size: 1, Skill: 1000, Key: "x", Latency: near, Since: now},
			{ID: "strong", Size: 1, Skill: 1131, Latency: near, Since: ago(9)},
			{ID: "young", Size: 1, Skill: 1110, Latency: near, Since: now},
			{ID: "far", Size: 1, Skill: 1000, Latency: []float64{200, 10}, Since: now},
			{ID: "large", Size: 3, Skill: 1000, Latency: near, Since: now},
			{ID: "blocked", Size: 1, Skill: 1000, Latency: near, Since: now},
			{ID: "fine", Size: 1, Skill: 1000, Latency: near, Since: now},
			{ID: "too", Size: 1, Skill: 1000, Latency: near, Since: now},
		},
		Apart: [][2]int{{6, 0}},
	}
	want := formation.Why{Window: 130, Latency: 53, InReach: 2, HoldingBack: []formation.HoldingBack{
		{Reason: formation.HeldByMatchOn, Tickets: 1}, {Reason: formation.HeldBySkill, Tickets: 2}, {Reason: formation.HeldByLatency, Tickets: 1},
		{Reason: formation.HeldBySize, Tickets: 1}, {Reason: formation.HeldByBlocks, Tickets: 1}, {Reason: formation.HeldByWaiting, Tickets: 2},
	}}
	if got := formation.Explain(now, q, pool, 0); !reflect.DeepEqual(got, want) {
		t.Errorf("Explain = %+v; want %+v", got, want)
	}
	if got := formation.Explain(now, q, formation.Pool{Tickets: pool.Tickets[:1]}, 0); got.InReach != 0 || len(got.HoldingBack) != 0 {
		t.Errorf("Explain of the only ticket = %+v", got)
	}
}

// Explain also names what keeps tickets in reach from a match with each other.
func TestExplain_InReach(t *testing.T) {
	q := formation.Queue{Teams: 2, TeamSize: 4, Window: 1000}
	apart := func(tickets []formation.Ticket) formation.Pool {
		return formation.Pool{Tickets: tickets, Apart: [][2]int{{1, 2}, {2, 3}}}
	}
	spread := ticketsOfSizes(4, 4)
	spread[1].Skill = 500
	for _, tt := range []struct {
		pool   formation.Pool
		change func(*formation.Queue)
		want   formation.Reason
	}{
		{formation.Pool{Tickets: ticketsOfSizes(4, 1, 1)}, nil, formation.HeldByWaiting},
		{formation.Pool{Tickets: ticketsOfSizes(4, 2, 2)}, nil, formation.HeldByWaiting}, // the next pass matches them
		{formation.Pool{Tickets: ticketsOfSizes(4, 3, 3, 3)}, nil, formation.HeldBySize},
		{formation.Pool{Tickets: ticketsOfSizes(4, 1, 1, 1, 1)}, func(q *formation.Queue) { q.Parity.Mode = rules.ParityRequire }, formation.HeldByParity},
		{apart(ticketsOfSizes(4, 2, 1, 1)), nil, formation.HeldByBlocks},
		{formation.Pool{Tickets: spread}, func(q *formation.Queue) { q.TeamSpread = 50 }, formation.HeldByTeamSpread},
	} {
		q := q
		if tt.change != nil {
			tt.change(&q)
		}
		got := formation.Explain(now, q, tt.pool, 0).HoldingBack
		if len(got) != 1 || got[0].Reason != tt.want || got[0].Tickets != len(tt.pool.Tickets)-1 {
			t.Errorf("%+v: %+v; want %s", tt.pool, got, tt.want)
		}
	}
}
