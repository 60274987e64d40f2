package partytest

import (
	"fmt"
	"sync"
	"time"
)

// Metrics keeps measurements by name and tags, formatted by fmt. The zero value is ready.
type Metrics struct {
	mu       sync.Mutex
	counters map[string]int64
	timers   map[string][]time.Duration
}

func metricKey(name string, tags map[string]string) string { return fmt.Sprint(name, tags) }

// MetricsCounterAdd adds to a counter.
func (m *Metrics) MetricsCounterAdd(name string, tags map[string]string, delta int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counters == nil {
		m.counters = map[string]int64{}
	}
	m.counters[metricKey(name, tags)] += delta
}

// MetricsGaugeSet does nothing.
func (m *Metrics) MetricsGaugeSet(string, map[string]string, float64) {}

// MetricsTimerRecord keeps a duration.
func (m *Metrics) MetricsTimerRecord(name string, tags map[string]string, value time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.timers == nil {
		m.timers = map[string][]time.Duration{}
	}
	m.timers[metricKey(name, tags)] = append(m.timers[metricKey(name, tags)], value)
}

// Counter returns the value of a counter.
func (m *Metrics) Counter(name string, tags map[string]string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counters[metricKey(name, tags)]
}

// Timer returns the durations recorded by a timer.
func (m *Metrics) Timer(name string, tags map[string]string) []time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.timers[metricKey(name, tags)]
}

// NoMetrics discards measurements.
type NoMetrics struct{}

// MetricsCounterAdd does nothing.
func (NoMetrics) MetricsCounterAdd(string, map[string]string, int64) {}

// MetricsGaugeSet does nothing.
func (NoMetrics) MetricsGaugeSet(string, map[string]string, float64) {}

// MetricsTimerRecord does nothing.
func (NoMetrics) MetricsTimerRecord(string, map[string]string, time.Duration) {}
