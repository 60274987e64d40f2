// Package limit has token buckets by key (a user, an address, a session) with bounded memory. It does not know what is
// limited. The rate is passed with every call, so that a reloaded rules file takes effect on the next one.
//
// Buckets exist only in this process and may be lost: a lost bucket counts as a full one.
package limit

import (
	"math"
	"sync"
	"time"

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
	tokens  float64 // at that time; below zero for what was spent on credit
	at      time.Time
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
		k.withBucket(key, r, func(b *bucket) { wait = b.wait(r) })
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
	k.withBucket(key, r, func(b *bucket) {
		if wait = b.wait(r); wait == 0 {
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
		a.b.tokens -= float64(a.n)
	}
}

// Charge spends n tokens of key, on credit if there are too few. The debt has to refill before Wait returns zero again.
// It spends nothing if n is below 1.
func (k *Keyed) Charge(key string, r rules.Rate, n int) {
	k.withBucket(key, r, func(b *bucket) { b.tokens -= float64(max(0, n)) })
}

// Len returns the number of buckets kept.
func (k *Keyed) Len() int { return k.buckets.Len() }

// withBucket refills the bucket of key, marks it as used, and calls do with it. It makes the bucket if needed. It does
// not call do if there is no limit.
func (k *Keyed) withBucket(key string, r rules.Rate, do func(b *bucket)) {
	if r.N <= 0 || r.Per <= 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	b, known := k.buckets.Peek(key)
	if !known {
		b = &bucket{tokens: float64(r.N), at: now}
	}
	passed := max(0, now.Sub(b.at)) // the clock may be set back
	b.tokens = min(float64(r.N), b.tokens+float64(r.N)*(float64(passed)/float64(r.Per)))
	b.at = now
	k.buckets.Put(key, b)
	do(b)
}

// wait returns how long until a token is free in addition to those of pending attempts; zero if one is free now.
func (b *bucket) wait(r rules.Rate) time.Duration {
	missing := float64(b.pending) + 1 - b.tokens
	if missing <= 1e-9 { // rounding of the refill, far below one token
		return 0
	}
	return max(time.Nanosecond, time.Duration(math.Ceil(missing/float64(r.N)*float64(r.Per))))
}
