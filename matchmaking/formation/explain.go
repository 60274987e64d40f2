package formation

import (
	"math"
	"slices"
	"time"

	"partyline/party/rules"
)

// Explain says why the ticket with an index of the pool waits on. It is for players and operators who ask; a pass does
// not need it. It compares the ticket with each other ticket, and then tries to form a match around it with those in
// reach. It is safe for concurrent use.
func Explain(now time.Time, q Queue, p Pool, ticket int) Why {
	t := &p.Tickets[ticket]
	waited := now.Sub(t.Since)
	why := Why{Window: q.windowAfter(waited), Latency: q.latencyAfter(waited)}
	apart := map[int]bool{}
	for _, pair := range p.Apart {
		if slices.Contains(pair[:], ticket) {
			apart[pair[0]], apart[pair[1]] = true, true
		}
	}
	counts := map[Reason]int{}
	inReach := []int{ticket}
	for i := range p.Tickets {
		if i == ticket {
			continue
		}
		if reason := reasonBetween(now, &q, t, &p.Tickets[i], apart[i]); reason != "" {
			counts[reason]++
		} else {
			inReach = append(inReach, i)
		}
	}
	why.InReach = len(inReach) - 1
	if why.InReach > 0 {
		counts[reasonInReach(now, q, p, inReach)] += why.InReach
	}
	for _, reason := range [...]Reason{HeldByMatchOn, HeldBySkill, HeldByLatency, HeldBySize, HeldByBlocks, HeldByParity, HeldByTeamSpread, HeldByWaiting} {
		if counts[reason] > 0 {
			why.HoldingBack = append(why.HoldingBack, HoldingBack{reason, counts[reason]})
		}
	}
	return why
}

// reasonBetween returns what keeps two tickets out of one match, no matter who else is in it; "" for nothing.
func reasonBetween(now time.Time, q *Queue, a, b *Ticket, apart bool) Reason {
	waitedA, waitedB := now.Sub(a.Since), now.Sub(b.Since)
	switch {
	case a.Key != b.Key:
		return HeldByMatchOn
	case !q.NoSkill && math.Abs(a.Skill-b.Skill) > min(q.windowAfter(waitedA), q.windowAfter(waitedB)):
		return HeldBySkill
	case len(q.Latency.Regions) > 0 && q.regionsWithin(a, waitedA)&q.regionsWithin(b, waitedB) == 0:
		return HeldByLatency
	case b.Size < 1 || max(a.Size, b.Size) > q.TeamSize || q.Teams == 1 && a.Size+b.Size > q.TeamSize:
		return HeldBySize
	case apart:
		return HeldByBlocks
	}
	return ""
}

// reasonInReach returns why the first ticket has no match with the others, which are all in its reach: the rule without
// which it would have one.
func reasonInReach(now time.Time, q Queue, p Pool, tickets []int) Reason {
	sub, seats := p.Subset(tickets), 0
	for _, t := range sub.Tickets {
		seats += t.Size
	}
	possible := func() bool {
		s := newSearch(now, q, sub)
		defer s.done()
		_, ok := s.around(int(s.sorted.positions[0]))
		return ok
	}
	if seats < q.Teams*q.TeamSize || possible() {
		return HeldByWaiting
	}
	for _, rule := range [...]struct {
		reason Reason
		lift   func()
	}{
		{HeldByTeamSpread, func() { q.TeamSpread = 0 }},
		{HeldByParity, func() { q.Parity.Mode = rules.ParityOff }},
		{HeldByBlocks, func() { sub.Apart = nil }},
		{HeldByLatency, func() { q.Latency.Regions = nil }},
	} {
		rule.lift()
		if possible() {
			return rule.reason
		}
	}
	return HeldBySize
}
