// Package keyed keeps a value per key behind a lock of its own: what deals with one party,
// user or invite at a time waits for that one alone, and only until its caller gives up.
// A key that nobody uses, and whose value is not worth keeping, costs no memory.
package keyed

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// Map is values by key. Make one with [New]. Safe for concurrent use; a value is its
// locker's alone.
type Map[K comparable, V any] struct {
	make func(K) V
	keep func(*V) bool

	mu      sync.Mutex // a leaf: nothing else is locked while it is held
	entries map[K]*entry[V]
}

type entry[V any] struct {
	value V
	users int           // who holds or waits for the lock; guarded by Map.mu
	held  chan struct{} // has an element while the lock is held
}

// New makes a map. make is called for a key that has no value yet; keep says, under the
// value's lock, whether a value that nobody waits for is worth keeping.
func New[K comparable, V any](make func(K) V, keep func(*V) bool) *Map[K, V] {
	return &Map[K, V]{make: make, keep: keep, entries: map[K]*entry[V]{}}
}

// Lock returns the key's value, its caller's alone until unlock. It waits no longer than
// ctx, and takes a free lock even if ctx has ended. A goroutine must not lock two keys of
// one map at once.
func (m *Map[K, V]) Lock(ctx context.Context, key K) (value *V, unlock func(), err error) {
	m.mu.Lock()
	e := m.entries[key]
	if e == nil {
		e = &entry[V]{value: m.make(key), held: make(chan struct{}, 1)}
		m.entries[key] = e
	}
	e.users++
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

// release forgets the entry if its last user goes and nothing is worth keeping.
func (m *Map[K, V]) release(key K, e *entry[V], held bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.users--
	if e.users == 0 && !m.keep(&e.value) {
		delete(m.entries, key)
	}
	if held {
		<-e.held
	}
}

// Forget drops the key's value if nobody uses it and it has come to be not worth keeping
// without its lock.
func (m *Map[K, V]) Forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil && e.users == 0 && !m.keep(&e.value) {
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

// Locks are locks alone.
type Locks[K comparable] struct{ entries *Map[K, struct{}] }

// NewLocks makes them.
func NewLocks[K comparable]() Locks[K] {
	return Locks[K]{New(func(K) struct{} { return struct{}{} }, func(*struct{}) bool { return false })}
}

// Lock waits for the key's lock, no longer than ctx.
func (l Locks[K]) Lock(ctx context.Context, key K) (unlock func(), err error) {
	_, unlock, err = l.entries.Lock(ctx, key)
	return unlock, err
}
