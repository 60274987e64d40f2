package queue

import (
	"context"
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
func (w *poolTicket) mayNotMeet(q *rules.Queue, users, expected []string) bool {
	return q.Blocks == rules.BlocksAvoid && (w.hasBlockWith(users) || w.hasBlockWith(expected)) || w.sharesUser(users, expected)
}

// check sets the tickets that are kept out of each planned match, and returns the plans that may be made. One query
// reads the blocks of all matches. If it fails, the matches that blocks may forbid wait for the next pass.
func (k *blockChecker) check(ctx context.Context, plans []*planned) []*planned {
	ignoring := func(plan *planned) bool { return plan.rules.Blocks != rules.BlocksAvoid }
	avoiding := slices.DeleteFunc(slices.Clone(plans), ignoring)
	if err := k.readAmong(ctx, avoiding); err != nil {
		k.Logger.Error("blocks not read, matches wait for the next pass matches=%d error=%v", len(avoiding), err)
		for _, plan := range avoiding {
			k.prepared.leaveOut(ctx, plan, plan.tickets)
		}
		plans = slices.DeleteFunc(plans, func(plan *planned) bool { return !ignoring(plan) })
	}
	for _, plan := range plans {
		for i, w := range plan.tickets { // of two tickets the younger one is kept out
			older := plan.tickets[:i]
			if w.mayNotMeet(&plan.rules, append(older.users(), plan.others...), append(older.expected(), plan.awaited...)) {
				plan.out = append(plan.out, w)
			}
		}
	}
	return plans
}

// readAmong reads the blocks between the users of planned matches, and notes them on the tickets.
func (k *blockChecker) readAmong(ctx context.Context, plans []*planned) error {
	var users []string
	for _, plan := range plans {
		users = slices.Concat(users, plan.tickets.users(), plan.tickets.expected(), plan.others, plan.awaited)
	}
	if len(users) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, blocksWait)
	defer cancel()
	slices.Sort(users)
	blocks, err := k.Blocks.Among(ctx, slices.Compact(users))
	if err != nil {
		return err
	}
	byUser := map[string][]party.Block{} // under both users
	for _, b := range blocks {
		byUser[b.By], byUser[b.Of] = append(byUser[b.By], b), append(byUser[b.Of], b)
	}
	for _, plan := range plans {
		for _, w := range plan.tickets {
			for _, user := range w.everybody() {
				w.blocked = append(slices.Clip(w.blocked), byUser[user]...)
				k.book.Blocked(w.id, byUser[user])
			}
		}
	}
	return nil
}
