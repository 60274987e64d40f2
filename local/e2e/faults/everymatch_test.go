package faults_test

import (
	"context"
	"slices"
	"testing"

	"partyline/local/engine/fault"
)

// One call goes wrong, once, between the time two parties begin to look for a match and the time they
// play it. They must find a match in spite of that, with their seats, and then another one.
func TestEveryCallOfAMatch(t *testing.T) {
	v := engineVictim(t)
	names := v.traceMatch()
	here := slices.DeleteFunc(slices.Clone(ways), func(how way) bool { return how.cuts })
	played, struck := 0, 0
	for _, one := range some(faultsOf(names, here)) {
		t.Run(one.String(), func(t *testing.T) {
			defer v.in(t)()
			played++
			struck += v.tryMatch(one)
		})
	}
	t.Logf("%d calls, %d faults played, %d have struck", len(names), played, struck)
	if struck == 0 {
		t.Error("no fault has struck")
	}
}

// traceMatch returns the names of the calls of a match without a fault. Their number depends on how
// often the matchmaker ran.
func (v *victim) traceMatch() []string {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	defer cancel()
	h := v.newHall(ctx, teamSize, teamSize)
	names := v.world.record()
	h.insist(ctx)
	calls := names()
	h.audit(ctx)
	h.again(ctx)
	return calls
}

func (v *victim) tryMatch(one oneFault) (struck int) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	defer cancel()
	h := v.newHall(ctx, teamSize, teamSize)
	f := fault.Fault{When: reaches, Skip: one.call, Times: 1}
	one.how.arm(&f, v.world, h.groups[0].games[0])
	armed := v.world.layer.Arm(f)
	h.insist(ctx)
	armed.Disarm()
	if struck = armed.Struck(); one.how.heal != nil && struck > 0 {
		one.how.heal(v.world)
	}
	h.audit(ctx)
	h.again(ctx)
	return struck
}
