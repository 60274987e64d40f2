package queue

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"partyline/matchmaking/formation"
	"partyline/party"
)

// snapshot is what a pass left waiting in a queue. It is immutable.
type snapshot struct {
	queue    formation.Queue
	pool     formation.Pool
	statuses *sync.Map // by ticket: what its players are told, computed once
}

// board shows players and operators what waits. Safe for concurrent use.
type board struct {
	*liveness
	history   *history
	snapshots atomic.Pointer[map[string]snapshot] // by queue: what the last pass left waiting
}

// Waiting counts the waiting tickets that this process knows.
func (b *board) Waiting() int { return b.book.Waiting() }

// Ages returns how long a party has waited in each queue.
func (b *board) Ages(id party.ID) map[string]party.Age {
	if !b.Processing {
		return nil
	}
	return b.book.Ages(id)
}

// Status tells the members of a party why it has no match yet. Without a party it tells a player about all tickets with
// a seat for them.
func (b *board) Status(ctx context.Context, caller party.Caller, partyID string) (party.QueueStatus, error) {
	tickets := b.book.OfUser(caller.UserID)
	if partyID != "" {
		v, err := b.Roster.ViewAs(ctx, caller, partyID)
		if err != nil {
			return party.QueueStatus{}, err
		}
		tickets = b.book.OfParty(v.ID)
	}
	status := party.QueueStatus{Tickets: []party.QueueTicket{}}
	for _, t := range tickets {
		if t.Queue != "" && b.membersPresent(ctx, t) {
			status.Tickets = append(status.Tickets, b.statusOf(t))
		}
	}
	return status, nil
}

func (b *board) statusOf(t Ticket) party.QueueTicket {
	sc, known := (*b.snapshots.Load())[t.Queue]
	if !known { // nobody waited there in the last pass
		sc = snapshot{queue: formation.FromRules(b.Policy().Queues[t.Queue]), statuses: &sync.Map{}}
	}
	once, _ := sc.statuses.LoadOrStore(t.ID, sync.OnceValue(func() party.QueueTicket { return b.explain(sc, t) }))
	status := once.(func() party.QueueTicket)()
	waited := max(0, b.Now().Sub(t.Since))
	status.Ticket, status.Queue, status.WaitedSec = t.ID, t.Queue, int64(waited/time.Second)
	status.ETA = b.history.estimate(t.Queue, len(t.Members), waited)
	status.Proposal = b.proposals.state(t.ID)
	return status
}

// explain compares a ticket with the others that a pass left. In a large pool that takes long.
func (b *board) explain(sc snapshot, t Ticket) party.QueueTicket {
	status := party.QueueTicket{HoldingBack: []party.HoldingBack{}}
	pool := sc.pool.Subset(b.book.liveOf(sc.pool.Tickets)) // without tickets that have ended since
	at := slices.IndexFunc(pool.Tickets, func(o formation.Ticket) bool { return o.ID == t.ID })
	status.Pool = len(pool.Tickets)
	if at < 0 { // the ticket has met no pass yet, so it waits for the next one
		if status.Pool > 0 {
			status.HoldingBack = append(status.HoldingBack, party.HoldingBack{Reason: string(formation.HeldByWaiting), Tickets: status.Pool})
		}
		status.Pool++
		pool, at = formation.Pool{Tickets: []formation.Ticket{{ID: t.ID, Size: 1, Since: t.Since}}}, 0
	}
	why := formation.Explain(b.Now(), sc.queue, pool, at)
	status.Window = party.QueueWindow{Skill: finite(why.Window), LatencyMS: finite(why.Latency)}
	status.InReach = why.InReach
	for _, h := range why.HoldingBack {
		status.HoldingBack = append(status.HoldingBack, party.HoldingBack{Reason: string(h.Reason), Tickets: h.Tickets})
	}
	return status
}

// Report shows operators every queue of the rules file, with the tickets of the last pass that have not ended since.
func (b *board) Report() []party.QueueReport {
	now, list := b.Now(), []party.QueueReport{}
	snapshots := *b.snapshots.Load()
	for _, name := range slices.Sorted(maps.Keys(b.Policy().Queues)) {
		r := party.QueueReport{Queue: name, Sizes: []party.QueueSize{}, ETA: b.history.estimate(name, 0, 0)}
		sizes := map[int]int{}
		waits := snapshots[name].pool.Tickets
		for _, i := range b.book.liveOf(waits) {
			t := &waits[i]
			r.Tickets, r.Players, r.OldestSec = r.Tickets+1, r.Players+t.Size, max(r.OldestSec, int64(now.Sub(t.Since)/time.Second))
			sizes[t.Size]++
		}
		for _, seats := range slices.Sorted(maps.Keys(sizes)) {
			r.Sizes = append(r.Sizes, party.QueueSize{Seats: seats, Tickets: sizes[seats]})
		}
		for _, p := range b.proposals.list(name) {
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
