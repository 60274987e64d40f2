package soak_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	goruntime "runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
	"partyline/local/engine"
	"partyline/module/wiring"
	"partyline/party/admission"
	"partyline/party/invite"
)

// gauge is what the server holds when nobody plays.
type gauge struct {
	heap       uint64 // bytes in use after a collection; for a real server its resident memory
	goroutines int    // without those of matches
	matches    int    // an empty match goes on for half a minute
	remaining  remaining
}

// remaining should all be zero. For a real server, only what the module keeps is known.
type remaining struct {
	sessions, parties, presences, objects int
	memory                                admission.Stats
}

func (g gauge) String() string {
	return fmt.Sprintf("%7.2f MiB  %3d goroutines  %2d matches  left %+v", float64(g.heap)/(1<<20), g.goroutines, g.matches, g.remaining)
}

// memorySlack is for memory that varies in any case: pools, maps that keep their size, the garbage
// collector's cycles.
const memorySlack = 3 << 20

// grownSince returns an error that lists what has grown.
func (g gauge) grownSince(first gauge) error {
	var problems []error
	allowed := first.heap + memorySlack
	if *address != "" {
		allowed = first.heap + first.heap/4 // resident memory varies with the collector's cycles
	}
	if g.heap > allowed {
		problems = append(problems, fmt.Errorf("%d bytes are in use; %d were at first", g.heap, first.heap))
	}
	if g.goroutines > first.goroutines {
		problems = append(problems, fmt.Errorf("%d goroutines; %d at first", g.goroutines, first.goroutines))
	}
	return errors.Join(problems...)
}

// host is the server under test.
type host struct {
	engine         *engine.Server // nil for a real server
	clockOffset    *atomic.Int64  // of the engine's clock, in nanoseconds
	baseGoroutines int            // goroutines after the first lap
}

func newHost(t *testing.T) *host {
	t.Helper()
	if *address != "" {
		if !target.HasModule(t, *address) {
			t.Fatalf("the server at %s has no Partyline module", *address)
		}
		return &host{}
	}
	h := &host{clockOffset: &atomic.Int64{}}
	now := func() time.Time { return time.Now().Add(time.Duration(h.clockOffset.Load())) }
	rules, err := filepath.Abs("testdata/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	h.engine, err = engine.Start(t.Context(), engine.Options{
		Now: now, TokenExpiry: 100 * 365 * 24 * time.Hour, MatchmakerInterval: 100 * time.Millisecond,
		Init: func(ctx context.Context, logger runtime.Logger, _ *sql.DB, nk runtime.NakamaModule, init runtime.Initializer) error {
			m, err := wiring.New(ctx, wiring.Options{
				Env: map[string]string{wiring.EnvRules: rules}, Nakama: nk, Logger: logger, Now: now, SweepEvery: 200 * time.Millisecond,
			})
			if err != nil {
				return err
			}
			if err := m.Register(ctx, init); err != nil {
				m.Stop(ctx)
				return err
			}
			m.Start()
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.engine.Close)
	return h
}

func (h *host) addr() string {
	if h.engine == nil {
		return *address
	}
	return h.engine.Addr()
}

// restTime is how long a server may take to clean up after the players.
const restTime = 2 * time.Minute

// measureIdle waits until the server is idle, and measures it. It moves an engine's clock so far that all
// invites of the lap expired long ago, so none of their data may be left.
func (h *host) measureIdle(t *testing.T) gauge {
	t.Helper()
	if h.engine != nil {
		h.clockOffset.Add(int64(invite.Retention + 2*time.Hour))
	}
	ctx, cancel := context.WithTimeout(t.Context(), restTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		g, err := h.measure(ctx)
		if err != nil {
			t.Fatal(err)
		}
		calm := g.remaining == (remaining{}) && (g.matches == 0 || *minutes == 0)
		if h.baseGoroutines == 0 && calm {
			h.baseGoroutines = g.goroutines
		}
		if calm && g.goroutines <= h.baseGoroutines {
			g.heap, err = h.heap()
			if err != nil {
				t.Fatal(err)
			}
			return g
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("there is no rest: %s\n%s", g, stacks())
		}
	}
}

func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:goruntime.Stack(b, true)])
}

// measure measures everything except the memory. It asks the module last, over a separate
// connection.
func (h *host) measure(ctx context.Context) (g gauge, err error) {
	text, err := client.New(h.addr()).RPCWithKey(ctx, client.DefaultHTTPKey, "party_admin_stats", "{}")
	if err != nil {
		return g, err
	}
	var stats struct{ Memory admission.Stats }
	if err := json.Unmarshal([]byte(text), &stats); err != nil {
		return g, err
	}
	g.remaining.memory = stats.Memory
	if h.engine == nil {
		return g, nil
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	s := h.engine
	s.WaitForEvents()
	g.remaining.sessions, g.remaining.parties, g.remaining.presences = s.Sessions(), s.Parties(), s.Presences()
	for _, collection := range []string{"partyline_invites", "partyline_invite_ids", "partyline_invite_notices", "partyline_parties", "partyline_away"} {
		objects, _, err := s.Module().StorageList(ctx, "", "", collection, 100, "")
		if err != nil {
			return g, err
		}
		g.remaining.objects += len(objects)
	}
	g.matches = s.Matches()
	g.goroutines = goruntime.NumGoroutine() - g.matches
	return g, nil
}

var resident = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)

func (h *host) heap() (uint64, error) {
	if h.engine == nil {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", *pid))
		if err != nil {
			return 0, err
		}
		found := resident.FindSubmatch(bytes.TrimSpace(status))
		if found == nil {
			return 0, errors.New("the process does not tell its resident set")
		}
		kib, err := strconv.ParseUint(string(found[1]), 10, 64)
		return kib << 10, err
	}
	var m goruntime.MemStats
	goruntime.GC() // twice, because pools keep objects over one collection
	goruntime.GC()
	goruntime.ReadMemStats(&m)
	return m.HeapAlloc, nil
}
