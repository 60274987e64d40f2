package reconnect_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
	"partyline/party/ledger"
)

// Members saw a leave when the host did it, not when the module mirrored it.
func TestGrace_TimeOfALeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(true, 3, p...) // the second has just come by an invite
		var left time.Time
		w.admission.News.Subscribe(func(c party.Change) {
			if c.Kind == party.MemberLeft {
				left = c.At
			}
		})
		go func() {
			_ = w.admission.VisitNative(context.Background(), id, func(*ledger.Visit) error { time.Sleep(2 * time.Second); return nil }) // a slow write
		}()
		synctest.Wait()
		seen := time.Now()
		w.leave(p[1], id)
		if !left.Equal(seen) {
			t.Errorf("left at %s after members saw it", left.Sub(seen))
		}
		w.admission.Close()
		w.grace.Close()
	})
}
