package formation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/matchmaking/formation"
)

func TestForm_TeamSpread(t *testing.T) {
	q := formation.Queue{Teams: 2, TeamSize: 2, Window: 1000, TeamSpread: 50}
	tickets := []formation.Ticket{
		{ID: "a", Size: 2, Skill: 1000, Since: ago(9)},
		{ID: "b", Size: 2, Skill: 1100, Since: ago(8)},
	}
	if res := form(q, tickets...); len(res.Matches) != 0 {
		t.Errorf("teams are %v apart, more than %v", res.Matches[0].TeamGap, q.TeamSpread)
	}
	res := form(q, append(tickets, formation.Ticket{ID: "c", Size: 1, Skill: 940, Since: ago(3)}, formation.Ticket{ID: "d", Size: 1, Skill: 960, Since: ago(2)})...)
	if len(res.Matches) != 1 || res.Matches[0].TeamGap != 50 || slices.ContainsFunc(res.Matches[0].Placements, func(p formation.Placement) bool { return p.Ticket == 1 }) {
		t.Errorf("Form = %+v; want the oldest against the two others, 50 apart", res)
	}
}

// smallestGap is the smallest difference between two teams' mean skills over all ways to split the tickets.
func smallestGap(tickets []formation.Ticket, size int) float64 {
	best := math.Inf(1)
	for mask := range 1 << len(tickets) {
		seats, sum := [2]int{}, [2]float64{}
		for i, tk := range tickets {
			team := mask >> i & 1
			seats[team] += tk.Size
			sum[team] += tk.Skill * float64(tk.Size)
		}
		if seats[0] == size && seats[1] == size {
			best = min(best, math.Abs(sum[0]-sum[1])/float64(size))
		}
	}
	return best
}

func TestForm_TwoTeamsAreAsEvenAsCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 6).Draw(t, "size")
		var tickets []formation.Ticket
		for left := [2]int{size, size}; left[0]+left[1] > 0; {
			team := 0
			if left[0] == 0 {
				team = 1
			}
			n := rapid.IntRange(1, left[team]).Draw(t, "n")
			left[team] -= n
			tickets = append(tickets, formation.Ticket{ID: fmt.Sprint(len(tickets)), Size: n, Since: now, Skill: float64(rapid.IntRange(0, 1000).Draw(t, "mmr"))})
		}
		res := form(formation.Queue{Teams: 2, TeamSize: size, Window: 1000}, tickets...)
		if len(res.Matches) != 1 || len(res.Matches[0].Placements) != len(tickets) {
			t.Fatalf("Form = %+v; want all %d tickets in a match", res, len(tickets))
		}
		if want := smallestGap(tickets, size); math.Abs(res.Matches[0].TeamGap-want) > 1e-6 {
			t.Fatalf("teams are %v apart; %v is possible", res.Matches[0].TeamGap, want)
		}
	})
}

// canPlay reports whether tickets of these sizes fill all teams. It tries all ways.
func canPlay(sizes []int, room []int) bool {
	if !slices.ContainsFunc(room, func(r int) bool { return r > 0 }) {
		return true
	}
	if len(sizes) == 0 {
		return false
	}
	for team := range room {
		if sizes[0] >= 1 && sizes[0] <= room[team] {
			room[team] -= sizes[0]
			ok := canPlay(sizes[1:], room)
			room[team] += sizes[0]
			if ok {
				return true
			}
		}
	}
	return false
}

// No ticket waits that could play: of the unmatched tickets, none finds a match among them. So the oldest is placed as
// soon as that is possible.
func TestForm_LeavesNobodyWhoCouldPlay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := formation.Queue{Teams: rapid.IntRange(1, 3).Draw(t, "teams"), TeamSize: rapid.IntRange(2, 5).Draw(t, "size"), NoSkill: true}
		var tickets []formation.Ticket
		for {
			tk := formation.Ticket{ID: fmt.Sprint(len(tickets)), Size: rapid.IntRange(1, q.TeamSize).Draw(t, "s"), Since: ago(rapid.IntRange(0, 60).Draw(t, "age"))}
			if q.Teams == 1 && tk.Size == q.TeamSize {
				tk.Size-- // it waits alone
			}
			if len(tickets) == 12 {
				break // more subsets would take too long to try
			}
			tickets = append(tickets, tk)
		}
		left := tickets
		for _, m := range form(q, tickets...).Matches {
			for _, p := range m.Placements {
				left = slices.DeleteFunc(slices.Clone(left), func(tk formation.Ticket) bool { return tk.ID == tickets[p.Ticket].ID })
			}
		}
		for i := range left {
			sizes := []int{left[i].Size}
			for j, tk := range left {
				if j != i {
					sizes = append(sizes, tk.Size)
				}
			}
			if mustPlay(sizes, q) {
				t.Fatalf("ticket %s of size %d could play with those left over: %+v", left[i].ID, left[i].Size, left)
			}
		}
	})
}

// A crowd of one size does not hide tickets that could complete it.
func TestForm_CrowdsOfOneSize(t *testing.T) {
	var tickets []formation.Ticket
	crowd := func(n, size int, skill float64, since time.Time) {
		for range n {
			tickets = append(tickets, formation.Ticket{ID: fmt.Sprint(len(tickets)), Size: size, Skill: skill, Since: since})
		}
	}
	crowd(200, 4, 1000, ago(50))
	crowd(200, 3, 1010, ago(40))
	crowd(200, 2, 1020, ago(30))
	crowd(300, 1, 1030, ago(20))
	for _, noSkill := range []bool{true, false} {
		q := ranked
		q.NoSkill = noSkill
		res := form(q, tickets...)
		check(t, q, tickets, nil, res)
		placed := map[int]int{} // by size
		for _, m := range res.Matches {
			for _, p := range m.Placements {
				placed[tickets[p.Ticket].Size]++
			}
		}
		if placed[4] != 200 || placed[3] != 200 || placed[2] != 200 || placed[1] < 200 {
			t.Errorf("placed of each size: %v; all of 2 to 4 can be", placed)
		}
	}
}

// mustPlay reports whether the first ticket has a match among the others. It tries every subset.
func mustPlay(sizes []int, q formation.Queue) bool {
	others := sizes[1:]
	for mask := range 1 << len(others) {
		chosen, sum := []int{sizes[0]}, sizes[0]
		for i, s := range others {
			if mask>>i&1 == 1 {
				chosen, sum = append(chosen, s), sum+s
			}
		}
		if sum != q.Teams*q.TeamSize {
			continue
		}
		room := make([]int, q.Teams)
		for i := range room {
			room[i] = q.TeamSize
		}
		if canPlay(chosen, room) {
			return true
		}
	}
	return false
}

// Large matches are evened out without trying all ways.
func TestForm_ManyTickets(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, q := range []formation.Queue{{Teams: 2, TeamSize: 60, Window: 3000}, {Teams: 10, TeamSize: 8, Window: 3000}} {
		var tickets []formation.Ticket
		for i := range q.Teams * q.TeamSize {
			tickets = append(tickets, formation.Ticket{ID: fmt.Sprint(i), Size: 1, Skill: 1500 + 300*rng.NormFloat64(), Since: ago(i)})
		}
		res := form(q, tickets...)
		check(t, q, tickets, nil, res)
		if len(res.Matches) != 1 || res.Matches[0].TeamGap > 60 {
			t.Errorf("%d teams of %d: %d matches, %v apart", q.Teams, q.TeamSize, len(res.Matches), res.Matches[0].TeamGap)
		}
	}
}

func TestForm_OddTickets(t *testing.T) {
	tickets := []formation.Ticket{
		{ID: "before 1970", Size: 5, Skill: -100, Since: time.Unix(-5, 0)},
		{ID: "huge", Size: math.MaxInt, Since: now},
		{ID: "none", Size: 0, Since: now},
		{ID: "negative", Size: -3, Since: now},
		{ID: "from the future", Size: 5, Skill: math.Copysign(0, -1), Since: now.Add(time.Hour)},
	}
	q := ranked
	q.FullParty = true
	res := form(q, tickets...)
	if len(res.Matches) != 1 || len(res.Matches[0].Placements) != 2 || res.Matches[0].Placements[0].Ticket != 0 {
		t.Errorf("Form = %+v; want the two that can play, the oldest first", res.Matches)
	}
	if res := form(q); len(res.Matches)+len(res.Backfills) != 0 {
		t.Errorf("Form of nobody = %+v", res)
	}
}
