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

// moment is when to strike. On an engine it is a call, of which the
// storms make a dozen or two for each that plays. On a real server it is an act.
func moment(b blow, acts int) int {
	if b.arm == nil {
		return rand.IntN(acts)
	}
	return rand.IntN(24 * acts)
}

// outage is the longest that a round with a killed server may take.
const outage = time.Minute

func inRounds(t *testing.T, v *victim, b blow, acts int, play func(ctx context.Context, n int)) {
	for round := range *rounds {
		n := moment(b, acts)
		if !t.Run(fmt.Sprintf("%d-at-%d", round, n), func(t *testing.T) {
			defer v.in(t)()
			ctx, cancel := context.WithTimeout(t.Context(), outage)
			defer cancel()
			play(ctx, n)
		}) {
			return // what is left of it would only confuse the next
		}
	}
}

// The whole server dies while a crowd redeems an invite. Afterwards each player who had redeemed it
// is still counted, and as many get in as it has uses for.
func TestKilled_Redeem(t *testing.T) {
	v := newVictim(t, killVariable, startVariable)
	inRounds(t, v, v.process, contenders, func(ctx context.Context, n int) {
		c := v.newCrowd(ctx)
		before := v.storm(ctx, v.process, n, c.redeeming(ctx))
		c.gather(ctx)
		c.audit(ctx, c.insist(ctx, before))
	})
}

// The database dies while a crowd redeems an invite, and comes back. The party is there
// all the time.
func TestStorageKilled_Redeem(t *testing.T) {
	v := newVictim(t, killDBVariable, startDBVariable)
	inRounds(t, v, v.database, contenders, func(ctx context.Context, n int) {
		c := v.newCrowd(ctx)
		before := v.storm(ctx, v.database, n, c.redeeming(ctx))
		c.audit(ctx, c.insist(ctx, before))
	})
}

// sizes of the groups that look for a match: they fill two.
var sizes = []int{2, 1, 2, 1, 2}

// The whole server dies while parties look for matches. Afterwards they find some.
func TestKilled_Matchmaking(t *testing.T) {
	v := newVictim(t, killVariable, startVariable)
	inRounds(t, v, v.process, len(sizes), func(ctx context.Context, n int) {
		h := v.newHall(ctx, sizes...)
		v.storm(ctx, v.process, n, h.queueing(ctx))
		h.gather(ctx)
		h.again(ctx)
	})
}

// The database dies while parties look for matches, and comes back. A player who was told of a
// match plays it, everybody else finds one.
func TestStorageKilled_Matchmaking(t *testing.T) {
	v := newVictim(t, killDBVariable, startDBVariable)
	inRounds(t, v, v.database, len(sizes), func(ctx context.Context, n int) {
		h := v.newHall(ctx, sizes...)
		v.storm(ctx, v.database, n, h.queueing(ctx))
		h.insist(ctx)
		h.audit(ctx)
		h.again(ctx)
	})
}
