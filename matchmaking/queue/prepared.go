package queue

import (
	"context"
	"slices"
	"sync"
)

// prepared are the matches whose tickets the host is given. The host checks again that all tickets are there, and only
// then calls [Service.Matched]. Nobody hears of a match before that. A match that the host does not collect is given
// back. Safe for concurrent use.
type prepared struct {
	Deps
	proposals *proposals

	mu    sync.Mutex
	plans map[string]*planned // by ticket: plans that the host has not collected
}

// add adds a match whose tickets the host is given.
func (p *prepared) add(plan *planned) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range plan.tickets {
		p.plans[w.id] = plan
		w.ended = true // for this pass
	}
}

// collect returns the plan for a ticket, and removes it for all tickets of the plan.
func (p *prepared) collect(ticket string) (*planned, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	plan, ok := p.plans[ticket]
	if ok {
		for _, w := range plan.tickets {
			delete(p.plans, w.id)
		}
	}
	return plan, ok
}

// end gives back what was prepared for a ticket that has ended.
func (p *prepared) end(ctx context.Context, ticket string) {
	p.mu.Lock()
	plan := p.plans[ticket]
	p.mu.Unlock()
	if plan != nil {
		p.withdraw(ctx, plan)
	}
}

// withdrawUncollected gives back what the host did not collect after the last pass. The host's hooks are over when the
// next pass begins.
func (p *prepared) withdrawUncollected(ctx context.Context) {
	p.mu.Lock()
	left := p.plans
	p.plans = map[string]*planned{}
	p.mu.Unlock()
	for _, plan := range left {
		p.withdraw(ctx, plan)
	}
}

// leaveOut removes tickets from a plan that stays valid without them: for a running match, or for a replacement.
func (p *prepared) leaveOut(ctx context.Context, plan *planned, out placement) {
	plan.tickets = slices.DeleteFunc(slices.Clone(plan.tickets), func(w *poolTicket) bool { return slices.Contains(out, w) })
	if plan.fill { // for a proposal nothing is reserved
		p.withdraw(ctx, &planned{match: plan.match, claims: out.claims()})
	}
}

// withdraw gives back the seats reserved for a match, once. If a busy match does not hear of it, they expire later.
func (p *prepared) withdraw(ctx context.Context, plan *planned) {
	p.mu.Lock()
	done := plan.withdrawn || len(plan.claims) == 0
	plan.withdrawn = true
	p.mu.Unlock()
	if done {
		return
	}
	p.proposals.abandonOrder(plan.proposal)
	ctx, cancel := context.WithTimeout(ctx, matchWait)
	defer cancel()
	if err := p.Launcher.Withdraw(ctx, plan.match, plan.claims); err != nil {
		p.Logger.Warn("match not withdrawn match=%s error=%v", plan.match, err)
	}
}
