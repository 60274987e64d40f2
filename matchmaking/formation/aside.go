package formation

import (
	"math"
	"slices"
	"time"
)

const (
	// asideReach is how many neighbours away another centre may be.
	asideReach = 64
	// asideAfter is how much longer a ticket waits for that than its window grows.
	asideAfter = 2
	// stuckAfter is how much longer it waits until others wait for it, soonStuck where no more tickets
	// wait than two matches have seats.
	stuckAfter = 3
	soonStuck  = 1.5
	// Who has waited for keptAfter times as long as a window grows, or for keptMost, waits for no other.
	keptAfter = 8
	keptMost  = 3 * time.Minute
)

// aside tries matches around the neighbours of a ticket that accept it, one, two, four and
// more of them away on both sides: one that has nobody on one side finds its match towards
// the other, where more play. Such a match spans more, so it is for those who have waited
// for long and whose windows grow no more.
func (f *pass) aside(at int) bool {
	if f.q.NoSkill || !f.settled(at) {
		return false
	}
	for _, step := range sides {
		centre, try := at, 1
		for n := 1; n <= asideReach && f.credit > 0; n++ {
			centre = int(step(&f.items[centre]))
			d := f.distance(at, centre)
			if math.IsInf(d, 1) {
				break
			}
			if n < try || d > f.items[centre].window || !f.welcome(at, centre) {
				continue
			}
			try *= 2
			if f.thorough() {
				if f.tighten(at, centre) {
					return true
				}
				continue
			}
			f.credit--
			f.reset(at, centre)
			f.gather(centre, tightSeats*f.capacity)
			if f.seats >= f.capacity && f.suits(at, centre) {
				return true
			}
		}
	}
	return false
}

// sides are the steps to the next unmatched ticket on both sides.
var sides = [...]func(*item) int32{func(it *item) int32 { return it.next }, func(it *item) int32 { return it.prev }}

// stuck reports whether a ticket has waited for so long that others have to wait for it.
func (f *pass) stuck(at int) bool {
	if f.matchOf == nil || f.q.MaxWindow <= 0 || f.q.WidenPerSec <= 0 || !f.fits(at) {
		return false
	}
	if len(f.items) <= 2*f.q.Teams*f.q.TeamSize {
		return f.grown(at, soonStuck)
	}
	return f.grown(at, stuckAfter)
}

// keep leaves the tickets that are nearest to a stuck one to it in this pass while they do not add up to a
// match: else younger ones, who have others to play with, take them away from it time and again. Where they
// do, a rule stands between them, and more of them would not help. Nobody is left to it for ever: it may never
// have a match. It has looked for one in this pass itself, and is in nobody's way.
func (f *pass) keep(at int) {
	f.setTeam(f.q.TeamSize)
	if f.near != nil {
		f.region = f.near[at]
	}
	f.reset(at, at)
	f.gather(at, f.capacity)
	f.take(at)
	if f.seats >= f.capacity && f.adds(at) {
		return
	}
	for _, near := range f.found[1:] {
		if f.waited(near) < keptMost && !f.grown(near, keptAfter) {
			f.take(near)
		}
	}
}

// settled reports whether the ticket's window has reached its full width for long.
func (f *pass) settled(at int) bool {
	return f.q.WidenPerSec <= 0 || f.q.MaxWindow > 0 && f.grown(at, asideAfter)
}

// grown reports whether a ticket has waited for so many times as long as its window grows.
func (f *pass) grown(at int, times float64) bool {
	return windowAt(f.q, time.Duration(float64(f.waited(at))/times)) >= f.q.MaxWindow
}

// centred reports whether one of those picked accepts all others and is accepted by them.
func (f *pass) centred() bool {
	return slices.ContainsFunc(f.pick, func(c picked) bool {
		return !slices.ContainsFunc(f.pick, func(p picked) bool {
			d := math.Abs(f.items[c.at].skill - f.items[p.at].skill)
			return d > f.items[c.at].window || d > f.items[p.at].window
		})
	})
}
