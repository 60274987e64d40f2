package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/matchmaking/formation"
	"partyline/party/rules"
)

// player is an entry as small as the host's own.
type player struct {
	runtime.Presence
	ticket, party, user, session string
	props                        map[string]any
	created                      int64
}

func (p *player) GetTicket() string             { return p.ticket }
func (p *player) GetPresence() runtime.Presence { return p }
func (p *player) GetProperties() map[string]any { return p.props }
func (p *player) GetPartyId() string            { return p.party }
func (p *player) GetCreateTime() int64          { return p.created }
func (p *player) GetUserId() string             { return p.user }
func (p *player) GetSessionId() string          { return p.session }
func (p *player) GetUsername() string           { return "player" }

// loadEntries is the load of the numbers in docs/performance.md: parties of 1 to 5, four regions.
func loadEntries(n int, now time.Time) []runtime.MatchmakerEntry {
	rng := rand.New(rand.NewPCG(1, 0))
	var entries []runtime.MatchmakerEntry
	tickets := make([][]runtime.MatchmakerEntry, n)
	for i := range tickets {
		size, since := 1+rng.IntN(5), now.Add(-time.Duration(rng.Int64N(int64(30*time.Second))))
		p := player{ticket: uuid.NewString(), created: since.UnixNano(), props: map[string]any{
			PropertyQueue: "ranked", "region": []string{"eu", "us", "as", "sa"}[rng.IntN(4)], "mmr": 1500 + 300*rng.NormFloat64(),
			PropertySize: float64(size), PropertyHeld: 0.0, PropertySince: float64(since.UnixMilli()) / 1000,
		}}
		if size > 1 {
			p.party = uuid.NewString() + ".node"
		}
		for range size {
			member := p
			member.user, member.session = uuid.NewString(), uuid.NewString()
			tickets[i] = append(tickets[i], &member)
		}
	}
	for _, i := range rng.Perm(n) { // the host lists tickets in random order
		entries = append(entries, tickets[i]...)
	}
	return entries
}

// BenchmarkPass measures a pass without its calls to the host: it reads the host's entries as tickets, compares them
// with the book, and forms matches. It also measures
// setting the gauges.
func BenchmarkPass(b *testing.B) {
	q := rules.DefaultOf[rules.Queue]()
	q.Teams, q.TeamSize.Max, q.MaxParty, q.MatchOn = 2, 5, 5, []string{"region"}
	q.Skill = &rules.Skill{Property: "mmr", Window: 100, Widen: rules.Rate{N: 25, Per: time.Second}, Max: 600}
	cfg := rules.Default()
	cfg.Queues = map[string]rules.Queue{"ranked": q}
	sizes := []int{4_000, 10_000, 100_000}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, n := range sizes {
		now := time.Now()
		entries := loadEntries(n, now)
		s := New(Deps{Policy: func() rules.Config { return cfg }, Now: func() time.Time { return now }, Processing: true, Metrics: partytest.NoMetrics{}})
		pass := func() int {
			p := &pass{processor: s.processor, cfg: cfg, began: now, placed: map[string]bool{}}
			p.waiting = p.groupByQueue(context.Background(), entries)
			pool := p.waiting["ranked"]
			p.storeSnapshots()
			return len(formation.Form(now, formation.FromRules(q), formation.Pool{Tickets: forFormation(pool)}, nil).Matches)
		}
		if pass() == 0 { // also enters the tickets in the book, as their hooks do
			b.Fatal("no matches")
		}
		b.Run(fmt.Sprintf("tickets=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pass()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/ticket")
		})
		b.Run(fmt.Sprintf("gauges/tickets=%d", n), func(b *testing.B) {
			for b.Loop() {
				s.Measure()
			}
		})
	}
}
