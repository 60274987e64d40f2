package overhead

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
	"partyline/party"
)

// A volley is this many requests by this many readers. Thirty volleys stay within the number of
// requests that the rules allow one address in a minute.
const (
	volleySize = 200
	readers    = 4
)

// BenchmarkState compares the live state of a landing page with the cheapest answer of a handler on
// the server's port: that an asset does not exist. Several readers request both at once, in turn.
// The ratio is of requests answered in the same time.
func BenchmarkState(b *testing.B) {
	addr := target.Module(b)
	ctx, api := b.Context(), client.New(addr)
	leader := play(b, api)
	id, err := leader.CreateParty(ctx, false, 4)
	if err != nil {
		b.Fatal(err)
	}
	var invite party.CreatedInvite
	if err := leader.Call(ctx, "party_invite_create", map[string]any{"party_id": id}, &invite); err != nil {
		b.Fatal(err)
	}
	statePath := "/party/join/" + invite.Code + "/state"
	get := func(path string, want int) {
		got, err := api.Do(ctx, http.MethodGet, path, "", nil)
		if err != nil || got.Status != want {
			b.Errorf("GET %s = %d, %v; want %d", path, got.Status, err, want)
		}
	}
	volley := func(path string, want int) time.Duration {
		began := time.Now()
		var group sync.WaitGroup
		for range readers {
			group.Go(func() {
				for range volleySize / readers {
					get(path, want)
				}
			})
		}
		group.Wait()
		return time.Since(began)
	}
	var state, bare []time.Duration
	for range b.N {
		state = append(state, volley(statePath, http.StatusOK))
		bare = append(bare, volley("/party/assets/none.0.css", http.StatusNotFound))
	}
	perSecond := func(d []time.Duration) float64 { return volleySize / median(d).Seconds() }
	b.ReportMetric(perSecond(state), "state/s")
	b.ReportMetric(perSecond(bare), "bare/s")
	b.ReportMetric(perSecond(state)/perSecond(bare), "ratio")
}
