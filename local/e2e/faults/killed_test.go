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

// moment returns a random time for the blow. On an engine it is a call; each acting player causes one
// or two dozen calls. On a real server it is an act.
func moment(b blow, acts int) int {
	if b.arm == nil {
		return rand.IntN(acts)
	}
	return rand.IntN(24 * acts)
}

// outage is the maximum time of a round with a killed server.
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
			return // the state it leaves would only confuse the next round
		}
	}
}

// The whole server dies while a crowd redeems an invite. Afterwards each earlier use still counts, and
// as many players get in as the invite has uses.
func TestKilled_Redeem(t *testing.T) {
	v := newVictim(t, killVariable, startVariable)
	inRounds(t, v, v.process, contenders, func(ctx context.Context, n int) {
		c := v.newCrowd(ctx)
		before := v.storm(ctx, v.process, n, c.redeeming(ctx))
		c.gather(ctx)
		c.audit(ctx, c.insist(ctx, before))
	})
}

// The database dies while a crowd redeems an invite, and is started again. The party exists all the
// time.
func TestStorageKilled_Redeem(t *testing.T) {
	v := newVictim(t, killDBVariable, startDBVariable)
	inRounds(t, v, v.database, contenders, func(ctx context.Context, n int) {
		c := v.newCrowd(ctx)
		before := v.storm(ctx, v.database, n, c.redeeming(ctx))
		c.audit(ctx, c.insist(ctx, before))
	})
}

// sizes are the sizes of the groups that look for a match; they fill two matches.
var sizes = []int{2, 1, 2, 1, 2}

// The whole server dies while parties look for matches. Afterwards they find matches.
func TestKilled_Matchmaking(t *testing.T) {
	v := newVictim(t, killVariable, startVariable)
	inRounds(t, v, v.process, len(sizes), func(ctx context.Context, n int) {
		h := v.newHall(ctx, sizes...)
		v.storm(ctx, v.process, n, h.queueing(ctx))
		h.gather(ctx)
		h.again(ctx)
	})
}

// The database dies while parties look for matches, and is started again. A player who was told of a
// match plays it; all others find one.
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
