package queue

import (
	"context"
	"slices"

	"partyline/party"
	"partyline/party/rules"
)

// readBlocks notes whom the people on a ticket block, so that no match is planned around
// it. A failure costs time only: every planned match is looked at again.
func (s *Service) readBlocks(ctx context.Context, t Ticket) {
	if q, ok := s.policy().Queues[t.Queue]; !s.processing || !ok || q.Blocks != rules.BlocksAvoid {
		return
	}
	var users []string
	for _, m := range t.Members {
		users = append(users, m.UserID)
	}
	blocks, err := s.blocks.By(ctx, users)
	if err != nil {
		s.logger.Warn("blocks not read ticket=%s error=%v", t.ID, err)
		return
	}
	s.book.Blocked(t.ID, blocks)
}

// blocks reports whether somebody on either ticket is known to block somebody on the other.
func (w *waiting) blocks(o *waiting) bool {
	on := func(w *waiting, user string) bool { return slices.Contains(w.users, user) }
	return slices.ContainsFunc(w.blocked, func(b party.Block) bool { return on(o, b.Of) }) ||
		slices.ContainsFunc(o.blocked, func(b party.Block) bool { return on(w, b.Of) })
}

// apart finds the planned matches that a block stands against, between any two that are
// not of one party. One query reads the blocks of all of them; where it fails, all that
// would have to be checked wait for another pass.
func (p *pass) apart(ctx context.Context) map[int]bool {
	apart := map[int]bool{}
	var users []string
	for i := range p.plans {
		if plan := &p.plans[i]; plan.rules.Blocks == rules.BlocksAvoid {
			apart[i] = true // until it is known better
			users = append(append(users, plan.users()...), plan.others...)
		}
	}
	if len(users) == 0 {
		return apart
	}
	slices.Sort(users)
	blocks, err := p.blocks.Among(ctx, slices.Compact(users))
	if err != nil {
		p.logger.Error("no match is made before blocks can be read matches=%d error=%v", len(apart), err)
		return apart
	}
	for i := range apart {
		if apart[i] = p.against(&p.plans[i], blocks); apart[i] {
			p.logger.Info("match not made for a block queue=%s tickets=%d", p.plans[i].queue, len(p.plans[i].tickets))
		}
	}
	return apart
}

// against reports whether any of the blocks stands against a planned match, and notes it
// on the tickets.
func (p *pass) against(plan *planned, blocks []party.Block) (found bool) {
	const elsewhere, there = -1, -2
	of := func(user string) int {
		if i := slices.IndexFunc(plan.tickets, func(w *waiting) bool { return slices.Contains(w.users, user) }); i >= 0 {
			return i
		}
		if slices.Contains(plan.others, user) {
			return there
		}
		return elsewhere
	}
	for _, b := range blocks {
		by, whom := of(b.By), of(b.Of)
		if by == elsewhere || whom == elsewhere || by == whom {
			continue
		}
		found = true
		if by >= 0 {
			p.book.Blocked(plan.tickets[by].id, []party.Block{b})
		}
	}
	return found
}
