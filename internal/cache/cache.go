// Package cache keeps values for a time, in bounded memory.
package cache

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// Cache keeps the most recently used values by key, each for a time. Callers that ask for the same missing value share
// one load. The cost of a call does not depend on the number of values. Safe for concurrent use.
type Cache[K comparable, V any] struct {
	now        func() time.Time
	maxEntries int
	ttl        time.Duration

	mu      sync.Mutex
	entries map[K]*list.Element // of *entry[K, V]
	recent  *list.List          // most recently used first
	loading map[K]*load[V]
}

type entry[K comparable, V any] struct {
	key     K
	value   V
	expires time.Time
}

type load[V any] struct {
	done  chan struct{} // closed once value and err are set
	value V
	err   error
}

// New makes a cache of at most most values. It keeps each one for ttl.
func New[K comparable, V any](now func() time.Time, most int, ttl time.Duration) *Cache[K, V] {
	return &Cache[K, V]{now: now, maxEntries: most, ttl: ttl, entries: map[K]*list.Element{}, recent: list.New(), loading: map[K]*load[V]{}}
}

var errAbandoned = errors.New("the load ended without an answer")

// Get returns the value of key. If it is not kept, Get loads it with the first caller's ctx. Callers that wait
// share an error, but the cache does not keep it. A caller whose ctx ends stops waiting.
func (c *Cache[K, V]) Get(ctx context.Context, key K, read func(context.Context) (V, error)) (V, error) {
	c.mu.Lock()
	if value, ok := c.get(key); ok {
		c.mu.Unlock()
		return value, nil
	}
	if l, ok := c.loading[key]; ok {
		c.mu.Unlock()
		select {
		case <-l.done:
			if !errors.Is(l.err, context.Canceled) || ctx.Err() != nil {
				return l.value, l.err
			}
			return c.Get(ctx, key, read) // the loader's ctx was cancelled; the others load again
		case <-ctx.Done():
			return *new(V), ctx.Err()
		}
	}
	l := &load[V]{done: make(chan struct{}), err: errAbandoned}
	c.loading[key] = l
	c.mu.Unlock()
	defer func() { // also if read panics
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.loading[key] == l { // otherwise it was dropped or put while it was loaded
			delete(c.loading, key)
			if l.err == nil {
				c.put(key, l.value)
			}
		}
		close(l.done)
	}()
	l.value, l.err = read(ctx)
	return l.value, l.err
}

// Peek returns the value of key if it is kept.
func (c *Cache[K, V]) Peek(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get(key)
}

// Take returns the value of key and removes it.
func (c *Cache[K, V]) Take(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.get(key)
	c.forget(key)
	return value, ok
}

// Put keeps a value. A load of the key that is under way is not kept.
func (c *Cache[K, V]) Put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.loading, key)
	c.put(key, value)
}

// Invalidate removes the value of key. A load of the key that is under way is not kept, so later callers load again.
func (c *Cache[K, V]) Invalidate(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.loading, key)
	c.forget(key)
}

// Len returns how many values are kept.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recent.Len()
}

// forget, get and put need mu.
func (c *Cache[K, V]) forget(key K) {
	if e, ok := c.entries[key]; ok {
		c.recent.Remove(e)
		delete(c.entries, key)
	}
}

func (c *Cache[K, V]) get(key K) (value V, ok bool) {
	e, ok := c.entries[key]
	if !ok {
		return value, false
	}
	known := e.Value.(*entry[K, V])
	if !c.now().Before(known.expires) {
		c.forget(key)
		return value, false
	}
	c.recent.MoveToFront(e)
	return known.value, true
}

func (c *Cache[K, V]) put(key K, value V) {
	now := c.now()
	c.forget(key)
	c.entries[key] = c.recent.PushFront(&entry[K, V]{key, value, now.Add(c.ttl)})
	for { // also what has expired, so that a crowd long gone leaves nothing behind
		oldest := c.recent.Back().Value.(*entry[K, V])
		if c.recent.Len() <= c.maxEntries && now.Before(oldest.expires) {
			return
		}
		c.forget(oldest.key)
	}
}
