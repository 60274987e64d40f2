package rules

import (
	"context"
	"sync"
	"time"
)

// maxCached bounds how many users a cache remembers; past it the cache begins anew.
const maxCached = 20_000

// Cached is a Loader that remembers accounts and groups for ttl, which spares
// the database the reads of a player who acts several times in a row. Friends and
// blocks are always read: whoever blocks somebody expects it to hold at once.
// Errors are not remembered. Safe for concurrent use if load is.
func Cached(load Loader, ttl time.Duration, now func() time.Time) Loader {
	return &cachedLoader{
		Loader:   load,
		accounts: cache[Account]{ttl: ttl, now: now},
		groups:   cache[[]GroupFacts]{ttl: ttl, now: now},
	}
}

// cachedLoader takes Friends and Blocked from the Loader it is over.
type cachedLoader struct {
	Loader
	accounts cache[Account]
	groups   cache[[]GroupFacts]
}

var _ Loader = (*cachedLoader)(nil)

func (c *cachedLoader) Account(ctx context.Context, userID string) (Account, error) {
	return c.accounts.get(userID, func() (Account, error) { return c.Loader.Account(ctx, userID) })
}

func (c *cachedLoader) Groups(ctx context.Context, userID string) ([]GroupFacts, error) {
	return c.groups.get(userID, func() ([]GroupFacts, error) { return c.Loader.Groups(ctx, userID) })
}

// cache remembers one kind of value by user.
type cache[T any] struct {
	ttl time.Duration
	now func() time.Time

	mu     sync.Mutex // not held while reading
	values map[string]cached[T]
}

type cached[T any] struct {
	value T
	until time.Time
}

func (c *cache[T]) get(key string, read func() (T, error)) (T, error) {
	c.mu.Lock()
	have, ok := c.values[key]
	c.mu.Unlock()
	if ok && c.now().Before(have.until) {
		return have.value, nil
	}
	value, err := read()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil || len(c.values) >= maxCached {
		c.values = map[string]cached[T]{}
	}
	c.values[key] = cached[T]{value, c.now().Add(c.ttl)}
	return value, nil
}
