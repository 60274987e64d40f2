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
	v := engineTestServer(t)
	names := v.traceMatch()
	here := slices.DeleteFunc(slices.Clone(faultKinds), func(how faultKind) bool { return how.disconnects })
	played, struck := 0, 0
	for _, one := range sampleFaults(allFaults(names, here)) {
		t.Run(one.String(), func(t *testing.T) {
			defer v.withTest(t)()
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
func (v *testServer) traceMatch() []string {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), testTimeout)
	defer cancel()
	h := v.newQueueGroups(ctx, teamSize, teamSize)
	names := v.world.record()
	h.findUntilMatched(ctx)
	calls := names()
	h.audit(ctx)
	h.playAgain(ctx)
	return calls
}

func (v *testServer) tryMatch(one callFault) (struck int) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), testTimeout)
	defer cancel()
	h := v.newQueueGroups(ctx, teamSize, teamSize)
	f := fault.Fault{When: isServerCall, Skip: one.call, Times: 1}
	one.kind.arm(&f, v.world, h.groups[0].games[0])
	armed := v.world.layer.Arm(f)
	h.findUntilMatched(ctx)
	armed.Disarm()
	if struck = armed.Count(); one.kind.heal != nil && struck > 0 {
		one.kind.heal(v.world)
	}
	h.audit(ctx)
	h.playAgain(ctx)
	return struck
}
