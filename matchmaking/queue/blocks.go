package queue

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// Blocks reads who blocks whom, in one query each.
type Blocks interface {
	By(ctx context.Context, users []string) ([]party.Block, error)    // blocks that the users made, 1000 at most
	Among(ctx context.Context, users []string) ([]party.Block, error) // blocks between the users
}

// blockChecker keeps players apart who have blocked each other. Safe for concurrent use.
type blockChecker struct {
	*tickets
	reads   chan struct{}  // the reads that run
	reading sync.WaitGroup // those, and the reads that wait for their turn
}

const (
	// readsAtOnce is for how many tickets blocks are read at the same time.
	readsAtOnce = 8
	// blocksWait is how long a pass waits for the blocks between its players. All players wait with it.
	blocksWait = 2 * time.Second
)

// read reads whom the users of a ticket block, so that no match is planned against a block. The session's next messages
// do not wait for it. A failure costs time only: each planned match is checked again.
func (k *blockChecker) read(ctx context.Context, t Ticket) {
	if q, ok := k.Policy().Queues[t.Queue]; !k.Processing || !ok || q.Blocks != rules.BlocksAvoid {
		return
	}
	k.reading.Go(func() {
		k.reads <- struct{}{}
		defer func() { <-k.reads }()
		if _, live := k.book.Get(t.ID); !live {
			return
		}
		_ = protected(k.Logger, "read blocks", t.Queue, func() {
			blocks, err := k.Blocks.By(context.WithoutCancel(ctx), distinctUsers(t.Members))
			if err != nil {
				k.Logger.Warn("blocks not read ticket=%s error=%v", t.ID, err)
				return
			}
			k.book.Blocked(t.ID, blocks)
		})
	})
}

// hasBlockWith reports whether a known block of the ticket is between its users and others.
func (w *poolTicket) hasBlockWith(others []string) bool {
	return slices.ContainsFunc(w.blocked, func(b party.Block) bool { return b.Between(w.everybody(), others) })
}

// maxExpecting is how many tickets that expect the same user [apartPairs] looks at, so that its cost stays in proportion
// to the tickets. The check of each planned match finds the others.
const maxExpecting = 8

// apartPairs returns the pairs of tickets in a pool that have a known block between them, or of which one seats a user
// whom the other expects.
func apartPairs(q rules.Queue, pool []*poolTicket) (pairs [][2]int) {
	avoid := q.Blocks == rules.BlocksAvoid
	if !slices.ContainsFunc(pool, func(w *poolTicket) bool { return avoid && len(w.blocked) > 0 || len(w.expected) > 0 }) {
		return nil
	}
	seating, expecting := map[string][]int{}, map[string][]int{} // tickets by user
	for i, w := range pool {
		for _, user := range w.lastKnownUsers() {
			seating[user] = append(seating[user], i)
		}
		for _, user := range w.expected {
			if len(expecting[user]) < maxExpecting {
				expecting[user] = append(expecting[user], i)
			}
		}
	}
	for i, w := range pool {
		for _, user := range w.expected {
			for _, j := range seating[user] {
				if i != j {
					pairs = append(pairs, [2]int{i, j})
				}
			}
		}
		if !avoid {
			continue
		}
		for _, b := range w.blocked {
			for _, user := range [...]string{b.By, b.Of} {
				for _, j := range slices.Concat(seating[user], expecting[user]) {
					if i != j && b.Between(w.everybody(), pool[j].everybody()) {
						pairs = append(pairs, [2]int{i, j})
					}
				}
			}
		}
	}
	return pairs
}

// mayNotMeet reports whether the ticket may not join a match that seats users and expects others: a known block is
// between them, or one side seats a user whom the other expects.
func (r *queueRun) mayNotMeet(w *poolTicket, users, expected []string) bool {
	return r.q.Blocks == rules.BlocksAvoid && (w.hasBlockWith(users) || w.hasBlockWith(expected)) || w.sharesUser(users, expected)
}

// apart returns the tickets that a block keeps out of each planned match. One query reads the blocks of all matches. If
// it fails, known is false and the checked tickets wait on.
func (k *blockChecker) apart(ctx context.Context, plans []*planned) (apart map[*planned][]*poolTicket, known bool) {
	if len(plans) == 0 {
		return nil, true
	}
	ctx, cancel := context.WithTimeout(ctx, blocksWait)
	defer cancel()
	apart = map[*planned][]*poolTicket{}
	var users []string
	for _, plan := range plans {
		apart[plan] = plan.tickets // until the query answers
		users = slices.Concat(users, plan.tickets.users(), plan.tickets.expected(), plan.others, plan.awaited)
	}
	slices.Sort(users)
	blocks, err := k.Blocks.Among(ctx, slices.Compact(users))
	if err != nil {
		k.Logger.Error("blocks not read, matches wait for the next pass matches=%d error=%v", len(apart), err)
		return apart, false
	}
	made := map[string][]party.Block{} // by the user who made them
	for _, b := range blocks {
		made[b.By] = append(made[b.By], b)
	}
	for plan := range apart {
		apart[plan] = k.against(plan, made)
	}
	return apart, true
}

// expectedElsewhere returns the tickets that are kept out of a planned match because they seat a user whom another
// ticket expects, or the other way round. Of two tickets it is the younger one.
func (plan *planned) expectedElsewhere() (out []*poolTicket) {
	for i, w := range plan.tickets {
		if w.sharesUser(plan.others, plan.awaited) || slices.ContainsFunc(plan.tickets[:i], func(o *poolTicket) bool { return w.sharesUser(o.users, o.expected) }) {
			out = append(out, w)
		}
	}
	return out
}

// against returns the tickets that are kept out of a planned match, also by blocks, which it notes on them. Of two
// tickets it is the younger one.
func (k *blockChecker) against(plan *planned, made map[string][]party.Block) (out []*poolTicket) {
	out = plan.expectedElsewhere()
	ticketsOf := map[string][]int{} // by user; -1 for users who are already in the match
	for _, user := range slices.Concat(plan.others, plan.awaited) {
		ticketsOf[user] = append(ticketsOf[user], -1)
	}
	for i, w := range plan.tickets {
		for _, user := range w.everybody() {
			ticketsOf[user] = append(ticketsOf[user], i)
		}
	}
	for _, user := range slices.Sorted(maps.Keys(ticketsOf)) {
		for _, b := range made[user] {
			for _, i := range ticketsOf[user] {
				for _, j := range ticketsOf[b.Of] {
					if i == j {
						continue
					}
					w := plan.tickets[max(i, j)]
					k.book.Blocked(w.id, []party.Block{b})
					if !slices.Contains(out, w) {
						out = append(out, w)
					}
				}
			}
		}
	}
	return out
}
