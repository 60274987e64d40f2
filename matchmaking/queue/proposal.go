package queue

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/matchmaking"
	"partyline/party"
)

// proposal is a match that its players are asked about. Nothing of it exists yet; its
// tickets are still the host's. Seats are those of a new match.
type proposal struct {
	id     int
	queue  string
	teams  []int // seats of each team
	region string
	parts  []*part
	// match is the one that a game server is asked for, and order what has become of that;
	// in a fill it is a running match, whose server is asked for slots.
	match string
	order *matchmaking.Order
	// ordered is when that was, and expected are those it was for.
	ordered  time.Time
	expected []string
	fill     bool
	// until is when the search for a replacement ends; zero while nobody is missing.
	until time.Time
}

// part is one ticket of a proposal.
type part struct {
	ticket   string
	team     int
	seats    int
	users    []string        // everybody who gets a seat
	asked    []string        // of those, who is on the ticket: a friend who came later is not asked
	accepted map[string]bool // by user
	by       time.Time       // when an answer is too late
}

func (p *part) answered() bool { return len(p.accepted) == len(p.asked) }

// open are the seats of each team that nobody has.
func (p *proposal) open() []int {
	open := slices.Clone(p.teams)
	for _, part := range p.parts {
		open[part.team] -= part.seats
	}
	return open
}

func (p *proposal) full() bool {
	return !slices.ContainsFunc(p.open(), func(n int) bool { return n > 0 })
}

// complete reports whether the match can be made.
func (p *proposal) complete() bool {
	return p.full() && !slices.ContainsFunc(p.parts, func(part *part) bool { return !part.answered() })
}

func (p *proposal) users() (all []string) {
	for _, part := range p.parts {
		all = append(all, part.users...)
	}
	return all
}

// state is what the players of a part are told.
func (p *proposal) state(of *part) party.ProposalState {
	accepted, needed := p.count()
	return party.ProposalState{Accepted: accepted, Needed: needed, AcceptBy: of.by.Unix()}
}

// count is of players: how many have accepted, and how many have to, those included who are
// still looked for.
func (p *proposal) count() (accepted, needed int) {
	for _, open := range p.open() {
		needed += open
	}
	for _, part := range p.parts {
		accepted, needed = accepted+len(part.accepted), needed+len(part.asked)
	}
	return accepted, needed
}

// proposals are those there are. A ticket, and a user, is in one at most. Safe for
// concurrent use; a proposal is only touched under the lock.
type proposals struct {
	mu       sync.Mutex
	next     int
	all      map[int]*proposal
	byTicket map[string]*proposal
}

func newProposals() *proposals {
	return &proposals{all: map[int]*proposal{}, byTicket: map[string]*proposal{}}
}

// begin adds a proposal and returns its ID.
func (ps *proposals) begin(p proposal) int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.next++
	p.id = ps.next
	ps.all[p.id] = &p
	for _, part := range p.parts {
		ps.byTicket[part.ticket] = &p
	}
	return p.id
}

// join puts tickets on the seats of others who were taken off, and returns the tickets that stayed; who
// has not answered yet has as long as the newcomers. It reports false for a proposal that has ended.
func (ps *proposals) join(id int, parts []*part) (stayed []*part, ok bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.all[id]
	if p == nil {
		return nil, false
	}
	stayed = slices.Clone(p.parts)
	for _, part := range stayed {
		part.by = parts[0].by
	}
	for _, part := range parts {
		p.parts = append(p.parts, part)
		ps.byTicket[part.ticket] = p
	}
	if p.full() {
		p.until = time.Time{}
	}
	return stayed, true
}

// answer notes what a user says to the proposal of a ticket. known is false where there is none, the
// user is not asked, or it is too late. The state is as the answer leaves it.
func (ps *proposals) answer(now time.Time, ticket, user string, accept bool) (state party.ProposalState, known bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p, mine := ps.find(ticket)
	if mine == nil || !slices.Contains(mine.asked, user) || !now.Before(mine.by) && !mine.answered() || !accept && p.complete() {
		return party.ProposalState{}, false
	}
	if !accept { // the whole ticket goes
		left := *p
		left.parts = slices.DeleteFunc(slices.Clone(p.parts), func(part *part) bool { return part == mine })
		return left.state(mine), true
	}
	mine.accepted[user] = true
	return p.state(mine), true
}

// state is what a ticket's proposal has come to; nil where its players are not asked.
func (ps *proposals) state(ticket string) *party.ProposalState {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p, mine := ps.find(ticket)
	if mine == nil || len(mine.asked) == 0 {
		return nil
	}
	state := p.state(mine)
	return &state
}

// seats are those a ticket has in its proposal; 0 where it is in none.
func (ps *proposals) seats(ticket string) int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if _, mine := ps.find(ticket); mine != nil {
		return mine.seats
	}
	return 0
}

// seat notes whom a ticket seats by now.
func (ps *proposals) seat(ticket string, users []string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if _, mine := ps.find(ticket); mine != nil {
		mine.users = slices.Clone(users)
	}
}

func (ps *proposals) find(ticket string) (*proposal, *part) {
	p := ps.byTicket[ticket]
	if p == nil {
		return nil, nil
	}
	return p, p.parts[slices.IndexFunc(p.parts, func(part *part) bool { return part.ticket == ticket })]
}

// remove takes a ticket off. The seats are looked after until the given time; a proposal
// that nobody is in any more ends.
func (ps *proposals) remove(ticket string, until time.Time) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.byTicket[ticket]
	if p == nil {
		return
	}
	delete(ps.byTicket, ticket)
	p.parts = slices.DeleteFunc(p.parts, func(part *part) bool { return part.ticket == ticket })
	if p.until.IsZero() {
		p.until = until
	}
	p.giveUp(errIncomplete) // the server was for other players
	if len(p.parts) == 0 {
		delete(ps.all, p.id)
	}
}

var errIncomplete = errors.New("a player has left the match")

// giveUp cancels what was asked of the fleet.
func (p *proposal) giveUp(cause error) {
	if p.order != nil {
		p.order.Cancel(cause)
	}
	p.match, p.order = "", nil
}

// await notes what was asked of the fleet for a proposal; one that has ended cancels it.
func (ps *proposals) await(id int, match string, order *matchmaking.Order, now time.Time) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.all[id]; p != nil && p.complete() {
		p.match, p.order, p.ordered, p.expected = match, order, now, p.users()
	} else {
		order.Cancel(errIncomplete)
	}
}

// abandon cancels what was asked of the fleet for a proposal whose match the host did not
// want; a new server is asked for.
func (ps *proposals) abandon(id int) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.all[id]; p != nil {
		p.giveUp(errIncomplete)
	}
}

// end takes a proposal away, with what it came to, and gives its tickets back.
func (ps *proposals) end(id int) (tickets []string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.all[id]
	if p == nil {
		return nil
	}
	delete(ps.all, id)
	for _, part := range p.parts {
		delete(ps.byTicket, part.ticket)
		tickets = append(tickets, part.ticket)
	}
	return tickets
}

// list copies the proposals of a queue, "" for all, the oldest first.
func (ps *proposals) list(queue string) (list []proposal) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, p := range ps.all {
		if queue == "" || p.queue == queue {
			c := *p
			c.parts = make([]*part, len(p.parts))
			for i, old := range p.parts {
				fresh := *old
				fresh.accepted = maps.Clone(old.accepted)
				c.parts[i] = &fresh
			}
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b proposal) int { return a.id - b.id })
	return list
}
