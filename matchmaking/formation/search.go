package formation

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"partyline/party/rules"
)

const (
	// effortFloor, and effortShare for each ticket, limit the steps of a pass for packing and for the best split of
	// teams. After that a packing has fewSteps only, and swaps even out the teams.
	effortFloor = 1 << 20
	effortShare = 64
	// regionsFree is how many of its nearest regions are tried for every ticket. More are tried while there is credit:
	// the oldest tickets come first.
	regionsFree = 2
	// thoroughMost is the largest pool with a search for the best match around every ticket, and with repair. In larger
	// pools careMost tickets get such a search: the oldest that have enough others in reach. There is no repair.
	thoroughMost = 1024
	careMost     = 128
	// creditFloor, and creditShare for tickets, limit how many packings a pass tries beyond the nearest tickets. It is
	// as many as small pools can need. In large pools it is enough for some tickets, the oldest.
	creditFloor = 4096
	creditShare = 64
	// tightSeats limits the tickets looked at around a centre: their seats, in matches.
	tightSeats = 3
	// asideReach is how many neighbours away another centre may be.
	asideReach = 64
	// slotBlock is for how many placements memory is allocated at a time.
	slotBlock = 1024
)

// reaches are the sizes of the pools that are tried one after the other, in matches.
var reaches = [...]float64{1, 1.3, 2}

// search looks for matches around tickets of a line.
type search struct {
	line line
	trial
	budget

	gathering gathering
	packing   packing
	balancing balancing

	regions   []int // scratch: regions of an anchor
	bySkill   []int // scratch: found tickets by skill
	stretches []stretch
	slots     []Placement // memory for the placements of the next matches
}

// trial is the match that is tried.
type trial struct {
	team     int    // seats of a team
	capacity int    // seats of all teams
	diff     int    // largest allowed difference between its teams' largest tickets
	region   uint64 // where it is played; a bit of near
}

// budget is the work that a pass may still do.
type budget struct {
	credit int  // search steps left for more than a good match
	effort int  // packing steps left before searches become shorter
	care   int  // tickets that may still get a search for the best match
	lean   bool // search for a good match only
}

// spend takes one search step if there is one left.
func (b *budget) spend() bool {
	if b.credit <= 0 {
		return false
	}
	b.credit--
	return true
}

// searches keeps the memory of finished searches for the next ones.
var searches = sync.Pool{New: func() any {
	s := new(search)
	s.gathering = gathering{line: &s.line, trial: &s.trial}
	s.packing = packing{line: &s.line, trial: &s.trial, budget: &s.budget}
	s.balancing = balancing{line: &s.line, trial: &s.trial, budget: &s.budget}
	return s
}}

func newSearch(now time.Time, q Queue, p Pool) *search {
	s, n := searches.Get().(*search), len(p.Tickets)
	s.line.fill(now, q, p)
	s.budget = budget{credit: creditFloor + n/creditShare, effort: effortFloor + effortShare*n, care: careMost}
	if s.line.small() {
		s.care = math.MaxInt
	}
	s.packing.sizes, s.packing.used = sizedTo(s.packing.sizes, q.TeamSize+1), sizedTo(s.packing.used, q.TeamSize+1)
	s.balancing.sums, s.balancing.largest = sizedTo(s.balancing.sums, q.Teams), sizedTo(s.balancing.largest, q.Teams)
	return s
}

// done gives the memory back. The matches made belong to the caller.
func (s *search) done() {
	s.line.pool, s.line.near, s.line.apart, s.slots = Pool{}, nil, nil, nil
	searches.Put(s)
}

// around tries to form a match with the ticket at a position. It tries full teams before smaller ones, and teams with
// similar largest tickets before others.
func (s *search) around(at int) (Match, bool) {
	l, q, size := &s.line, &s.line.q, s.line.size(at)
	if q.FullParty && size == q.Teams*q.TeamSize {
		l.take(at)
		return Match{Placements: []Placement{{Ticket: int(l.tickets[at])}}, TeamSize: q.TeamSize}, true
	}
	if !l.fits(at) {
		return Match{}, false
	}
	var waited time.Duration
	if q.MinTeamSize > 0 || q.Parity.Mode == rules.ParityPrefer { // reading the ticket itself is slow
		waited = l.waited(at)
	}
	smallest := max(q.smallestTeam(waited), size)
	first, last := q.differences(waited)
	for team := q.TeamSize; team >= smallest; team-- {
		s.setTeam(team)
		if size == s.capacity && !q.FullParty {
			break
		}
		if s.choose(at, first) || first != last && s.choose(at, last) {
			return s.match(), true
		}
	}
	return Match{}, false
}

// setTeam sets the size of the teams that are tried.
func (s *search) setTeam(size int) { s.team, s.capacity = size, s.line.q.Teams*size }

// choose finds tickets that fill a match with the one at a position. It tries the best region first. In each it tries
// the nearest tickets first, because they make the better match.
func (s *search) choose(at, diff int) bool {
	s.diff = diff
	if s.line.near == nil {
		return s.chooseHere(at)
	}
	for n, region := range s.nearestRegions(at) {
		if n >= regionsFree && !s.spend() {
			return false
		}
		s.region = 1 << region
		if s.chooseHere(at) {
			return true
		}
	}
	return false
}

// nearestRegions returns the regions that the ticket at a position accepts, the nearest first.
func (s *search) nearestRegions(at int) []int {
	s.regions = s.regions[:0]
	for r := range s.line.q.Latency.Regions {
		if s.line.near[at]&(1<<r) != 0 {
			s.regions = append(s.regions, r)
		}
	}
	ms := s.line.ticket(at).Latency
	slices.SortStableFunc(s.regions, func(a, b int) int { return cmp.Compare(ms[a], ms[b]) })
	return s.regions
}

func (s *search) chooseHere(at int) bool {
	if s.thorough() {
		return s.tighten(at, at) || s.ofEachSize(at) || s.aside(at)
	}
	s.gathering.reset(at, at)
	first := 0
	if s.line.q.NoSkill {
		first = 1 // a larger pool lets large tickets go before small ones
	}
	for _, reach := range reaches[first:] {
		more := s.gathering.nearby(int(math.Ceil(reach * float64(s.capacity))))
		if s.suits(at) {
			return true
		}
		if !more {
			return s.aside(at)
		}
	}
	return s.spend() && (s.ofEachSize(at) || s.aside(at))
}

// thorough reports whether to search for the best match and not only for a good one.
func (s *search) thorough() bool {
	return !s.lean && s.credit > 0 && s.care > 0 && !s.line.q.NoSkill
}

func (s *search) ofEachSize(at int) bool {
	s.gathering.ofEachSize(at)
	return s.suits(at)
}

// stretch is a run of found tickets, in the order of skill, that includes the anchor.
type stretch struct {
	from, to int
	apart    float64
}

// tighten finds the match with the anchor that spans least skill, among the tickets around a centre. It tries the runs
// of tickets with enough seats, the narrowest first.
func (s *search) tighten(anchor, centre int) bool {
	g := &s.gathering
	g.around(anchor, centre, tightSeats*s.capacity)
	if g.seats < s.capacity {
		return false
	}
	if s.care--; !g.addUp() {
		return false
	}
	s.cut(anchor)
	for _, of := range s.stretches {
		g.only(anchor, s.bySkill[of.from:of.to+1]...)
		if !g.addUp() {
			continue
		}
		if s.credit--; s.credit <= 0 {
			return false
		}
		if s.suits(centre) {
			return true
		}
	}
	return false
}

// cut lists the stretches with enough seats for a match, and up to twice as many.
func (s *search) cut(anchor int) {
	all := append(s.bySkill[:0], s.gathering.found...)
	slices.Sort(all)
	home := slices.Index(all, anchor)
	s.bySkill, s.stretches = all, s.stretches[:0]
	for from := home; from >= 0; from-- {
		seats := 0
		for to := from; to < len(all) && seats <= 2*s.capacity; to++ {
			if seats += s.line.size(all[to]); seats >= s.capacity && to >= home {
				s.stretches = append(s.stretches, stretch{from, to, s.line.items[all[to]].skill - s.line.items[all[from]].skill})
			}
		}
	}
	// Of equally narrow stretches, the one with most tickets goes first.
	slices.SortFunc(s.stretches, func(a, b stretch) int {
		return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(b.to-b.from, a.to-a.from), cmp.Compare(a.from, b.from))
	})
}

// aside tries matches around neighbours of a ticket that accept it: one, two, four and more away on both sides. A
// ticket with nobody on one side finds its match towards the other, where more tickets are. Such a match spans more
// skill. So it is only for tickets that have waited long and have fully grown windows.
func (s *search) aside(at int) bool {
	l, q := &s.line, &s.line.q
	if q.NoSkill || !q.settled(l.waited(at)) {
		return false
	}
	for _, step := range sides {
		centre, try := at, 1
		for n := 1; n <= asideReach && s.credit > 0; n++ {
			centre = int(step(&l.items[centre]))
			d := l.distance(at, centre)
			if math.IsInf(d, 1) {
				break
			}
			if n < try || !s.gathering.welcome(at, centre, d) {
				continue
			}
			try *= 2
			if s.beside(at, centre) {
				return true
			}
		}
	}
	return false
}

// beside tries a match around a neighbour of the anchor.
func (s *search) beside(anchor, centre int) bool {
	if s.thorough() {
		return s.tighten(anchor, centre)
	}
	s.credit--
	s.gathering.around(anchor, centre, tightSeats*s.capacity)
	return s.suits(centre)
}

// sides are the steps to the next unmatched ticket on both sides.
var sides = [...]func(*item) int32{func(it *item) int32 { return it.next }, func(it *item) int32 { return it.prev }}

// suits packs the found tickets into even teams, and reports whether these keep the rules.
func (s *search) suits(centre int) bool {
	found := s.gathering.found
	if !s.gathering.addUp() || !s.packing.pack(found, centre) || centre != found[0] && !s.packing.centred() {
		return false
	}
	s.balancing.balance(s.packing.pick)
	q := &s.line.q
	return q.NoSkill || q.TeamSpread == 0 || s.balancing.gap() <= q.TeamSpread
}

// match takes the picked tickets and returns their match.
func (s *search) match() Match {
	n := len(s.packing.pick)
	if len(s.slots) < n {
		s.slots = make([]Placement, max(n, min(slotBlock, len(s.line.items))))
	}
	m := Match{Placements: s.slots[:n:n], TeamSize: s.team, Region: s.packing.region(), TeamGap: s.balancing.gap()}
	s.slots = s.slots[n:]
	for i, p := range s.packing.pick {
		s.line.take(p.at)
		m.Placements[i] = Placement{Ticket: int(s.line.tickets[p.at]), Team: p.team}
	}
	slices.SortStableFunc(m.Placements, func(a, b Placement) int { return a.Team - b.Team })
	return m
}
