package wiring

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/hooks"
	"partyline/party"
	"partyline/party/overview"
	"partyline/rpc"
)

// countingHost is the host. It also counts storage requests and failures of the module.
type countingHost struct {
	runtime.NakamaModule

	reads, writes, conflicts, errors atomic.Uint64
	matches                          atomic.Uint64
	calls, hooks, pages              atomic.Uint64 // failures: "internal", or for pages 5xx except 503
}

func (w *countingHost) MatchCreate(ctx context.Context, module string, params map[string]any) (string, error) {
	id, err := w.NakamaModule.MatchCreate(ctx, module, params)
	if err == nil {
		w.matches.Add(1)
	}
	return id, err
}

// MetricsTimerRecord counts failed calls, hooks and pages, each of which is timed when it ends.
func (w *countingHost) MetricsTimerRecord(name string, tags map[string]string, value time.Duration) {
	failed := tags["outcome"] == string(party.Internal)
	switch {
	case name == rpc.MetricDuration && failed:
		w.calls.Add(1)
	case name == hooks.MetricDuration && failed:
		w.hooks.Add(1)
	case name == MetricRequestDuration && tags["status"] == "5xx":
		w.pages.Add(1)
	}
	w.NakamaModule.MetricsTimerRecord(name, tags, value)
}

// tasks are the results of the background tasks, in the order they first ran.
type tasks struct {
	mu  sync.Mutex
	all []overview.Task
}

// record records the result of a task.
func (ts *tasks) record(name string, at time.Time, err error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	i := slices.IndexFunc(ts.all, func(t overview.Task) bool { return t.Name == name })
	if i < 0 {
		i = len(ts.all)
		ts.all = append(ts.all, overview.Task{Name: name})
	}
	task := &ts.all[i]
	task.Runs++
	task.LastRun = at.Unix()
	task.Failing = err != nil
	if err != nil {
		task.Failures++
		task.LastError = err.Error()
		task.LastErrorAt = at.Unix()
	}
}

func (ts *tasks) list() []overview.Task {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return append([]overview.Task{}, ts.all...)
}

func (m *Module) vitals() overview.Vitals {
	return overview.Vitals{
		Tasks: m.tasks.list(),
		Storage: overview.StorageVitals{
			Reads: m.nk.reads.Load(), Writes: m.nk.writes.Load(), Conflicts: m.nk.conflicts.Load(), Errors: m.nk.errors.Load(),
		},
		Failures: overview.Failures{Calls: m.nk.calls.Load(), Hooks: m.nk.hooks.Load(), Pages: m.nk.pages.Load(), Background: m.panics.Load()},
		Tickets:  m.queues.Waiting(), Matches: m.nk.matches.Load(), SeatTimers: m.reconnect.Running(),
	}
}
