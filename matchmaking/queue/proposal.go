package queue

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/matchmaking"
	"partyline/party"
	"partyline/party/rules"
)

// proposal is a match that is not made yet: its players are asked about it, or it waits for a game server or slots. The
// host still has its tickets. Its seats are those of a new match, or in a fill those that the tickets take.
type proposal struct {
	id           int
	queue        string
	rules        rules.Queue // of the queue when the match was found
	teams        []int       // seats of each team
	region       string
	parts        []part
	missingSince time.Time // when the search for a replacement began; zero while nobody is missing

	fill      bool               // of a running match
	match     string             // the running match, or the one that a game server is ordered for
	order     *matchmaking.Order // of that server, or of slots on it
	orderedAt time.Time
	expected  []string // users that the order was for
}

// part is one ticket of a proposal. Its lists are replaced, not changed, so that copies of a part can share them.
type part struct {
	ticket   string
	team     int
	seats    int
	users    []string  // everybody who gets a seat
	asked    []string  // the users on the ticket itself; a friend who came in later is not asked
	accepted []string  // those of them who have accepted
	deadline time.Time // the deadline for an answer
}

func (p *part) allAccepted() bool { return len(p.accepted) == len(p.asked) }

// freeSeats returns the number of free seats of each team.
func (p *proposal) freeSeats() []int {
	open := slices.Clone(p.teams)
	for _, part := range p.parts {
		open[part.team] -= part.seats
	}
	return open
}

func (p *proposal) full() bool {
	return !slices.ContainsFunc(p.freeSeats(), func(n int) bool { return n > 0 })
}

// complete reports whether the match can be made.
func (p *proposal) complete() bool {
	return p.full() && !slices.ContainsFunc(p.parts, func(part part) bool { return !part.allAccepted() })
}

func (p *proposal) users() (all []string) {
	for _, part := range p.parts {
		all = append(all, part.users...)
	}
	return all
}

// state returns what the players of a part are told.
func (p *proposal) state(of *part) party.ProposalState {
	accepted, needed := p.count()
	return party.ProposalState{Accepted: accepted, Needed: needed, AcceptBy: of.deadline.Unix()}
}

// count returns how many players have accepted and how many have to, including those who are still searched for.
func (p *proposal) count() (accepted, needed int) {
	for _, open := range p.freeSeats() {
		needed += open
	}
	for _, part := range p.parts {
		accepted, needed = accepted+len(part.accepted), needed+len(part.asked)
	}
	return accepted, needed
}

// remove removes a ticket.
func (p *proposal) remove(ticket string) {
	p.parts = slices.DeleteFunc(slices.Clone(p.parts), func(part part) bool { return part.ticket == ticket })
}

var errIncomplete = errors.New("a player has left the match")

// cancelOrder cancels the order of the proposal.
func (p *proposal) cancelOrder() {
	if p.order != nil {
		p.order.Cancel(errIncomplete)
	}
	p.match, p.order = "", nil
}

// proposals are all current proposals. A ticket or a user is in one at most. Safe for concurrent use: a proposal is
// only touched under the lock.
type proposals struct {
	mu       sync.Mutex
	next     int
	all      map[int]*proposal
	byTicket map[string]*proposal
}

func newProposals() *proposals {
	return &proposals{all: map[int]*proposal{}, byTicket: map[string]*proposal{}}
}

// ofTicket runs f under the lock, with the proposal of a ticket and the ticket's part in it. Without one it does
// nothing.
func (ps *proposals) ofTicket(ticket string, f func(p *proposal, mine *part)) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.byTicket[ticket]; p != nil {
		f(p, &p.parts[slices.IndexFunc(p.parts, func(part part) bool { return part.ticket == ticket })])
	}
}

// begin adds a proposal and returns its ID.
func (ps *proposals) begin(p proposal) int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.next++
	p.id = ps.next
	p.parts = slices.Clone(p.parts) // the caller reads its own while answers come
	ps.all[p.id] = &p
	for _, part := range p.parts {
		ps.byTicket[part.ticket] = &p
	}
	return p.id
}

// join puts tickets on the seats of those that were taken off, and returns the tickets that stayed. Players who have
// not answered yet get the newcomers' deadline. It returns false for a proposal that has ended.
func (ps *proposals) join(id int, parts []part) (stayed []part, ok bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.all[id]
	if p == nil {
		return nil, false
	}
	for i := range p.parts {
		p.parts[i].deadline = parts[0].deadline
	}
	stayed = slices.Clone(p.parts)
	p.parts = slices.Concat(p.parts, parts)
	for _, part := range parts {
		ps.byTicket[part.ticket] = p
	}
	if p.full() {
		p.missingSince = time.Time{}
	}
	return stayed, true
}

// answer notes a user's answer to the proposal of a ticket. known is false if there is no proposal, the user is not
// asked, or it is too late. state includes the answer; the whole ticket of a user who declines is about to leave.
func (ps *proposals) answer(now time.Time, ticket, user string, accept bool) (state party.ProposalState, known bool) {
	ps.ofTicket(ticket, func(p *proposal, mine *part) {
		known = slices.Contains(mine.asked, user) && (now.Before(mine.deadline) || mine.allAccepted()) && (accept || !p.complete())
		if known && accept && !slices.Contains(mine.accepted, user) {
			mine.accepted = append(slices.Clip(mine.accepted), user)
		}
		after := *p
		if !accept {
			after.remove(ticket)
		}
		state = after.state(mine)
	})
	return state, known
}

// state returns the state of a ticket's proposal; nil if its players are not asked.
func (ps *proposals) state(ticket string) (state *party.ProposalState) {
	ps.ofTicket(ticket, func(p *proposal, mine *part) {
		if len(mine.asked) > 0 {
			now := p.state(mine)
			state = &now
		}
	})
	return state
}

// seatsOf returns how many seats a ticket has in its proposal; 0 if it is in none.
func (ps *proposals) seatsOf(ticket string) (seats int) {
	ps.ofTicket(ticket, func(_ *proposal, mine *part) { seats = mine.seats })
	return seats
}

// setUsers sets the users that a ticket seats now.
func (ps *proposals) setUsers(ticket string, users []string) {
	ps.ofTicket(ticket, func(_ *proposal, mine *part) { mine.users = slices.Clone(users) })
}

// remove takes a ticket off its proposal. A replacement is searched for from now on. An empty proposal ends.
func (ps *proposals) remove(ticket string, now time.Time) {
	ps.ofTicket(ticket, func(p *proposal, _ *part) {
		delete(ps.byTicket, ticket)
		p.remove(ticket)
		if p.missingSince.IsZero() {
			p.missingSince = now
		}
		p.cancelOrder() // the server was for other players
		if len(p.parts) == 0 {
			delete(ps.all, p.id)
		}
	})
}

// setOrder stores the order for a proposal. It cancels the order if the proposal has ended or is not complete any more.
func (ps *proposals) setOrder(id int, match string, order *matchmaking.Order, now time.Time) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.all[id]; p != nil && p.complete() {
		p.match, p.order, p.orderedAt, p.expected = match, order, now, p.users()
	} else {
		order.Cancel(errIncomplete)
	}
}

// abandonOrder cancels the order of a proposal whose match the host did not take. A new server will be ordered.
func (ps *proposals) abandonOrder(id int) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.all[id]; p != nil {
		p.cancelOrder()
	}
}

// end removes a proposal and its answers, and returns its tickets.
func (ps *proposals) end(id int) (tickets []string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.all[id]; p != nil {
		for _, part := range p.parts {
			delete(ps.byTicket, part.ticket)
			tickets = append(tickets, part.ticket)
		}
	}
	delete(ps.all, id)
	return tickets
}

// list copies the proposals of a queue, the oldest first; "" means all queues.
func (ps *proposals) list(queue string) (list []proposal) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(ps.all)) {
		if p := *ps.all[id]; queue == "" || p.queue == queue {
			p.parts = slices.Clone(p.parts)
			list = append(list, p)
		}
	}
	return list
}
