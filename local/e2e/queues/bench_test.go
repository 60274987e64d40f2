package queues_test

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
)

// The documentation's figures are for -parties 60.
var partiesOfEach = flag.Int("parties", 2, "parties of each size from 1 to 5 in BenchmarkPlacing")

// giveUp is how long BenchmarkPlacing waits for the next placed player before the rest count as left
// over. It is several passes of a matchmaker.
const giveUp = 10 * time.Second

// BenchmarkPlacing makes the same parties of one to five look for a match of ten: once on a server with
// queues, and once with the server's own matchmaker, which has no teams. It reports the time to add a
// party's ticket, the number of players who got a match, and when the last of them did. The stock server
// is an embedded engine, or NAKAMA_STOCK.
func BenchmarkPlacing(b *testing.B) {
	b.Run("queues", func(b *testing.B) {
		w := start(b)
		benchmarkPlacing(b, w, func(id string) *rtapi.Envelope { return addParty(id, w.fives) })
	})
	b.Run("native", func(b *testing.B) {
		addr := os.Getenv("NAKAMA_STOCK")
		if addr == "" {
			addr = target.Server(b, false)
		}
		w, run := playOn(b, addr), strings.ReplaceAll(uuid.NewString(), "-", "")
		benchmarkPlacing(b, w, func(id string) *rtapi.Envelope {
			return &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
				PartyId: id, MinCount: 10, MaxCount: 10, Query: "+properties.run:" + run, StringProperties: properties("run", run),
			}}}
		})
	})
}

func benchmarkPlacing(b *testing.B, w *world, ticket func(partyID string) *rtapi.Envelope) {
	var adding, last time.Duration
	parties, players, placed := 0, 0, 0
	for range b.N {
		b.StopTimer()
		var groups [][]*player
		for range *partiesOfEach {
			for size := 1; size <= 5; size++ {
				groups = append(groups, w.players(size))
				w.party(groups[len(groups)-1]...)
			}
		}
		b.StartTimer()
		began := time.Now()
		for _, g := range groups {
			g[0].call(ticket(g[0].partyID))
			players += len(g)
		}
		adding += time.Since(began)
		parties += len(groups)
		n, at := countPlaced(w, groups)
		placed += n
		last = max(last, at.Sub(began))
	}
	b.ReportMetric(float64(adding.Microseconds())/float64(parties), "us/ticket")
	b.ReportMetric(100*float64(placed)/float64(players), "%placed")
	b.ReportMetric(last.Seconds(), "s-to-last")
}

// countPlaced counts the players whose parties get a match, and returns when the last of them did. It gives
// up after giveUp without a match.
func countPlaced(w *world, groups [][]*player) (placed int, last time.Time) {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	news := make(chan int)
	for _, g := range groups {
		go func() {
			if _, err := g[0].Take(ctx, client.OfKind("matchmaker_matched")); err != nil {
				news <- 0
				return
			}
			news <- len(g)
		}()
	}
	idle := time.NewTimer(giveUp)
	defer idle.Stop()
	for range groups {
		select {
		case n := <-news:
			if n > 0 {
				placed, last = placed+n, time.Now()
				idle.Reset(giveUp)
			}
		case <-idle.C:
			cancel()
			<-news
		}
	}
	return placed, last
}
