package wiring

import (
	"context"
	"errors"
	"runtime/debug"
	"time"
)

// Start starts the background work. A second Start does nothing.
func (m *Module) Start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	m.running.Go(func() { m.repeat(ctx, m.sweepEvery, func() time.Duration { return m.sweep(ctx) }) })
	m.running.Go(func() {
		every := min(gaugesEvery, m.sweepEvery)
		m.repeat(ctx, every, func() time.Duration {
			m.task("gauges", func() error { return m.setGauges(ctx) })
			return every
		})
	})
	m.running.Go(func() { m.runRecovered("rules watch", func() { m.rules.Watch(ctx) }) })
	m.running.Go(func() { m.runRecovered("rules history", func() { m.history.Run(ctx) }) })
	if m.record != nil {
		m.running.Go(func() { m.runRecovered("record", func() { m.record.Run(ctx) }) })
	}
	if m.shadow != nil {
		m.running.Go(func() { m.runRecovered("next rules watch", func() { m.nextRules.Watch(ctx) }) })
		m.running.Go(func() { m.runRecovered("shadow", func() { m.shadow.Run(ctx) }) })
	}
}

// Stop ends the background work and waits for it until ctx ends. It is safe at any time.
func (m *Module) Stop(ctx context.Context) {
	m.mu.Lock()
	cancel := m.cancel
	m.cancel = nil
	m.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.running.Wait()
		m.runRecovered("statuses end", m.status.Close)
		m.runRecovered("shared statuses end", m.share.Close)
		m.runRecovered("attributes end", m.attributes.Close)
		m.runRecovered("news of members end", m.post.Close)
		m.runRecovered("wait lists end", m.waitlist.Close)
		m.runRecovered("match retries end", m.retrier.Close)
		m.runRecovered("invites end", m.invites.Close)
		m.runRecovered("reconnect end", m.reconnect.Close)
		m.runRecovered("party members end", m.admission.Close)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		m.logger.Warn("background work did not end in time")
	}
}

// repeat runs work after wait, and again after each time that work returns, until ctx ends.
func (m *Module) repeat(ctx context.Context, wait time.Duration, work func() (wait time.Duration)) {
	next := time.NewTimer(wait)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			next.Reset(work())
		}
	}
}

// sweep runs one round and returns the wait until the next, which comes soon if there is more to delete.
func (m *Module) sweep(ctx context.Context) (wait time.Duration) {
	wait = m.sweepEvery
	m.task("invite sweep", func() error {
		more, err := m.sweepOnce(ctx)
		if more {
			wait /= 60
		}
		return err
	})
	m.task("shared status sweep", func() error { m.share.RefreshAll(); return nil })
	return wait
}

func (m *Module) sweepOnce(ctx context.Context) (more bool, err error) {
	removed, more, err := m.invites.Sweep(ctx)
	err = errors.Join(err, m.attributes.Sweep(ctx), m.finder.Sweep(ctx))
	m.waitlist.Sweep()
	switch {
	case ctx.Err() != nil: // stopped before the end; the next start continues
		return false, nil
	case err != nil:
		m.logger.Warn("invite sweep failed removed=%d error=%v", removed, err)
	case removed > 0:
		m.logger.Debug("invite sweep removed=%d", removed)
	}
	return more, err
}

// errPanic is the error of a task that panicked. The log has the details.
var errPanic = errors.New("it panicked; see the log")

// task runs repeated background work and records the result.
func (m *Module) task(name string, work func() error) {
	err := errPanic
	m.runRecovered(name, func() { err = work() })
	m.tasks.record(name, m.now(), err)
}

// runRecovered runs work and recovers its panic. A panic in a goroutine of the module would end the host's process.
func (m *Module) runRecovered(what string, work func()) {
	defer func() {
		if value := recover(); value != nil {
			m.panics.Add(1)
			m.logger.Error("background work failed task=%q: panic: %v\n%s", what, value, debug.Stack())
		}
	}()
	work()
}
