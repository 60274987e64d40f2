package overhead

import (
	"encoding/json"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/party/overview"
)

var crowd = flag.Int("crowd", 40, "how many players BenchmarkDrop has lose their connections at once")

func vitalsOf(b *testing.B, api *client.Client) overview.Vitals {
	b.Helper()
	var stats overview.Stats
	text, err := api.RPCWithKey(b.Context(), client.DefaultHTTPKey, "party_admin_stats", "{}")
	if err == nil {
		err = json.Unmarshal([]byte(text), &stats)
	}
	if err != nil {
		b.Fatal(err)
	}
	return stats.Health.Vitals
}

// BenchmarkDrop makes a crowd in parties of four lose their connections at once. It measures how long
// it takes until storage has a kept seat for each player, and how many storage calls this needs. The
// server reports the end of a connection only after it has waited for the client's close frame; here
// that wait is 1 ms.
func BenchmarkDrop(b *testing.B) {
	rules := filepath.Join(b.TempDir(), "rules.yml")
	write(b, rules, "version: 1\nparties: {reconnect_grace: 10m}\nlimits: {party_create: none}\n")
	s := newSubject(b, "module", rules, "--socket.close_ack_wait_ms", "1")
	api := client.New(s.addr)
	var took []time.Duration
	for range b.N {
		games := make([]*player.Game, *crowd/4*4)
		var id string
		for i := range games {
			games[i] = play(b, api)
			var err error
			if i%4 == 0 {
				id, err = games[i].CreateParty(b.Context(), true, 4)
			} else {
				err = games[i].JoinParty(b.Context(), id)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		for _, g := range games {
			if err := g.Barrier(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		before, spent, began := vitalsOf(b, api), s.spent(), time.Now()
		for _, g := range games {
			g.Abort()
		}
		after := before
		for after.SeatTimers-before.SeatTimers < len(games) {
			if time.Since(began) > time.Minute {
				b.Fatalf("%d seats are kept a minute after %d players were gone", after.SeatTimers-before.SeatTimers, len(games))
			}
			time.Sleep(10 * time.Millisecond)
			after = vitalsOf(b, api)
		}
		took = append(took, time.Since(began))
		b.ReportMetric((s.spent() - spent).Seconds(), "cpu-s")
		b.ReportMetric(float64(after.Storage.Reads-before.Storage.Reads), "reads")
		b.ReportMetric(float64(after.Storage.Writes-before.Storage.Writes), "writes")
	}
	b.ReportMetric(median(took).Seconds(), "s")
}
