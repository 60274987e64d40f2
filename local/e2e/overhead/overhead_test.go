// Package overhead measures what the module's hooks cost players. It makes and joins parties on a
// stock server and on one with the module, in turn in one run, so that other load on the machine
// affects both.
//
// Without environment variables, both are embedded engines. With NAKAMA and NAKAMA_STOCK
// ("host:port" each, the second without the module) they are real servers.
package overhead

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
)

// side is two players on one server.
type side struct {
	b            *testing.B
	leader, join *client.Socket
	took         struct{ create, join []time.Duration }
}

func newSide(b *testing.B, addr string) *side {
	b.Helper()
	ctx := b.Context()
	connect := func() *client.Socket {
		c := client.New(addr)
		session, err := c.AuthenticateDevice(ctx, uuid.NewString(), "")
		if err != nil {
			b.Fatal(err)
		}
		socket, err := c.Connect(ctx, session, client.SocketOptions{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(socket.Abort)
		return socket
	}
	return &side{b: b, leader: connect(), join: connect()}
}

// round makes a party, makes the second player join it, and closes it. It times only the create and
// the join, each until the answer. Before each it waits until the server has finished the earlier
// messages, because after hooks run after the answer.
func (s *side) round(ctx context.Context) {
	began := time.Now()
	reply, err := s.leader.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: 4}}})
	if err != nil {
		s.b.Fatal(err)
	}
	s.took.create = append(s.took.create, time.Since(began))
	id := reply.GetParty().GetPartyId()
	s.settle(ctx)
	began = time.Now()
	if _, err := s.join.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: id}}}); err != nil {
		s.b.Fatal(err)
	}
	s.took.join = append(s.took.join, time.Since(began))
	if _, err := s.leader.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: id}}}); err != nil {
		s.b.Fatal(err)
	}
	s.settle(ctx)
}

// settle waits until the server has finished the work of both players' messages.
func (s *side) settle(ctx context.Context) {
	for _, socket := range []*client.Socket{s.leader, s.join} {
		if err := socket.Barrier(ctx); err != nil {
			s.b.Fatal(err)
		}
		socket.Drain()
	}
}

// servers returns the address of the stock server and of the one with the module.
func servers(b *testing.B) (stock, module string) {
	b.Helper()
	module, stock = target.Address(), os.Getenv("NAKAMA_STOCK")
	if (module == "") != (stock == "") {
		b.Fatalf("%s and NAKAMA_STOCK go together: a server with the module and one without", target.Variable)
	}
	if module == "" {
		return target.Server(b, false), target.Server(b, true)
	}
	return stock, module
}

// BenchmarkCreateAndJoin reports the medians of both servers in microseconds, and the overhead of
// the module in percent.
func BenchmarkCreateAndJoin(b *testing.B) {
	stockAddr, moduleAddr := servers(b)
	stock, module := newSide(b, stockAddr), newSide(b, moduleAddr)
	sides := []*side{stock, module}
	for range min(b.N, 50) { // connections, caches and code are cold at first
		for _, s := range sides {
			s.round(b.Context())
		}
	}
	for _, s := range sides {
		s.took.create, s.took.join = nil, nil
	}
	b.ResetTimer()
	for range b.N {
		for _, s := range sides {
			s.round(b.Context())
		}
		slices.Reverse(sides) // so that each side comes first half of the time
	}
	b.StopTimer()
	report := func(what string, of func(*side) []time.Duration) {
		native, through := median(of(stock)), median(of(module))
		b.ReportMetric(microseconds(native), what+"-native-us")
		b.ReportMetric(microseconds(through), what+"-module-us")
		b.ReportMetric(100*(float64(through)/float64(native)-1), what+"-overhead-%")
	}
	report("create", func(s *side) []time.Duration { return s.took.create })
	report("join", func(s *side) []time.Duration { return s.took.join })
	report("both", func(s *side) []time.Duration { return sums(s.took.create, s.took.join) })
}

func sums(a, b []time.Duration) []time.Duration {
	out := make([]time.Duration, len(a))
	for i := range a {
		out[i] = a[i] + b[i]
	}
	return out
}

func median(d []time.Duration) time.Duration {
	d = slices.SortedFunc(slices.Values(d), func(a, b time.Duration) int { return cmp.Compare(a, b) })
	return d[len(d)/2]
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func TestMedian(t *testing.T) {
	for want, of := range map[time.Duration][]time.Duration{3: {5, 1, 3}, 7: {7}, 4: {4, 2, 3, 9}} {
		if got := median(of); got != want {
			t.Errorf("median(%v) = %v; want %v", of, got, want)
		}
	}
	if got := fmt.Sprint(sums([]time.Duration{1, 2}, []time.Duration{10, 20})); got != "[11ns 22ns]" {
		t.Errorf("sums = %s", got)
	}
}
