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
	// packingStepsFloor, and packingStepsPerTicket for each ticket, limit the steps of a pass for packing and for the
	// best split of teams. After that a packing has fewSteps only, and swaps even out the teams.
	packingStepsFloor     = 1 << 20
	packingStepsPerTicket = 64
	// regionsFree is how many of its nearest regions are tried for every ticket. More are tried while search steps are
	// left: the oldest tickets come first.
	regionsFree = 2
	// smallPoolSize is the largest pool with a search for the best match around every ticket, and with repair. In
	// larger pools the oldest maxBestSearches tickets with enough others in reach get such a search, without repair.
	smallPoolSize   = 1024
	maxBestSearches = 128
	// searchStepsFloor, and one more for ticketsPerSearchStep tickets, limit how many packings a pass tries beyond the
	// nearest tickets. It is as many as small pools can need. In large pools it is enough for some tickets, the oldest.
	searchStepsFloor     = 4096
	ticketsPerSearchStep = 64
	// tightSeats limits the tickets looked at around a centre: their seats, in matches.
	tightSeats = 3
	// neighbourReach is how many neighbours away another centre may be.
	neighbourReach = 64
)

// reaches are the sizes of the pools that are tried one after the other, in matches.
var reaches = [...]float64{1, 1.3, 2}

// search looks for matches around tickets of a sorted pool.
type search struct {
	sorted sortedPool
	trial
	budget

	gathering gathering
	packing   packing
	balancing balancing

	regions   []int // scratch: regions of an anchor
	bySkill   []int // scratch: found tickets by skill
	stretches []stretch
}

// trial is the match that is tried.
type trial struct {
	teamSize int    // seats of a team
	capacity int    // seats of all teams
	maxDiff  int    // largest allowed difference between its teams' largest tickets
	region   uint64 // where it is played; one of regionBits
}

// budget is the work that a pass may still do.
type budget struct {
	searchSteps  int  // search steps left for more than a good match
	packingSteps int  // packing steps left before searches become shorter
	bestSearches int  // tickets that may still get a search for the best match
	quick        bool // search for a good match only
}

// spend takes one search step if there is one left.
func (b *budget) spend() bool {
	if b.searchSteps <= 0 {
		return false
	}
	b.searchSteps--
	return true
}

// searchPool keeps the memory of finished searches for the next ones.
var searchPool = sync.Pool{New: func() any {
	s := new(search)
	s.gathering = gathering{sorted: &s.sorted, trial: &s.trial}
	s.packing = packing{sorted: &s.sorted, trial: &s.trial, budget: &s.budget}
	s.balancing = balancing{sorted: &s.sorted, trial: &s.trial, budget: &s.budget}
	return s
}}

func newSearch(now time.Time, q Queue, p Pool) *search {
	s, n := searchPool.Get().(*search), len(p.Tickets)
	s.sorted.build(now, q, p)
	s.budget = budget{searchSteps: searchStepsFloor + n/ticketsPerSearchStep, packingSteps: packingStepsFloor + packingStepsPerTicket*n, bestSearches: maxBestSearches}
	if s.sorted.isSmall() {
		s.bestSearches = math.MaxInt
	}
	s.packing.sizes, s.packing.used = sizedTo(s.packing.sizes, q.TeamSize+1), sizedTo(s.packing.used, q.TeamSize+1)
	s.balancing.sums, s.balancing.largest = sizedTo(s.balancing.sums, q.Teams), sizedTo(s.balancing.largest, q.Teams)
	return s
}

// done gives the memory back.
func (s *search) done() {
	s.sorted.pool, s.sorted.regionBits, s.sorted.apart = Pool{}, nil, nil
	searchPool.Put(s)
}

// around tries to form a match with the ticket at a position. It tries full teams before smaller ones, and teams with
// similar largest tickets before others.
func (s *search) around(at int) (Match, bool) {
	l, q, size := &s.sorted, &s.sorted.q, s.sorted.size(at)
	if q.FullParty && size == q.Teams*q.TeamSize {
		l.markMatched(at)
		return Match{Placements: []Placement{{Ticket: int(l.tickets[at])}}, TeamSize: q.TeamSize}, true
	}
	if !l.fitsTeam(at) {
		return Match{}, false
	}
	var waited time.Duration
	if q.MinTeamSize > 0 || q.Parity.Mode == rules.ParityPrefer { // reading the ticket itself is slow
		waited = l.waited(at)
	}
	smallest := max(q.smallestTeam(waited), size)
	first, last := q.parityLimits(waited)
	for team := q.TeamSize; team >= smallest; team-- {
		s.setTeam(team)
		if size == s.capacity && !q.FullParty {
			break
		}
		if s.choose(at, first) || first != last && s.choose(at, last) {
			return s.takeMatch(), true
		}
	}
	return Match{}, false
}

// setTeam sets the size of the teams that are tried.
func (s *search) setTeam(size int) { s.teamSize, s.capacity = size, s.sorted.q.Teams*size }

// choose finds tickets that fill a match with the one at a position. It tries the best region first. In each it tries
// the nearest tickets first, because they make the better match.
func (s *search) choose(at, diff int) bool {
	s.maxDiff = diff
	if s.sorted.regionBits == nil {
		return s.chooseInRegion(at)
	}
	for n, region := range s.nearestRegions(at) {
		if n >= regionsFree && !s.spend() {
			return false
		}
		s.region = 1 << region
		if s.chooseInRegion(at) {
			return true
		}
	}
	return false
}

// nearestRegions returns the regions that the ticket at a position accepts, the nearest first.
func (s *search) nearestRegions(at int) []int {
	s.regions = s.regions[:0]
	for r := range s.sorted.q.Latency.Regions {
		if s.sorted.regionBits[at]&(1<<r) != 0 {
			s.regions = append(s.regions, r)
		}
	}
	ms := s.sorted.ticket(at).Latency
	slices.SortStableFunc(s.regions, func(a, b int) int { return cmp.Compare(ms[a], ms[b]) })
	return s.regions
}

func (s *search) chooseInRegion(at int) bool {
	if s.thorough() {
		return s.findTightest(at, at) || s.ofEachSize(at) || s.tryNeighbours(at)
	}
	s.gathering.reset(at, at)
	first := 0
	if s.sorted.q.NoSkill {
		first = 1 // a larger pool lets large tickets go before small ones
	}
	for _, reach := range reaches[first:] {
		more := s.gathering.addNearest(int(math.Ceil(reach * float64(s.capacity))))
		if s.tryPack(at) {
			return true
		}
		if !more {
			return s.tryNeighbours(at)
		}
	}
	return s.spend() && (s.ofEachSize(at) || s.tryNeighbours(at))
}

// thorough reports whether to search for the best match and not only for a good one.
func (s *search) thorough() bool {
	return !s.quick && s.searchSteps > 0 && s.bestSearches > 0 && !s.sorted.q.NoSkill
}

func (s *search) ofEachSize(at int) bool {
	s.gathering.ofEachSize(at)
	return s.tryPack(at)
}

// stretch is a run of found tickets, in the order of skill, that includes the anchor.
type stretch struct {
	from, to int
	apart    float64
}

// findTightest finds the match with the anchor that spans least skill, among the tickets around a centre. It tries the
// runs of tickets with enough seats, the narrowest first.
func (s *search) findTightest(anchor, centre int) bool {
	g := &s.gathering
	g.around(anchor, centre, tightSeats*s.capacity)
	if g.seats < s.capacity {
		return false
	}
	if s.bestSearches--; !g.canAddUp() {
		return false
	}
	s.listStretches(anchor)
	for _, of := range s.stretches {
		g.setFound(anchor, s.bySkill[of.from:of.to+1]...)
		if !g.canAddUp() {
			continue
		}
		if s.searchSteps--; s.searchSteps <= 0 {
			return false
		}
		if s.tryPack(centre) {
			return true
		}
	}
	return false
}

// listStretches lists the stretches with enough seats for a match, and up to twice as many.
func (s *search) listStretches(anchor int) {
	all := append(s.bySkill[:0], s.gathering.found...)
	slices.Sort(all)
	home := slices.Index(all, anchor)
	s.bySkill, s.stretches = all, s.stretches[:0]
	for from := home; from >= 0; from-- {
		seats := 0
		for to := from; to < len(all) && seats <= 2*s.capacity; to++ {
			if seats += s.sorted.size(all[to]); seats >= s.capacity && to >= home {
				s.stretches = append(s.stretches, stretch{from, to, s.sorted.items[all[to]].skill - s.sorted.items[all[from]].skill})
			}
		}
	}
	// Of equally narrow stretches, the one with most tickets goes first.
	slices.SortFunc(s.stretches, func(a, b stretch) int {
		return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(b.to-b.from, a.to-a.from), cmp.Compare(a.from, b.from))
	})
}

// tryNeighbours tries matches around neighbours of a ticket that accept it: one, two, four and more away on both sides.
// A ticket with nobody on one side finds its match towards the other, where more tickets are. Such a match spans more
// skill. So it is only for tickets that have waited long and have fully grown windows.
func (s *search) tryNeighbours(at int) bool {
	l, q := &s.sorted, &s.sorted.q
	if q.NoSkill || !q.settled(l.waited(at)) {
		return false
	}
	for _, step := range directions {
		centre, try := at, 1
		for n := 1; n <= neighbourReach && s.searchSteps > 0; n++ {
			centre = int(step(&l.items[centre]))
			d := l.distance(at, centre)
			if math.IsInf(d, 1) {
				break
			}
			if n < try || !s.gathering.acceptable(at, centre, d) {
				continue
			}
			try *= 2
			if s.tryNeighbour(at, centre) {
				return true
			}
		}
	}
	return false
}

// tryNeighbour tries a match around a neighbour of the anchor.
func (s *search) tryNeighbour(anchor, centre int) bool {
	if s.thorough() {
		return s.findTightest(anchor, centre)
	}
	s.searchSteps--
	s.gathering.around(anchor, centre, tightSeats*s.capacity)
	return s.tryPack(centre)
}

// directions are the steps to the next unmatched ticket on both sides.
var directions = [...]func(*item) int32{func(it *item) int32 { return it.next }, func(it *item) int32 { return it.prev }}

// tryPack packs the found tickets into even teams, and reports whether these keep the rules.
func (s *search) tryPack(centre int) bool {
	found := s.gathering.found
	if !s.gathering.canAddUp() || !s.packing.pack(found, centre) || centre != found[0] && !s.packing.hasCentre() {
		return false
	}
	s.balancing.balance(s.packing.pick)
	q := &s.sorted.q
	return q.NoSkill || q.TeamSpread == 0 || s.balancing.gap() <= q.TeamSpread
}

// takeMatch takes the picked tickets and returns their match.
func (s *search) takeMatch() Match {
	m := Match{TeamSize: s.teamSize, Region: s.packing.bestRegion(), TeamGap: s.balancing.gap()}
	m.Placements = make([]Placement, len(s.packing.pick))
	for i, p := range s.packing.pick {
		s.sorted.markMatched(p.at)
		m.Placements[i] = Placement{Ticket: int(s.sorted.tickets[p.at]), Team: p.team}
	}
	slices.SortStableFunc(m.Placements, func(a, b Placement) int { return a.Team - b.Team })
	return m
}
