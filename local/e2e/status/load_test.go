// Package status_test tests many sockets that report their status, and the ready gate, over real
// sockets on the embedded engine with the module.
package status_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
	"partyline/party/rules"
	"partyline/party/status"
)

// The full size is `go test ./local/e2e/status -run Load -v -parties 500 -reports 50`.
var (
	loadParties = flag.Int("parties", 15, "parties of four in the status load test")
	loadReports = flag.Int("reports", 10, "reports of each member in the status load test, five a second")
)

const (
	loadSize   = 4
	loadPeriod = 200 * time.Millisecond
)

// member is one socket of the load test.
type member struct {
	socket  *client.Socket
	session string // known once it is in the party
	party   *loadParty
	last    float64 // the last progress it reported

	heard    map[string]float64 // progress by session, from the party's messages
	messages int
	rows     int
}

// loadParty is one party of the load test.
type loadParty struct {
	id      string
	members []*member
}

// Every member of every party reports five times a second. In the end, each party must know the last
// value of each member, after no more messages than the rate allows. No goroutine may be left running
// once the sockets are closed.
func TestLoad(t *testing.T) {
	addr := target.Engine(t) // its own engine, because the test counts the goroutines of this process
	before := running(t)
	c := client.New(addr)
	began := time.Now()
	parties := make([]*loadParty, *loadParties)
	atOnce(t, len(parties), 16, func(ctx context.Context, i int) (err error) {
		parties[i], err = makeParty(ctx, c)
		return err
	})
	var everybody []*member
	for _, p := range parties {
		everybody = append(everybody, p.members...)
	}
	t.Logf("%d sockets in %d parties, set up in %v", len(everybody), len(parties), time.Since(began).Round(time.Millisecond))

	began = time.Now()
	var calls []time.Duration
	var mu sync.Mutex
	atOnce(t, len(everybody), len(everybody), func(ctx context.Context, i int) error {
		took, err := everybody[i].sendReports(ctx, began, time.Duration(i)*loadPeriod/time.Duration(len(everybody)))
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, took...)
		return err
	})
	told := time.Since(began)
	atOnce(t, len(everybody), len(everybody), func(ctx context.Context, i int) error { return everybody[i].awaitLastValues(ctx) })
	converged := time.Since(began)

	rate := rules.Default().Status.Rate
	allowed := int(converged*time.Duration(rate.N)/rate.Per) + 1
	most, sum, rows := 0, 0, 0
	for _, p := range parties {
		m := slices.MaxFunc(p.members, func(a, b *member) int { return a.messages - b.messages })
		most, sum = max(most, m.messages), sum+m.messages
		for _, m := range p.members {
			rows += m.rows
		}
	}
	slices.Sort(calls)
	t.Logf("%d reports in %v (%.0f/s); a call took %v in the middle, %v for 99 of 100", len(calls), told.Round(time.Millisecond),
		float64(len(calls))/told.Seconds(), calls[len(calls)/2].Round(time.Microsecond), calls[len(calls)*99/100].Round(time.Microsecond))
	t.Logf("all converged %v after the last report; a party heard %.1f messages on average and %d at most, %d allowed at %s; %.2f/s per party; %d rows delivered for %d reports x %d members",
		(converged - told).Round(time.Millisecond), float64(sum)/float64(len(parties)), most, allowed, rate,
		float64(sum)/float64(len(parties))/converged.Seconds(), rows, len(calls), loadSize)
	if most > allowed {
		t.Errorf("a party heard %d messages in %v; at %s at most %d are allowed", most, converged, rate, allowed)
	}

	atOnce(t, len(everybody), len(everybody), func(ctx context.Context, i int) error { return everybody[i].socket.Close(ctx) })
	http.DefaultClient.CloseIdleConnections() // of the logins
	nothingRuns(t, before)
}

// atOnce calls do for each of n, at most limit at a time, and fails the test with the first error.
func atOnce(t *testing.T, n, limit int, do func(ctx context.Context, i int) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	failed := make(chan error, 1)
	free := make(chan struct{}, limit)
	var wg sync.WaitGroup
	for i := range n {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			if err := do(ctx, i); err != nil {
				select {
				case failed <- err:
					cancel() // the others can stop
				default:
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		t.Fatal(err)
	default:
	}
}

func makeParty(ctx context.Context, c *client.Client) (*loadParty, error) {
	p := &loadParty{}
	for i := range loadSize {
		session, err := c.AuthenticateDevice(ctx, uuid.NewString(), "")
		if err != nil {
			return nil, err
		}
		socket, err := c.Connect(ctx, session, client.SocketOptions{Protobuf: true})
		if err != nil {
			return nil, err
		}
		m := &member{socket: socket, party: p, heard: map[string]float64{}}
		p.members = append(p.members, m)
		if i == 0 {
			answer, err := socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: loadSize}}})
			if err != nil {
				return nil, err
			}
			p.id, m.session = answer.GetParty().GetPartyId(), answer.GetParty().GetSelf().GetSessionId()
			continue
		}
		if _, err := socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: p.id}}}); err != nil {
			return nil, err
		}
		joined, err := socket.Take(ctx, client.OfKind("party"))
		if err != nil {
			return nil, err
		}
		m.session = joined.Envelope.GetParty().GetSelf().GetSessionId()
	}
	return p, nil
}

// sendReports sends the member's reports, each at its own time after began. It returns how long each call
// took.
func (m *member) sendReports(ctx context.Context, began time.Time, offset time.Duration) ([]time.Duration, error) {
	var took []time.Duration
	for i := range *loadReports {
		next := time.NewTimer(time.Until(began.Add(offset + time.Duration(i)*loadPeriod)))
		select {
		case <-next.C:
		case <-ctx.Done():
			return took, ctx.Err()
		}
		m.last = float64(i+1) / float64(*loadReports)
		payload, err := json.Marshal(status.Report{PartyID: m.party.id, Stage: "downloading", Progress: &m.last, Seq: new(int64(i))})
		if err != nil {
			return took, err
		}
		at := time.Now()
		if _, err := m.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_Rpc{Rpc: &api.Rpc{Id: "party_status_set", Payload: string(payload)}}}); err != nil {
			return took, fmt.Errorf("report %d: %w", i, err)
		}
		took = append(took, time.Since(at))
	}
	return took, nil
}

// awaitLastValues reads the party's messages until they contain the last value of each member.
func (m *member) awaitLastValues(ctx context.Context) error {
	for !m.knows() {
		message, err := m.socket.Take(ctx, client.OfKind("party_data"))
		if err != nil {
			return err
		}
		data := message.Envelope.GetPartyData()
		var news status.Listing
		if data.GetOpCode() != -1 || data.GetPartyId() != m.party.id {
			return fmt.Errorf("heard %v", data)
		}
		if err := json.Unmarshal(data.GetData(), &news); err != nil {
			return err
		}
		m.messages++
		for _, row := range news.Members {
			m.heard[row.SessionID] = *row.Progress
			m.rows++
		}
	}
	return nil
}

func (m *member) knows() bool {
	for _, other := range m.party.members {
		if m.heard[other.session] != other.last {
			return false
		}
	}
	return true
}

// goroutines counts the goroutines of this process: all, and those of package party.
type goroutines struct{ all, kernel int }

func running(t *testing.T) goroutines {
	t.Helper()
	g, _ := stacks(t)
	return g
}

func stacks(t *testing.T) (goroutines, []byte) {
	t.Helper()
	var dump bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&dump, 2); err != nil {
		t.Fatal(err)
	}
	now := goroutines{all: runtime.NumGoroutine()}
	for _, stack := range bytes.Split(dump.Bytes(), []byte("\n\n")) {
		// The goroutine that the module's start runs lasts as long as the server, and may start late.
		if bytes.Contains(stack, []byte("\npartyline/party/")) && !bytes.Contains(stack, []byte("wiring.(*Module).Start")) {
			now.kernel++
		}
	}
	return now, dump.Bytes()
}

// nothingRuns waits until no more goroutines run than before the load, in total and in package party.
func nothingRuns(t *testing.T, before goroutines) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		now, dump := stacks(t)
		if now.all <= before.all && now.kernel <= before.kernel {
			t.Logf("%+v ran before, %+v after", before, now)
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Errorf("%+v ran before, %+v after\n%s", before, now, dump)
			return
		}
	}
}
