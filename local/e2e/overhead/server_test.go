package overhead

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
)

var (
	volume = flag.Int("volume", 1, "how much of a row's messages one round of BenchmarkServer is")
	large  = flag.Int("large", 16, "members of the largest party")
)

// subject is one server that is measured.
type subject struct {
	b              *testing.B
	name           string
	process        *target.Process // nil for an embedded engine
	addr           string
	costPerMessage []float64 // microseconds of processor time per message, by round

	// The players of a row:
	leader  *player.Game
	friends []*player.Game // members, except the last, who joins and leaves
	party   string         // the ID of an open party of theirs
}

// newSubject starts a server with the rules file, "" for a stock server. Only a real server gets the flags.
func newSubject(b *testing.B, name, rules string, flags ...string) *subject {
	b.Helper()
	s := &subject{b: b, name: name}
	switch {
	case target.Real() && rules == "":
		s.process = target.StartPlugins(b, nil, flags...)
		s.addr = s.process.Addr
	case target.Real():
		s.process = target.StartBeside(b, rules, nil, flags...)
		s.addr = s.process.Addr
	case rules == "":
		s.addr = target.Server(b, false)
	default:
		s.addr = target.WithRules(b, rules)
	}
	return s
}

// emptySubject starts a server with the module that does nothing. It returns nil if there is no such module.
func emptySubject(b *testing.B) *subject {
	b.Helper()
	plugin := os.Getenv(target.EmptyVariable)
	if plugin == "" || !target.Real() {
		return nil
	}
	process := target.StartPlugins(b, []string{plugin})
	return &subject{b: b, name: "empty", process: process, addr: process.Addr}
}

// populate makes new players fill a party. Two players get no party.
func (s *subject) populate(b *testing.B, members int) {
	b.Helper()
	s.b, s.costPerMessage, s.friends = b, nil, nil
	api := client.New(s.addr)
	s.leader = play(b, api)
	for range members - 1 {
		s.friends = append(s.friends, play(b, api))
	}
	if members == 2 { // they make and end their own
		return
	}
	s.party = s.create(members + 2) // a seat is free again only a moment after a leave
	for _, g := range s.friends[:len(s.friends)-1] {
		s.must(g.JoinParty(b.Context(), s.party))
	}
}

func (s *subject) must(err error) {
	s.b.Helper()
	if err != nil {
		s.b.Fatalf("%s: %v", s.name, err)
	}
}

func (s *subject) create(size int) string {
	s.b.Helper()
	id, err := s.leader.CreateParty(s.b.Context(), true, size)
	s.must(err)
	return id
}

// settle waits until the server has finished the work of the players' messages so far.
func (s *subject) settle(players ...*player.Game) {
	s.b.Helper()
	for _, g := range players {
		s.must(g.Barrier(s.b.Context()))
	}
	s.leader.Drain()
	for _, g := range s.friends {
		g.Drain()
	}
}

// spent returns the processor time of the server so far. For an embedded engine this includes the
// clients.
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

// resident returns the server's memory in bytes, 0 for an embedded engine.
func (s *subject) resident() int {
	s.b.Helper()
	if s.process == nil {
		return 0
	}
	n, err := s.process.Resident()
	s.must(err)
	return n
}

// round sends messages of one kind and records the mean cost of each.
func (s *subject) round(messages int, do func(*subject)) {
	s.b.Helper()
	all := append([]*player.Game{s.leader}, s.friends...)
	s.settle(all...)
	before := s.spent()
	for n := range messages {
		do(s)
		if n%16 == 0 { // one act may send a member several messages, and the server ends a connection with 64 waiting
			s.settle(all...)
		}
	}
	s.settle(all...)
	s.costPerMessage = append(s.costPerMessage, microseconds(s.spent()-before)/float64(messages))
}

// cost returns the mean cost of a message in the cheaper half of the rounds, without the first round.
func (s *subject) cost() float64 {
	rounds := slices.Sorted(slices.Values(s.costPerMessage[1:]))
	rounds = rounds[:(len(rounds)+1)/2]
	sum := 0.0
	for _, each := range rounds {
		sum += each
	}
	return sum / float64(len(rounds))
}

// friend is the player who joins and leaves.
func (s *subject) friend() *player.Game { return s.friends[len(s.friends)-1] }

// life runs a party from its beginning to its end.
func (s *subject) life() {
	ctx := s.b.Context()
	id := s.create(4)
	s.must(s.friend().JoinParty(ctx, id))
	s.must(s.friend().LeaveParty(ctx, id))
	s.must(s.leader.CloseParty(ctx, id))
}

// brief makes and closes a party that nobody joins.
func (s *subject) brief() { s.must(s.leader.CloseParty(s.b.Context(), s.create(4))) }

// data sends one message to the party.
func (s *subject) data() {
	s.must(s.leader.SendData(s.b.Context(), s.party, 1, []byte("hello")))
}

// join makes one more player join the party and leave it.
func (s *subject) join() {
	s.must(s.friend().JoinParty(s.b.Context(), s.party))
	s.must(s.friend().LeaveParty(s.b.Context(), s.party))
}

// BenchmarkServer measures the processor time of messages on a server with the module, relative to a
// stock server. The servers take turns in random order, so that other load on the machine, and the
// servers' own periodic work, affect all of them. The result is the mean of the cheaper half of each
// server's rounds. One module keeps parties over a restart. A second stock server shows the error of
// the measurement. A server with a module of empty hooks shows what the host pays for hooks. Without
// NAKAMA_SERVER all are embedded engines, and the figures mean nothing.
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
	stock, again := newSubject(b, "stock", ""), newSubject(b, "again", "")
	module, sampled := newSubject(b, "module", none), newSubject(b, "sample", ruled)
	lasting := filepath.Join(b.TempDir(), "lasting.yml")
	write(b, lasting, "version: 1\nparties: {reconnect_grace: 60s, survive: {restart: 60s}}\nlimits: {party_create: none, data: {rate: none}}\n")
	survives := newSubject(b, "restart", lasting)
	subjects := []*subject{stock, again, module, sampled, survives}
	if empty := emptySubject(b); empty != nil {
		subjects = append(subjects, empty)
	}
	for _, row := range []struct {
		name     string
		members  int
		messages int // of a round, times -volume
		do       func(*subject)
	}{
		{"life", 2, 10, (*subject).life},
		{"create-close", 2, 20, (*subject).brief},
		{"join-leave", 4, 15, (*subject).join},
		{"data", 4, 100, (*subject).data},
		{fmt.Sprint("join-leave-", *large/4), *large / 4, 5, (*subject).join},
		{fmt.Sprint("join-leave-", *large/2), *large / 2, 3, (*subject).join},
		{fmt.Sprint("join-leave-", *large), *large, 1, (*subject).join},
	} {
		b.Run(row.name, func(b *testing.B) {
			for _, s := range subjects {
				s.populate(b, row.members)
				s.round(row.messages**volume, row.do) // to warm up
			}
			for range b.N {
				for _, s := range subjects {
					s.round(row.messages**volume, row.do)
				}
				rand.Shuffle(len(subjects), func(i, j int) { subjects[i], subjects[j] = subjects[j], subjects[i] })
			}
			for _, s := range subjects {
				if s.party != "" {
					s.must(s.leader.CloseParty(b.Context(), s.party))
					s.settle(s.leader)
					s.party = ""
				}
				if s == stock {
					b.ReportMetric(s.cost(), "stock-us")
					continue
				}
				b.ReportMetric(s.cost()/stock.cost(), s.name)
			}
		})
	}
}

func write(b *testing.B, file, text string) {
	b.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}
