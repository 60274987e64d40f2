package host

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Base implements the part of runtime.NakamaModule that needs only the process: files, metrics and events. Every
// other method returns an error with its name. Package engine embeds Base next to the parts of other packages. Their
// methods win, because unsupportedCalls is embedded one level deeper.
type Base struct {
	unsupportedCalls
	*Metrics

	RuntimePath string // the directory for ReadFile
}

// unsupportedCalls embeds the generated methods one level below all methods that work.
type unsupportedCalls struct{ unsupportedModule }

// ReadFile opens a file of the runtime path. It refuses a path outside of it.
func (b *Base) ReadFile(path string) (*os.File, error) {
	full := filepath.Join(b.RuntimePath, path)
	rel, err := filepath.Rel(b.RuntimePath, full)
	if err != nil || !filepath.IsLocal(rel) {
		return nil, fmt.Errorf("cannot traverse outside runtime path: %s", path)
	}
	return os.Open(full)
}

// Event accepts a custom event and drops it.
func (b *Base) Event(context.Context, *api.Event) error { return nil }

// GetSatori returns nil: the engine has no Satori.
func (b *Base) GetSatori() runtime.Satori { return nil }

// Metrics collects what a module reports, for tests and for people. It is safe for concurrent use.
type Metrics struct {
	mu     sync.Mutex
	values map[string]float64
}

// NewMetrics makes an empty collection.
func NewMetrics() *Metrics { return &Metrics{values: map[string]float64{}} }

// MetricsCounterAdd adds delta to a counter.
func (m *Metrics) MetricsCounterAdd(name string, tags map[string]string, delta int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[seriesName(name, tags)] += float64(delta)
}

// MetricsGaugeSet sets a gauge.
func (m *Metrics) MetricsGaugeSet(name string, tags map[string]string, value float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[seriesName(name, tags)] = value
}

// MetricsTimerRecord counts one observation under "<name>_count" and adds its seconds
// to "<name>_sum".
func (m *Metrics) MetricsTimerRecord(name string, tags map[string]string, value time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[seriesName(name+"_count", tags)]++
	m.values[seriesName(name+"_sum", tags)] += value.Seconds()
}

// Snapshot returns every series as "name{tag=value,...}" with its value.
func (m *Metrics) Snapshot() map[string]float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.values)
}

func seriesName(name string, tags map[string]string) string {
	if len(tags) == 0 {
		return name
	}
	pairs := make([]string, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		pairs = append(pairs, k+"="+tags[k])
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}
