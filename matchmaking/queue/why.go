package queue

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"partyline/matchmaking/formation"
	"partyline/party"
)

// scene is what a pass left waiting in a queue. It is not changed any more.
type scene struct {
	queue formation.Queue
	pool  formation.Pool
}

// Status tells the members of a party why it has no match yet, and with no party a player of
// all tickets they are on.
func (s *Service) Status(ctx context.Context, caller party.Caller, partyID string) (party.QueueStatus, error) {
	tickets, err := s.ticketsOf(ctx, caller, partyID)
	if err != nil {
		return party.QueueStatus{}, err
	}
	status := party.QueueStatus{Tickets: []party.QueueTicket{}}
	for _, t := range tickets {
		if t.Queue != "" && s.manned(ctx, t) {
			status.Tickets = append(status.Tickets, s.statusOf(t))
		}
	}
	return status, nil
}

func (s *Service) ticketsOf(ctx context.Context, caller party.Caller, partyID string) ([]Ticket, error) {
	if partyID != "" {
		v, err := s.Roster.ViewAs(ctx, caller, partyID)
		if err != nil {
			return nil, err
		}
		return s.book.OfParty(v.ID), nil
	}
	tickets := s.book.OfUser(caller.UserID)
	in, err := s.Roster.PartiesOf(ctx, caller.UserID)
	if err != nil {
		return nil, err
	}
	for _, m := range in { // who came by an invite is not on the ticket
		for _, t := range s.book.OfParty(m.ID) {
			if !slices.ContainsFunc(tickets, func(o Ticket) bool { return o.ID == t.ID }) {
				tickets = append(tickets, t)
			}
		}
	}
	return tickets, nil
}

func (s *Service) statusOf(t Ticket) party.QueueTicket {
	now := s.Now()
	waited := max(0, now.Sub(t.Since))
	status := party.QueueTicket{Ticket: t.ID, Queue: t.Queue, WaitedSec: int64(waited / time.Second), HoldingBack: []party.HoldingBack{}}
	s.mu.Lock()
	sc, known := s.scenes[t.Queue]
	s.mu.Unlock()
	pool := s.living(sc.pool)
	at := slices.IndexFunc(pool.Tickets, func(o formation.Ticket) bool { return o.ID == t.ID })
	status.Pool = len(pool.Tickets)
	if at < 0 { // no pass has met it yet
		status.Pool++
		pool, at = formation.Pool{Tickets: []formation.Ticket{{ID: t.ID, Size: 1, Since: t.Since}}}, 0
	}
	if known {
		why := formation.Explain(now, sc.queue, pool, at)
		status.Window = party.QueueWindow{Skill: finite(why.Window), LatencyMS: finite(why.Latency)}
		status.InReach = why.InReach
		for _, h := range why.HoldingBack {
			status.HoldingBack = append(status.HoldingBack, party.HoldingBack{Reason: string(h.Reason), Tickets: h.Tickets})
		}
	}
	status.ETA = s.history.expect(t.Queue, len(t.Members), waited)
	status.Proposal = s.proposals.state(t.ID)
	return status
}

// living is a pool without the tickets that have ended since.
func (s *Service) living(all formation.Pool) formation.Pool {
	live := make([]int, 0, len(all.Tickets))
	s.book.eachLive(all.Tickets, func(i int) { live = append(live, i) })
	return all.Only(live)
}

// Report shows operators every queue of the rules file: what the last pass left and has not ended since.
func (s *Service) Report() []party.QueueReport { return s.report(s.book.eachLive) }

// report is of the tickets that each passes on.
func (s *Service) report(each func(of []formation.Ticket, f func(i int))) []party.QueueReport {
	now, list := s.Now(), []party.QueueReport{}
	s.mu.Lock()
	scenes := s.scenes
	s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.Policy().Queues)) {
		r := party.QueueReport{Queue: name, Sizes: []party.QueueSize{}, ETA: s.history.expect(name, 0, 0)}
		sizes := map[int]int{}
		waits := scenes[name].pool.Tickets
		each(waits, func(i int) {
			t := &waits[i]
			r.Tickets, r.Players, r.OldestSec = r.Tickets+1, r.Players+t.Size, max(r.OldestSec, int64(now.Sub(t.Since)/time.Second))
			sizes[t.Size]++
		})
		for _, seats := range slices.Sorted(maps.Keys(sizes)) {
			r.Sizes = append(r.Sizes, party.QueueSize{Seats: seats, Tickets: sizes[seats]})
		}
		for _, p := range s.proposals.list(name) {
			accepted, needed := p.count()
			r.Proposals, r.Accepted, r.Needed = r.Proposals+1, r.Accepted+accepted, r.Needed+needed
		}
		list = append(list, r)
	}
	return list
}

func finite(f float64) *float64 {
	if math.IsInf(f, 0) {
		return nil
	}
	return &f
}

// remember keeps what the pass left waiting, for those who ask.
func (p *pass) remember() {
	for _, w := range p.out {
		if _, live := p.book.Get(w.id); live && !w.ended {
			p.left[w.queue] = append(p.left[w.queue], w)
		}
	}
	scenes := map[string]scene{}
	for name, left := range p.left {
		q := p.cfg.Queues[name]
		scenes[name] = scene{formation.Of(q), formation.Pool{Tickets: forFormation(left), Apart: blockPairs(q, left)}}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scenes = scenes
}
