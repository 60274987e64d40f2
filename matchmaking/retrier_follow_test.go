package matchmaking_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/matchmaking"
	"partyline/party"
)

// busyForMoveHost is a host whose match is too busy for a party's move, a number of times.
type busyForMoveHost struct {
	*fakeHost
	mu    sync.Mutex
	times int
	asked int
}

func (b *busyForMoveHost) MatchSignal(ctx context.Context, id, data string) (string, error) {
	if strings.Contains(data, `"op":"moved"`) {
		b.mu.Lock()
		b.asked++
		busy := b.asked <= b.times
		b.mu.Unlock()
		if busy {
			return "", runtime.ErrMatchBusy
		}
	}
	return b.fakeHost.MatchSignal(ctx, id, data)
}

// If the match is busy when a party comes back, the seats still follow the party, also if the party's ID has
// changed again. A match that has ended or has answered is not asked again.
func TestRetrier_Follow(t *testing.T) {
	for name, c := range map[string]struct {
		busy, asked int
		again       bool // the party's ID changes once more meanwhile
		ends        bool
	}{
		"not_busy":   {busy: 0, asked: 1},
		"busy":       {busy: 9, asked: 10},
		"moves_once": {busy: 2, asked: 3, again: true},
		"ends":       {busy: 9, asked: 1, ends: true},
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			h, log := newFakeHost(t), &partytest.Log{}
			host := &busyForMoveHost{fakeHost: h, times: c.busy}
			s, was := duel(h, "")
			first, second := h.partyOf(), h.partyOf()
			now := parse(t, first)
			current := func(party.ID) party.ID {
				host.mu.Lock()
				defer host.mu.Unlock()
				return now
			}
			f := matchmaking.NewRetrier(matchmaking.NewMatches(host, h, nil, nil, h.clock.Now), current, log, time.Now)
			defer f.Close()
			f.Follow(t.Context(), parse(t, was))
			host.mu.Lock()
			if c.again {
				now = parse(t, second)
			}
			if c.ends {
				s.state = nil
			}
			host.mu.Unlock()
			time.Sleep(10 * time.Minute) // in the bubble's time
			synctest.Wait()
			if host.asked != c.asked {
				t.Errorf("asked %d times; want %d", host.asked, c.asked)
			}
			if c.ends {
				return
			}
			for _, p := range []string{was, first, second} {
				match, err := s.client().MatchOf(t.Context(), parse(t, p))
				if err != nil || (match == s.id) != (p == now.String()) {
					t.Errorf("the party %s is in %q, %v; want it in the match: %v", p, match, err, p == now.String())
				}
			}
		}))
	}
}
