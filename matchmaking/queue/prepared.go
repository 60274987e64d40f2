package queue

import (
	"context"
	"slices"
	"sync"
)

// prepared are the matches whose tickets the host is handed. It looks once more whether all are there; only
// then it calls [Service.Matched], and only from there anybody hears of the match. What it does not come
// for is given back. Safe for concurrent use.
type prepared struct {
	Deps
	proposals *proposals

	mu    sync.Mutex
	plans map[string]*planned // by ticket: not yet collected by the host
}

// add notes a match whose tickets the host is handed.
func (p *prepared) add(plan *planned) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range plan.tickets {
		p.plans[w.id] = plan
		w.ended = true // for this pass
	}
}

// collect returns what was prepared for a ticket, once, for all handed over with it.
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

// withdrawUncollected gives back what the host did not come for in the pass before: its
// hooks are over when the next pass begins.
func (p *prepared) withdrawUncollected(ctx context.Context) {
	p.mu.Lock()
	left := p.plans
	p.plans = map[string]*planned{}
	p.mu.Unlock()
	for _, plan := range left {
		p.withdraw(ctx, plan)
	}
}

// leaveOut takes tickets out of a plan that is as good without them: for a running match, or to
// replace somebody.
func (p *prepared) leaveOut(ctx context.Context, plan *planned, out placement) {
	plan.tickets = slices.DeleteFunc(slices.Clone(plan.tickets), func(w *waiting) bool { return slices.Contains(out, w) })
	if plan.match == "" || plan.complete && !plan.fill {
		return // of a proposal nothing is reserved
	}
	p.withdraw(ctx, &planned{match: plan.match, claims: out.claims()})
}

// withdraw gives back what is reserved for a match, once. What a busy match does not hear of in time ends by itself.
func (p *prepared) withdraw(ctx context.Context, plan *planned) {
	p.mu.Lock()
	done := plan.withdrawn || len(plan.claims) == 0
	plan.withdrawn = true
	p.mu.Unlock()
	if done {
		return
	}
	p.proposals.abandon(plan.proposal)
	ctx, cancel := context.WithTimeout(ctx, matchWait)
	defer cancel()
	if err := p.Launcher.Withdraw(ctx, plan.match, plan.claims); err != nil {
		p.Logger.Warn("match not withdrawn match=%s error=%v", plan.match, err)
	}
}
