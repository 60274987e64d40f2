package overhead

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
)

// BenchmarkMemory measures the memory of a party of two on a server with the module and on a stock
// server. The servers collect garbage early, so that resident memory is about the memory in use.
func BenchmarkMemory(b *testing.B) {
	b.Setenv("GOGC", "10")
	none := filepath.Join(b.TempDir(), "none.yml")
	write(b, none, "version: 1\nlimits: {party_create: none}\n")
	subjects := []*subject{newSubject(b, "stock", ""), newSubject(b, "module", none)}
	for range b.N {
		for _, s := range subjects {
			api := client.New(s.addr)
			games := make([]*player.Game, *crowd/2*2)
			for i := range games {
				games[i] = play(b, api)
			}
			before := s.steadyMemory()
			for i := 0; i < len(games); i += 2 {
				id, err := games[i].CreateParty(b.Context(), true, 4)
				s.must(err)
				s.must(games[i+1].JoinParty(b.Context(), id))
			}
			for _, g := range games {
				s.must(g.Barrier(b.Context()))
				g.Drain()
			}
			b.ReportMetric(float64(s.steadyMemory()-before)/float64(len(games)/2)/1000, s.name+"-KB/party")
		}
	}
}

// steadyMemory returns the server's memory once it has not changed for a while.
func (s *subject) steadyMemory() int {
	last := s.resident()
	for same := 0; same < 4 && s.process != nil; same++ {
		time.Sleep(500 * time.Millisecond)
		if now := s.resident(); now != last {
			last, same = now, 0
		}
	}
	return last
}

// BenchmarkIdle measures the share of a processor that idle matches take, for three tick rates. Their
// players never join, so each match lasts half a minute. For comparison, the same number of matches
// that do nothing at all shows the host's own part.
func BenchmarkIdle(b *testing.B) {
	for _, tick := range []int{20, 4, 2} {
		b.Run(fmt.Sprint("tick-", tick), func(b *testing.B) {
			rules := filepath.Join(b.TempDir(), "rules.yml")
			write(b, rules, fmt.Sprintf("version: 1\nqueues: {duel: {teams: 2, team_size: 1, tick: %d}}\n", tick))
			s := newSubject(b, "module", rules)
			api := client.New(s.addr)
			games := make([]*player.Game, *crowd/2*2)
			for i := range games {
				games[i] = play(b, api)
			}
			empty := emptySubject(b)
			for range b.N {
				alone := s.cpuShare()
				for _, g := range games {
					_, err := g.Queue(b.Context(), map[string]string{"queue": "duel"})
					s.must(err)
				}
				for _, g := range games {
					_, err := g.Matched(b.Context())
					s.must(err)
				}
				b.ReportMetric(100*(s.cpuShare()-alone)*1000/float64(len(games)/2), "%-of-a-core/1000-matches")
				if empty == nil {
					continue
				}
				alone = empty.cpuShare()
				_, err := client.New(empty.addr).RPCWithKey(b.Context(), client.DefaultHTTPKey, "matches", fmt.Sprint(len(games)/2, " ", tick))
				s.must(err)
				b.ReportMetric(100*(empty.cpuShare()-alone)*1000/float64(len(games)/2), "%-of-a-core/1000-empty-matches")
			}
		})
	}
}

// cpuShare returns the share of a processor that the server uses now. It measures for as long as the server
// takes to ping each of its sockets once.
func (s *subject) cpuShare() float64 {
	const lasting = 15 * time.Second
	if s.process == nil {
		return 0
	}
	time.Sleep(4 * time.Second) // until earlier work is finished: the server writes the indexes a second late
	before := s.spent()
	time.Sleep(lasting)
	return (s.spent() - before).Seconds() / lasting.Seconds()
}
