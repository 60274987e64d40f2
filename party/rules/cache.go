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

func (c *cachedLoader) Accounts(ctx context.Context, userIDs []string) (map[string]Account, error) {
	return c.accounts.get(userIDs, func(missing []string) (map[string]Account, error) { return c.Loader.Accounts(ctx, missing) })
}

func (c *cachedLoader) Groups(ctx context.Context, userID string) ([]GroupFacts, error) {
	groups, err := c.groups.get([]string{userID}, func([]string) (map[string][]GroupFacts, error) {
		groups, err := c.Loader.Groups(ctx, userID)
		return map[string][]GroupFacts{userID: groups}, err
	})
	return groups[userID], err
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

// get gives what is known of the keys and reads the others, in one read.
func (c *cache[T]) get(keys []string, read func(missing []string) (map[string]T, error)) (map[string]T, error) {
	out := make(map[string]T, len(keys))
	var missing []string
	now := c.now()
	c.mu.Lock()
	for _, key := range keys {
		if have, ok := c.values[key]; ok && now.Before(have.until) {
			out[key] = have.value
		} else {
			missing = append(missing, key)
		}
	}
	c.mu.Unlock()
	if len(missing) == 0 {
		return out, nil
	}
	values, err := read(missing)
	if err != nil {
		return nil, err
	}
	until := c.now().Add(c.ttl)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil || len(c.values)+len(values) > maxCached {
		c.values = map[string]cached[T]{}
	}
	for key, value := range values {
		c.values[key] = cached[T]{value, until}
		out[key] = value
	}
	return out, nil
}
