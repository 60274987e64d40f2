package status_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// A member becomes ready after another one lost the connection, and stays ready when that one gives up the seat: the
// members have not changed.
func TestService_Reset_notByASeatThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.rules(resetOn("membership"))
		w.mu.Lock()
		w.conf.Parties.ReconnectGrace = time.Minute
		w.mu.Unlock()
		leader, friend := w.host.Player("leader"), w.host.Player("friend")
		id := w.party(3, leader, friend)
		w.disconnect(friend)
		time.Sleep(5 * time.Second)
		w.must(w.set(leader, report(id, "ready", 1)))
		time.Sleep(5 * time.Second)
		w.admission.Left(t.Context(), id, w.host.Connect(friend.UserID))
		if got := w.list(leader, id).Members[0].Stage; got != "ready" {
			t.Errorf("the leader is %q; want ready", got)
		}
	})
}
