package overhead

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
)

var (
	rounds = flag.Int("rounds", 1, "of each row of BenchmarkServer; the best counts")
	large  = flag.Int("large", 8, "members of a large party")
)

// A subject is one server that is measured, with players on it.
type subject struct {
	b       *testing.B
	process *target.Process // nil for an embedded engine
	leader  *player.Game
	friends []*player.Game // members, but for the last, who comes and goes
	party   string         // an open one of theirs
}

// newSubject starts a server with the rules file, "" for a stock one, and fills a party.
func newSubject(b *testing.B, rules string, members int) *subject {
	b.Helper()
	s := &subject{b: b}
	var addr string
	switch {
	case target.Real():
		s.process = target.StartReal(b, rules)
		addr = s.process.Addr
	case rules == "":
		addr = target.Server(b, false)
	default:
		addr = target.WithRules(b, rules)
	}
	api := client.New(addr)
	s.leader = play(b, api)
	for range members - 1 {
		s.friends = append(s.friends, play(b, api))
	}
	s.party = s.create(members + 2) // a seat is free again a moment after a leave
	for _, g := range s.friends[:len(s.friends)-1] {
		s.must(g.JoinParty(b.Context(), s.party))
	}
	return s
}

func (s *subject) must(err error) {
	s.b.Helper()
	if err != nil {
		s.b.Fatal(err)
	}
}

func (s *subject) create(size int) string {
	s.b.Helper()
	id, err := s.leader.CreateParty(s.b.Context(), true, size)
	s.must(err)
	return id
}

// settle waits until the server has done what follows the messages so far.
func (s *subject) settle() {
	s.b.Helper()
	for _, g := range append([]*player.Game{s.leader}, s.friends...) {
		s.must(g.Barrier(s.b.Context()))
		g.Drain()
	}
}

// spent is the processor time of the server so far; of an embedded engine it is that of the
// clients too.
func (s *subject) spent() time.Duration {
	s.b.Helper()
	if s.process == nil {
		var u syscall.Rusage
		s.must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	d, err := s.process.Spent()
	s.must(err)
	return d
}

// life is a party from its beginning to its end.
func (s *subject) life() {
	ctx, friend := s.b.Context(), s.friends[len(s.friends)-1]
	id := s.create(4)
	s.must(friend.JoinParty(ctx, id))
	s.must(friend.LeaveParty(ctx, id))
	s.must(s.leader.CloseParty(ctx, id))
}

// data is one message to the party.
func (s *subject) data() {
	s.must(s.leader.SendData(s.b.Context(), s.party, 1, []byte("hello")))
}

// join is a member more, who leaves again.
func (s *subject) join() {
	ctx, friend := s.b.Context(), s.friends[len(s.friends)-1]
	s.must(friend.JoinParty(ctx, s.party))
	s.must(friend.LeaveParty(ctx, s.party))
}

// BenchmarkServer measures the processor time that messages cost a server with the module,
// a stock server's being 1: in turn, the best of some rounds. Without NAKAMA_SERVER both are
// embedded engines, and the figures mean nothing.
func BenchmarkServer(b *testing.B) {
	none := filepath.Join(b.TempDir(), "none.yml")
	write(b, none, "version: 1\nlimits: {party_create: none, data: {rate: none}}\n")
	sample, err := os.ReadFile("../../rules.yml")
	if err != nil {
		b.Fatal(err)
	}
	limited := strings.NewReplacer("party_create: 10/m", "party_create: none", "rate: 50/s", "rate: none", "max: 8, outside", "max: 256, outside").Replace(string(sample))
	ruled := filepath.Join(b.TempDir(), "sample.yml")
	write(b, ruled, limited)
	for _, row := range []struct {
		name, rules string
		members     int
		do          func(*subject)
	}{
		{"life", none, 2, (*subject).life},
		{"life-sample", ruled, 2, (*subject).life},
		{"data", none, 4, (*subject).data},
		{"join-sample", ruled, 4, (*subject).join},
		{"join-large", none, *large, (*subject).join},
	} {
		b.Run(row.name, func(b *testing.B) {
			subjects := []*subject{newSubject(b, "", row.members), newSubject(b, row.rules, row.members)}
			best := []float64{math.Inf(1), math.Inf(1)}
			for round := range *rounds + 1 { // the first is to warm up
				for i, s := range subjects {
					s.settle()
					before := s.spent()
					for n := range b.N {
						row.do(s)
						if n%64 == 0 {
							s.settle()
						}
					}
					s.settle()
					if each := us(s.spent()-before) / float64(b.N); round > 0 {
						best[i] = min(best[i], each)
					}
				}
			}
			b.ReportMetric(best[0], "stock-us")
			b.ReportMetric(best[1], "module-us")
			b.ReportMetric(best[1]/best[0], "ratio")
		})
	}
}

func write(b *testing.B, file, text string) {
	b.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}
