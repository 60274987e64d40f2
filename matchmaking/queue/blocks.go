package queue

import (
	"context"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// Blocks reads who blocks whom, in one query each.
type Blocks interface {
	By(ctx context.Context, users []string) ([]party.Block, error)    // those the users made
	Among(ctx context.Context, users []string) ([]party.Block, error) // those between the users
}

// blocking keeps those apart who have blocked each other. Safe for concurrent use.
type blocking struct {
	*tickets
	blocks Blocks
}

// read notes whom the people on a ticket block, so that no match is planned around
// it. A failure costs time only: every planned match is looked at again.
func (k blocking) read(ctx context.Context, t Ticket) {
	if q, ok := k.policy().Queues[t.Queue]; !k.processing || !ok || q.Blocks != rules.BlocksAvoid {
		return
	}
	blocks, err := k.blocks.By(ctx, users(t.Members))
	if err != nil {
		k.logger.Warn("blocks not read ticket=%s error=%v", t.ID, err)
		return
	}
	k.book.Blocked(t.ID, blocks)
}

// blocksAny reports whether a block that is known of the ticket is between its people and others.
func (w *waiting) blocksAny(others []string) bool {
	return slices.ContainsFunc(w.blocked, func(b party.Block) bool { return b.Between(w.everybody(), others) })
}

// blockPairs are the tickets of a pool between which a block is known.
func blockPairs(q rules.Queue, pool []*waiting) (pairs [][2]int) {
	if q.Blocks != rules.BlocksAvoid || !slices.ContainsFunc(pool, func(w *waiting) bool { return len(w.blocked) > 0 }) {
		return nil
	}
	ticketsOf := map[string][]int{}
	for i, w := range pool {
		for _, user := range w.everybody() {
			ticketsOf[user] = append(ticketsOf[user], i)
		}
	}
	for i, w := range pool {
		for _, b := range w.blocked {
			for _, j := range append(slices.Clip(ticketsOf[b.By]), ticketsOf[b.Of]...) {
				if i != j && b.Between(w.everybody(), pool[j].everybody()) {
					pairs = append(pairs, [2]int{i, j})
				}
			}
		}
	}
	return pairs
}

// keptFrom are the tickets in the pool that a known block keeps from a match of these users, and those that
// wait until later.
func (r *queueRun) keptFrom(users []string, until map[string]time.Time) (tickets []int) {
	blocks := r.q.Blocks == rules.BlocksAvoid && len(users) > 0
	if !blocks && len(until) == 0 {
		return nil
	}
	for i, w := range r.pool {
		if blocks && w.blocksAny(users) || r.began.Before(until[w.id]) {
			tickets = append(tickets, i)
		}
	}
	return tickets
}

// apart finds the tickets of each planned match that a block keeps out of it. One query reads
// the blocks of all; where it fails, known is false, and what had to be checked waits on.
func (k blocking) apart(ctx context.Context, plans []planned) (apart map[*planned][]*waiting, known bool) {
	apart = map[*planned][]*waiting{}
	var users []string
	for i := range plans {
		if plan := &plans[i]; plan.rules.Blocks == rules.BlocksAvoid {
			apart[plan] = plan.tickets // until it is known better
			users = append(append(users, plan.tickets.users()...), plan.others...)
		}
	}
	if len(users) == 0 {
		return apart, true
	}
	slices.Sort(users)
	blocks, err := k.blocks.Among(ctx, slices.Compact(users))
	if err != nil {
		k.logger.Error("no match is made before blocks can be read matches=%d error=%v", len(apart), err)
		return apart, false
	}
	for plan := range apart {
		apart[plan] = k.against(plan, blocks)
	}
	return apart, true
}

// against finds the tickets that blocks keep out of a planned match, the younger one of
// two, and notes the blocks on them.
func (k blocking) against(plan *planned, blocks []party.Block) (out []*waiting) {
	for _, b := range blocks {
		for i, w := range plan.tickets {
			older := plan.others
			for _, o := range plan.tickets[:i] {
				older = append(slices.Clip(older), o.users...)
			}
			if !b.Between(w.users, older) {
				continue
			}
			k.book.Blocked(w.id, []party.Block{b})
			if !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}
