// Package limit has token buckets by key (a user, an address, a session) with bounded memory. It does not know what is
// limited. The rate is passed with every call, so that a reloaded rules file takes effect on the next one.
//
// Buckets exist only in this process and may be lost: a lost bucket counts as a full one.
package limit

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"partyline/internal/cache"
	"partyline/party/rules"
)

// idleTTL is how long an unused bucket is kept: at any rate it is full again by then.
const idleTTL = 48 * time.Hour

// Keyed holds one token bucket per key. It keeps the maxKeys most recently used buckets and forgets the others. Safe
// for concurrent use.
type Keyed struct {
	now func() time.Time

	mu      sync.Mutex
	buckets *cache.Cache[string, *bucket]
}

type bucket struct {
	rate    rules.Rate
	tokens  *rate.Limiter
	pending int // tokens that unfinished attempts may still cost
}

// New makes an empty set of buckets. maxKeys below 1 counts as 1.
func New(now func() time.Time, maxKeys int) *Keyed {
	return &Keyed{now: now, buckets: cache.New[string, *bucket](now, max(1, maxKeys), idleTTL)}
}

// Take spends one token of key and returns zero. Without a token it spends nothing and returns how long the caller has
// to wait for one. The bucket holds r.N tokens and refills at r.N per r.Per. A rate without a number or a time is no
// limit.
func (k *Keyed) Take(key string, r rules.Rate) (wait time.Duration) {
	attempt, wait := k.Begin(key, r, 1)
	attempt.Done(true)
	return wait
}

// Wait returns what Take would, and spends nothing.
func (k *Keyed) Wait(key string, r rules.Rate) (wait time.Duration) {
	if _, known := k.buckets.Peek(key); known {
		k.withBucket(key, r, func(b *bucket, now time.Time) { wait = b.wait(now) })
	}
	return wait
}

// Attempt is an action that costs tokens only if it counts, such as a wrong guess at a code. The zero value has no
// bucket.
type Attempt struct {
	keyed *Keyed
	b     *bucket
	n     int
}

// Begin starts an attempt of key that may cost n tokens, or returns how long to wait for one. The attempt counts until
// it ends, so that many attempts at once cannot exceed the limit. The caller ends it with Done, once.
func (k *Keyed) Begin(key string, r rules.Rate, n int) (a Attempt, wait time.Duration) {
	k.withBucket(key, r, func(b *bucket, now time.Time) {
		if wait = b.wait(now); wait == 0 {
			b.pending += n
			a = Attempt{k, b, n}
		}
	})
	return a, wait
}

// Done ends the attempt. If it counts, it costs its tokens, on credit if there are too few. Otherwise it costs nothing.
// It never gives back the tokens of earlier attempts.
func (a Attempt) Done(counts bool) {
	if a.b == nil {
		return
	}
	a.keyed.mu.Lock()
	defer a.keyed.mu.Unlock()
	a.b.pending -= a.n
	if counts {
		a.b.spend(a.keyed.now(), a.n)
	}
}

// Charge spends n tokens of key, on credit if there are too few. The debt has to refill before Wait returns zero again.
func (k *Keyed) Charge(key string, r rules.Rate, n int) {
	k.withBucket(key, r, func(b *bucket, now time.Time) { b.spend(now, n) })
}

func (b *bucket) spend(now time.Time, n int) {
	for range n { // one by one: a bucket refuses more than its size at once
		b.tokens.ReserveN(now, 1)
	}
}

// Len returns the number of buckets kept.
func (k *Keyed) Len() int { return k.buckets.Len() }

// withBucket calls do with the bucket of key, and marks it as used. It makes the bucket if needed. It does not call do
// if there is no limit.
func (k *Keyed) withBucket(key string, r rules.Rate, do func(b *bucket, now time.Time)) {
	if r.N <= 0 || r.Per <= 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now, limit := k.now(), rate.Limit(float64(r.N)/r.Per.Seconds())
	b, known := k.buckets.Peek(key)
	if !known {
		b = &bucket{rate: r, tokens: rate.NewLimiter(limit, r.N)}
	} else if b.rate != r {
		b.tokens.SetLimitAt(now, limit)
		b.tokens.SetBurstAt(now, r.N)
		b.rate = r
	}
	k.buckets.Put(key, b)
	do(b, now)
}

// wait returns how long until a token is free in addition to those of pending attempts; zero if one is free now.
func (b *bucket) wait(now time.Time) time.Duration {
	missing := float64(b.pending) + 1 - b.tokens.TokensAt(now)
	if missing <= 1e-9 { // rounding of the refill, far below one token
		return 0
	}
	return max(time.Nanosecond, time.Duration(math.Ceil(missing/float64(b.tokens.Limit())*float64(time.Second))))
}
