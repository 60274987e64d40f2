package faults_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var rounds = flag.Int("faults.rounds", 5, "how often each test kills its server")

// randomMoment returns a random time for the attack. On an engine it is a call; each acting player causes one
// or two dozen calls. On a real server it is an act.
func randomMoment(b attack, acts int) int {
	if b.arm == nil {
		return rand.IntN(acts)
	}
	return rand.IntN(24 * acts)
}

// roundTimeout is the maximum time of a round with a killed server.
const roundTimeout = time.Minute

func inRounds(t *testing.T, v *testServer, b attack, acts int, play func(ctx context.Context, n int)) {
	for round := range *rounds {
		n := randomMoment(b, acts)
		if !t.Run(fmt.Sprintf("%d-at-%d", round, n), func(t *testing.T) {
			defer v.withTest(t)()
			ctx, cancel := context.WithTimeout(t.Context(), roundTimeout)
			defer cancel()
			play(ctx, n)
		}) {
			return // the state it leaves would only confuse the next round
		}
	}
}

// The whole server dies while a crowd redeems an invite. Afterwards each earlier use still counts, and
// as many players get in as the invite has uses.
func TestKilled_Redeem(t *testing.T) {
	v := newTestServer(t, killVariable, startVariable)
	inRounds(t, v, v.process, contenders, func(ctx context.Context, n int) {
		c := v.newCrowd(ctx)
		before := v.actAndStrike(ctx, v.process, n, c.redeemActs(ctx))
		c.connectAll(ctx)
		c.audit(ctx, c.redeemUntilSettled(ctx, before))
	})
}

// The database dies while a crowd redeems an invite, and is started again. The party exists all the
// time.
func TestStorageKilled_Redeem(t *testing.T) {
	v := newTestServer(t, killDBVariable, startDBVariable)
	inRounds(t, v, v.database, contenders, func(ctx context.Context, n int) {
		c := v.newCrowd(ctx)
		before := v.actAndStrike(ctx, v.database, n, c.redeemActs(ctx))
		c.audit(ctx, c.redeemUntilSettled(ctx, before))
	})
}

// sizes are the sizes of the groups that look for a match; they fill two matches.
var sizes = []int{2, 1, 2, 1, 2}

// The whole server dies while parties look for matches. Afterwards they find matches.
func TestKilled_Matchmaking(t *testing.T) {
	v := newTestServer(t, killVariable, startVariable)
	inRounds(t, v, v.process, len(sizes), func(ctx context.Context, n int) {
		h := v.newQueueGroups(ctx, sizes...)
		v.actAndStrike(ctx, v.process, n, h.queueActs(ctx))
		h.connectAll(ctx)
		h.playAgain(ctx)
	})
}

// The database dies while parties look for matches, and is started again. A player who was told of a
// match plays it; all others find one.
func TestStorageKilled_Matchmaking(t *testing.T) {
	v := newTestServer(t, killDBVariable, startDBVariable)
	inRounds(t, v, v.database, len(sizes), func(ctx context.Context, n int) {
		h := v.newQueueGroups(ctx, sizes...)
		v.actAndStrike(ctx, v.database, n, h.queueActs(ctx))
		h.findUntilMatched(ctx)
		h.audit(ctx)
		h.playAgain(ctx)
	})
}
