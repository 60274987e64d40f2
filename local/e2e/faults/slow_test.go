package faults_test

import (
	"context"
	"testing"

	"partyline/local/engine/fault"
)

// While storage blocks the redeems of a crowd, the party goes on: nobody else waits. One player gives
// up. Once storage answers, the invite is used as often as it may be.
func TestSlowStorage(t *testing.T) {
	v := engineTestServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), roundTimeout)
	defer cancel()
	c := v.newCrowd(ctx)
	gate := fault.NewGate()
	armed := v.world.layer.Arm(fault.Fault{When: isDatabaseCall, Before: gate.Wait})

	impatient, hangUp := context.WithCancel(ctx)
	acts := c.redeemActs(ctx)
	acts[0] = c.redeemActs(impatient)[0]
	errs := make([]error, len(acts))
	done := make(chan struct{})
	for i, act := range acts {
		go func() {
			errs[i] = act()
			done <- struct{}{}
		}()
	}
	for range acts {
		select {
		case <-gate.Arrived():
		case <-ctx.Done():
			t.Fatal("nobody waits for storage")
		}
	}
	c.must(c.leader.SendData(ctx, c.party, 7, []byte("meanwhile")))
	c.must(c.leader.UpdateParty(ctx, c.party, true, ""))
	guest := c.play(ctx, v.signIn(ctx, "guest", 1)...)[0]
	c.must(guest.JoinParty(ctx, c.party))
	c.must(guest.LeaveParty(ctx, c.party))
	c.must(guest.Close(ctx))
	c.must(c.leader.UpdateParty(ctx, c.party, false, ""))
	hangUp()
	<-done

	gate.Open()
	for range len(acts) - 1 {
		<-done
	}
	armed.Disarm()
	c.audit(ctx, c.redeemUntilSettled(ctx, errs))
}
