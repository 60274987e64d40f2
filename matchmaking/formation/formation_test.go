package formation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/matchmaking/formation"
)

var now = time.Unix(2_000_000, 0)

func ago(sec int) time.Time { return now.Add(-time.Duration(sec) * time.Second) }

var ranked = formation.Queue{Teams: 2, TeamSize: 5, Window: 100, WidenPerSec: 25, MaxWindow: 600}

func form(q formation.Queue, tickets ...formation.Ticket) formation.Result {
	return formation.Form(now, q, formation.Pool{Tickets: tickets}, nil)
}

func TestForm_PartiesStayTogether(t *testing.T) {
	res := form(ranked,
		formation.Ticket{ID: "a", Size: 3, Skill: 1000, Since: ago(9)},
		formation.Ticket{ID: "b", Size: 3, Skill: 1000, Since: ago(8)},
		formation.Ticket{ID: "c", Size: 2, Skill: 1000, Since: ago(7)},
		formation.Ticket{ID: "d", Size: 2, Skill: 1000, Since: ago(6)},
	)
	if len(res.Matches) != 1 || len(res.Matches[0].Placements) != 4 {
		t.Fatalf("Form = %+v", res)
	}
}

func TestForm_NoFit(t *testing.T) {
	for name, tickets := range map[string][]formation.Ticket{
		"three threes do not make two fives": {{ID: "a", Size: 3}, {ID: "b", Size: 3}, {ID: "c", Size: 3}, {ID: "d", Size: 1}},
		"larger than a team":                 {{ID: "a", Size: 6}, {ID: "b", Size: 4}},
		"other key":                          {{ID: "a", Size: 5, Key: "eu"}, {ID: "b", Size: 5, Key: "us"}},
		"out of both windows":                {{ID: "a", Size: 5, Skill: 0}, {ID: "b", Size: 5, Skill: 101}},
		"only one has waited long enough":    {{ID: "a", Size: 5, Skill: 0, Since: ago(60)}, {ID: "b", Size: 5, Skill: 300}},
		"an empty ticket":                    {{ID: "a", Size: 0}, {ID: "b", Size: 5}},
	} {
		for i := range tickets {
			if tickets[i].Since.IsZero() {
				tickets[i].Since = now
			}
		}
		if res := form(ranked, tickets...); len(res.Matches) != 0 {
			t.Errorf("%s: %+v", name, res.Matches)
		}
	}
}

func TestForm_WindowWidens(t *testing.T) {
	pair := func(wait int) int {
		return len(form(ranked,
			formation.Ticket{ID: "a", Size: 5, Skill: 0, Since: ago(wait)},
			formation.Ticket{ID: "b", Size: 5, Skill: 300, Since: ago(wait)}).Matches)
	}
	if pair(7) != 0 || pair(8) != 1 {
		t.Errorf("300 apart after 7 s: %d, after 8 s: %d; want 0 and 1", pair(7), pair(8))
	}
	far := form(ranked,
		formation.Ticket{ID: "a", Size: 5, Skill: 0, Since: ago(3600)},
		formation.Ticket{ID: "b", Size: 5, Skill: 601, Since: ago(3600)})
	if len(far.Matches) != 0 {
		t.Error("the window widened past its maximum")
	}
}

func TestForm_OldestFirst(t *testing.T) {
	res := form(formation.Queue{Teams: 2, TeamSize: 1, NoSkill: true},
		formation.Ticket{ID: "young", Size: 1, Since: ago(1)},
		formation.Ticket{ID: "old", Size: 1, Since: ago(30)},
		formation.Ticket{ID: "older", Size: 1, Since: ago(60)},
	)
	if len(res.Matches) != 1 || res.Matches[0].Placements[0].Ticket != 2 || res.Matches[0].Placements[1].Ticket != 1 {
		t.Errorf("Form = %+v; want the two oldest", res.Matches)
	}
}

func TestForm_LargeBeforeSmall(t *testing.T) {
	tickets := []formation.Ticket{{ID: "five", Size: 5, Since: ago(5)}, {ID: "four", Size: 4, Since: ago(1)}}
	for i := range 6 {
		tickets = append(tickets, formation.Ticket{ID: fmt.Sprintf("solo%d", i), Size: 1, Since: ago(4)})
	}
	res := form(ranked, tickets...)
	if len(res.Matches) != 1 || len(res.Matches[0].Placements) != 3 {
		t.Fatalf("Form = %+v; want five + four + one", res.Matches)
	}
}

func TestForm_FullParty(t *testing.T) {
	whole := formation.Ticket{ID: "w", Size: 10, Since: now}
	if res := form(ranked, whole); len(res.Matches) != 0 {
		t.Error("a party of ten played against itself though the queue does not say so")
	}
	q := ranked
	q.FullParty = true
	if res := form(q, whole); len(res.Matches) != 1 {
		t.Error("a party that fills the match waits although the queue allows it")
	}
	coop := formation.Ticket{ID: "coop", Size: 4, Since: now}
	if res := form(formation.Queue{Teams: 1, TeamSize: 4, FullParty: true}, coop); len(res.Matches) != 1 {
		t.Error("a full cooperative party waits although the queue allows it a match of its own")
	}
	if res := form(formation.Queue{Teams: 1, TeamSize: 4}, coop); len(res.Matches) != 0 {
		t.Error("a full cooperative party played alone though the queue does not say so")
	}
}

func TestForm_TeamsAreBalanced(t *testing.T) {
	tickets := []formation.Ticket{
		{ID: "a", Size: 1, Skill: 100, Since: ago(4)},
		{ID: "b", Size: 1, Skill: 110, Since: ago(3)},
		{ID: "c", Size: 1, Skill: 500, Since: ago(2)},
		{ID: "d", Size: 1, Skill: 510, Since: ago(1)},
	}
	res := form(formation.Queue{Teams: 2, TeamSize: 2, Window: 1000}, tickets...)
	if len(res.Matches) != 1 || res.Matches[0].TeamGap != 0 || spread(tickets, res.Matches[0]) != 410 {
		t.Errorf("Form = %+v; want team gap 0, spread 410", res.Matches)
	}
}

// spread is the largest difference in skill between two tickets of a match.
func spread(tickets []formation.Ticket, m formation.Match) float64 {
	var skills []float64
	for _, p := range m.Placements {
		skills = append(skills, tickets[p.Ticket].Skill)
	}
	return slices.Max(skills) - slices.Min(skills)
}

func TestForm_BackfillFirst(t *testing.T) {
	tickets := []formation.Ticket{
		{ID: "duo", Size: 2, Skill: 1000, Since: ago(5)},
		{ID: "trio", Size: 3, Skill: 1000, Since: ago(4)},
		{ID: "far", Size: 1, Skill: 3000, Since: ago(3)},
		{ID: "us", Size: 1, Skill: 1000, Key: "us", Since: ago(2)},
	}
	open := []formation.OpenMatch{{ID: "m1", Skill: 1050, Open: []int{1, 2}}, {ID: "m2", Skill: 2000, Open: []int{5, 5}}}
	res := formation.Form(now, ranked, formation.Pool{Tickets: tickets, Open: open}, nil)
	want := []formation.Backfill{{MatchID: "m1", Placements: []formation.Placement{{Ticket: 0, Team: 1}}}}
	if !reflect.DeepEqual(res.Backfills, want) || len(res.Matches) != 0 {
		t.Errorf("Form = %+v; want %+v", res, want)
	}
	if open[0].Open[1] != 2 {
		t.Error("the caller's open seats were changed")
	}
}

func TestForm_BudgetLosesNothing(t *testing.T) {
	tickets := load(1000, 1)
	left := 10
	res := formation.Form(now, ranked, formation.Pool{Tickets: tickets}, func() bool { left--; return left > 0 })
	if all := form(ranked, tickets...); len(res.Matches) == 0 || len(res.Matches) >= len(all.Matches) {
		t.Fatalf("%d matches, %d without a budget", len(res.Matches), len(all.Matches))
	}
	check(t, ranked, tickets, nil, res)
}

func TestForm_Deterministic(t *testing.T) {
	tickets := load(500, 7)
	ids := func(ts []formation.Ticket) (out []string) {
		for _, m := range formation.Form(now, ranked, formation.Pool{Tickets: ts}, nil).Matches {
			for _, p := range m.Placements {
				out = append(out, fmt.Sprint(ts[p.Ticket].ID, p.Team))
			}
		}
		return out
	}
	want := ids(tickets)
	shuffled := append([]formation.Ticket(nil), tickets...)
	rand.New(rand.NewPCG(3, 3)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if got := ids(shuffled); !reflect.DeepEqual(got, want) {
		t.Error("the order of the input changed the result")
	}
}

// check asserts what must hold for every result, whatever the input.
func check(t interface{ Fatalf(string, ...any) }, q formation.Queue, tickets []formation.Ticket, open []formation.OpenMatch, res formation.Result) {
	seen := map[int]bool{}
	once := func(p formation.Placement) formation.Ticket {
		if seen[p.Ticket] {
			t.Fatalf("ticket %d is placed twice", p.Ticket)
		}
		seen[p.Ticket] = true
		return tickets[p.Ticket]
	}
	for _, m := range res.Matches {
		anchor, teams := tickets[m.Placements[0].Ticket], make([]int, q.Teams)
		for _, p := range m.Placements {
			tk := once(p)
			teams[p.Team] += tk.Size
			if tk.Key != anchor.Key {
				t.Fatalf("keys %q and %q meet", tk.Key, anchor.Key)
			}
		}
		whole := len(m.Placements) == 1 && anchor.Size == q.Teams*q.TeamSize
		for team, n := range teams {
			if n != m.TeamSize && !whole {
				t.Fatalf("team %d has %d of %d seats", team, n, m.TeamSize)
			}
		}
		if s := spread(tickets, m); !q.NoSkill && q.MaxWindow > 0 && s > 2*q.MaxWindow {
			t.Fatalf("a spread of %v with windows of at most %v", s, q.MaxWindow)
		}
	}
	byID := map[string]formation.OpenMatch{}
	for _, o := range open {
		byID[o.ID] = o
	}
	for _, b := range res.Backfills {
		room := append([]int(nil), byID[b.MatchID].Open...)
		for _, p := range b.Placements {
			tk := once(p)
			if room[p.Team] -= tk.Size; room[p.Team] < 0 {
				t.Fatalf("match %s is overfull on team %d", b.MatchID, p.Team)
			}
			if d := math.Abs(tk.Skill - byID[b.MatchID].Skill); !q.NoSkill && q.MaxWindow > 0 && d > q.MaxWindow || tk.Key != byID[b.MatchID].Key {
				t.Fatalf("ticket %+v does not belong into %+v", tk, byID[b.MatchID])
			}
		}
	}
}

func TestForm_Properties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := formation.Queue{
			Teams: rapid.IntRange(1, 4).Draw(t, "teams"), TeamSize: rapid.IntRange(1, 6).Draw(t, "size"),
			FullParty: rapid.Bool().Draw(t, "full"), NoSkill: rapid.Bool().Draw(t, "noskill"),
			Window: rapid.Float64Range(0, 200).Draw(t, "window"), WidenPerSec: rapid.Float64Range(0, 50).Draw(t, "widen"),
			MaxWindow: rapid.Float64Range(1, 500).Draw(t, "max"),
		}
		var tickets []formation.Ticket
		for i := range rapid.IntRange(0, 60).Draw(t, "n") {
			tickets = append(tickets, formation.Ticket{
				ID: fmt.Sprint(i), Size: rapid.IntRange(0, 8).Draw(t, "s"), Key: rapid.SampledFrom([]string{"eu", "us"}).Draw(t, "k"),
				Skill: rapid.Float64Range(0, 1000).Draw(t, "mmr"), Since: ago(rapid.IntRange(0, 60).Draw(t, "age")),
			})
		}
		var open []formation.OpenMatch
		for i := range rapid.IntRange(0, 5).Draw(t, "m") {
			o := formation.OpenMatch{ID: fmt.Sprint("m", i), Key: rapid.SampledFrom([]string{"eu", "us"}).Draw(t, "mk"), Skill: rapid.Float64Range(0, 1000).Draw(t, "ms")}
			for range q.Teams {
				o.Open = append(o.Open, rapid.IntRange(0, q.TeamSize).Draw(t, "o"))
			}
			open = append(open, o)
		}
		check(t, q, tickets, open, formation.Form(now, q, formation.Pool{Tickets: tickets, Open: open}, nil))
	})
}

// load is the load of the numbers in docs/performance.md: mixed parties of 1-5, 5v5, four regions.
func load(n int, seed uint64) []formation.Ticket {
	rng := rand.New(rand.NewPCG(seed, 0))
	tickets := make([]formation.Ticket, n)
	for i := range tickets {
		tickets[i] = formation.Ticket{
			ID: fmt.Sprintf("t%07d", i), Size: 1 + rng.IntN(5), Key: []string{"eu", "us", "as", "sa"}[rng.IntN(4)],
			Skill: 1500 + 300*rng.NormFloat64(), Since: now.Add(-time.Duration(rng.Int64N(int64(30 * time.Second)))),
		}
	}
	return tickets
}

func TestForm_LoadIsMostlyPlaced(t *testing.T) {
	tickets := load(4000, 1)
	res := form(ranked, tickets...)
	check(t, ranked, tickets, nil, res)
	placed := 0
	for _, m := range res.Matches {
		placed += len(m.Placements)
	}
	if placed < 4000*8/10 {
		t.Errorf("%d of 4000 tickets placed in one pass", placed)
	}
}

// A pass that runs out of time has matched the oldest tickets as a pass with enough time does.
func TestForm_BudgetServesTheOldest(t *testing.T) {
	for _, n := range []int{2000, 70_000} { // large pools are served in sixteen groups by age
		tickets := load(n, 1)
		asked := 0
		some := formation.Form(now, ranked, formation.Pool{Tickets: tickets}, func() bool { asked++; return asked <= n/16/3 })
		all := form(ranked, tickets...)
		if len(some.Matches) >= len(all.Matches) || len(some.Matches) < len(all.Matches)/4 || !reflect.DeepEqual(some.Matches, all.Matches[:len(some.Matches)]) {
			t.Fatalf("%d tickets: %d matches, %d without a budget; want the first of them", n, len(some.Matches), len(all.Matches))
		}
		byAge := make([]int, n)
		for i := range byAge {
			byAge[i] = i
		}
		slices.SortFunc(byAge, func(a, b int) int { return tickets[a].Since.Compare(tickets[b].Since) })
		age := make([]int, n)
		for rank, ticket := range byAge {
			age[ticket] = rank
		}
		last := 0
		for _, m := range some.Matches {
			oldest := n
			for _, p := range m.Placements {
				oldest = min(oldest, age[p.Ticket])
			}
			if oldest < last-n/16 {
				t.Fatalf("%d tickets: a match around the ticket of age %d after one around that of age %d", n, oldest, last)
			}
			last = max(last, oldest)
		}
	}
}

// A warm pass allocates little beyond its result.
func TestForm_Garbage(t *testing.T) {
	pool := formation.Pool{Tickets: load(20_000, 1)}
	matches := len(formation.Form(now, ranked, pool, nil).Matches)
	allocations := testing.AllocsPerRun(5, func() { formation.Form(now, ranked, pool, nil) })
	if allocations > 1.1*float64(matches) {
		t.Errorf("%.0f allocations for %d matches", allocations, matches)
	}
}

func BenchmarkForm(b *testing.B) {
	sizes := []int{4_000, 10_000, 100_000, 1_000_000}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, n := range sizes {
		tickets := load(n, 1)
		b.Run(fmt.Sprintf("tickets=%d", n), func(b *testing.B) {
			for b.Loop() {
				form(ranked, tickets...)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/ticket")
		})
	}
}
