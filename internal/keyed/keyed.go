// Package keyed keeps a value per key, each with its own lock: work on one party, user or invite waits only for other
// work on the same key. A key costs no memory if nobody uses it and its value is not worth keeping.
package keyed

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// Map is a map of values with locks. Only the caller that holds the lock uses the value. Safe for concurrent use.
type Map[K comparable, V any] struct {
	make func(K) V
	keep func(*V) bool

	mu      sync.Mutex // nothing else is locked while it is held
	entries map[K]*entry[V]
}

type entry[V any] struct {
	value V
	refs  int           // callers that hold or wait for the lock; guarded by Map.mu
	held  chan struct{} // has an element while the lock is held
}

// New makes a map. make makes new values. keep reports, under the lock, whether an unused value is worth keeping.
func New[K comparable, V any](make func(K) V, keep func(*V) bool) *Map[K, V] {
	return &Map[K, V]{make: make, keep: keep, entries: map[K]*entry[V]{}}
}

// Lock returns the key's value and locks it until unlock. It waits until ctx ends, but takes a free lock even if
// ctx has ended. A goroutine must not lock two keys of one map at once.
func (m *Map[K, V]) Lock(ctx context.Context, key K) (value *V, unlock func(), err error) {
	m.mu.Lock()
	e := m.entries[key]
	if e == nil {
		e = &entry[V]{value: m.make(key), held: make(chan struct{}, 1)}
		m.entries[key] = e
	}
	e.refs++
	m.mu.Unlock()
	select {
	case e.held <- struct{}{}:
	default:
		select {
		case e.held <- struct{}{}:
		case <-ctx.Done():
			m.release(key, e, false)
			return nil, nil, ctx.Err()
		}
	}
	return &e.value, func() { m.release(key, e, true) }, nil
}

// release removes the entry if nobody else uses it and its value is not worth keeping.
func (m *Map[K, V]) release(key K, e *entry[V], held bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.refs--
	if e.refs == 0 && !m.keep(&e.value) {
		delete(m.entries, key)
	}
	if held {
		<-e.held
	}
}

// Prune removes the key's value if it is unused and no longer worth keeping. Call it after a change without the lock.
func (m *Map[K, V]) Prune(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil && e.refs == 0 && !m.keep(&e.value) {
		delete(m.entries, key)
	}
}

// Has reports whether there is a value for the key.
func (m *Map[K, V]) Has(key K) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[key] != nil
}

// Keys lists the keys that have a value, in no order.
func (m *Map[K, V]) Keys() []K {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.entries))
}

// Locks is a lock per key, without values.
type Locks[K comparable] struct{ entries *Map[K, struct{}] }

// NewLocks makes a Locks.
func NewLocks[K comparable]() Locks[K] {
	return Locks[K]{New(func(K) struct{} { return struct{}{} }, func(*struct{}) bool { return false })}
}

// Lock locks the key. It waits until ctx ends.
func (l Locks[K]) Lock(ctx context.Context, key K) (unlock func(), err error) {
	_, unlock, err = l.entries.Lock(ctx, key)
	return unlock, err
}
