package matchmaking_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
)

// If many callers signal a match at the same time, the host gets one signal after the other.
func TestMatches_TakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFakeHost(t)
		s, _ := duel(h, "")
		c := matchmaking.NewMatches(&slowHost{fakeHost: h}, h, nil, nil, h.clock.Now)
		var crowd sync.WaitGroup
		for range 50 {
			crowd.Go(func() {
				if _, err := c.Seats(t.Context(), s.id, ""); err != nil {
					t.Errorf("Seats = %v", err)
				}
			})
		}
		crowd.Wait()
	})
}

// slowHost is a slow host that refuses a signal while it handles another one.
type slowHost struct {
	*fakeHost
	asked atomic.Int32
}

func (n *slowHost) MatchSignal(ctx context.Context, id, data string) (string, error) {
	defer n.asked.Add(-1)
	if n.asked.Add(1) > 1 {
		return "", runtime.ErrMatchBusy
	}
	time.Sleep(time.Millisecond) // until all the others have asked, in the bubble's time
	return n.fakeHost.MatchSignal(ctx, id, data)
}
