// Package limit is token buckets by key (a user, an address, a session) with bounded
// memory. It knows nothing of what is limited. The rate is passed with every call, so
// that a reloaded rules file takes effect on the next one.
//
// Buckets live in this process alone and are safe to lose: a lost bucket is a full one.
package limit

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"partyline/internal/cache"
	"partyline/party/rules"
)

// idle is how long a bucket is kept that nobody asks for: any rate has filled it again by then.
const idle = 48 * time.Hour

// Keyed holds one token bucket per key. It keeps the most recently used maxKeys
// buckets and forgets the others. Safe for concurrent use.
type Keyed struct {
	now func() time.Time

	mu      sync.Mutex
	buckets *cache.Cache[string, *bucket]
}

type bucket struct {
	rate    rules.Rate
	tokens  *rate.Limiter
	pending int // tokens that attempts under way may still cost
}

// New makes an empty set of buckets. maxKeys below 1 counts as 1.
func New(now func() time.Time, maxKeys int) *Keyed {
	return &Keyed{now: now, buckets: cache.New[string, *bucket](now, max(1, maxKeys), idle)}
}

// Take spends one token of key and answers zero, or spends nothing and answers how
// long the caller has to wait for the next. The bucket holds r.N tokens and refills at
// r.N per r.Per; a rate without a number or a time is no limit.
func (k *Keyed) Take(key string, r rules.Rate) (wait time.Duration) {
	k.use(key, r, func(b *bucket, now time.Time) {
		if wait = b.wait(now); wait == 0 {
			b.tokens.AllowN(now, 1)
		}
	})
	return wait
}

// Wait answers what Take would, and spends nothing.
func (k *Keyed) Wait(key string, r rules.Rate) (wait time.Duration) {
	if _, known := k.buckets.Kept(key); known {
		k.use(key, r, func(b *bucket, now time.Time) { wait = b.wait(now) })
	}
	return wait
}

// Attempt is something that costs tokens only if it turns out so, such as a guess at a code that is
// wrong. The zero value belongs to no bucket.
type Attempt struct {
	keyed *Keyed
	b     *bucket
	n     int
}

// Begin starts an attempt of key that may cost n tokens, or answers how long to wait for one. An attempt
// under way counts until it ends, so that many at once cannot outrun the limit. The caller ends it with
// Done, once.
func (k *Keyed) Begin(key string, r rules.Rate, n int) (a Attempt, wait time.Duration) {
	k.use(key, r, func(b *bucket, now time.Time) {
		if wait = b.wait(now); wait == 0 {
			b.pending += n
			a = Attempt{k, b, n}
		}
	})
	return a, wait
}

// Done ends the attempt. Where it counts, it costs its tokens, on credit those that are not there; else it
// costs nothing, and gives nothing back that earlier ones have cost.
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

// Charge spends n tokens of key, on credit where there are none: what was too much has
// to be waited off before Wait is zero again.
func (k *Keyed) Charge(key string, r rules.Rate, n int) {
	k.use(key, r, func(b *bucket, now time.Time) { b.spend(now, n) })
}

func (b *bucket) spend(now time.Time, n int) {
	for range n { // not all at once: more than the bucket holds would be refused
		b.tokens.ReserveN(now, 1)
	}
}

// Len is the number of buckets kept.
func (k *Keyed) Len() int { return k.buckets.Len() }

// use passes the bucket of key, made if there is none, and marks it used. Without a limit there is
// none to pass.
func (k *Keyed) use(key string, r rules.Rate, do func(b *bucket, now time.Time)) {
	if r.N <= 0 || r.Per <= 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now, limit := k.now(), rate.Limit(float64(r.N)/r.Per.Seconds())
	b, known := k.buckets.Kept(key)
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

// wait is how long until one more token is free beside the pending attempts; zero now.
func (b *bucket) wait(now time.Time) time.Duration {
	missing := float64(b.pending) + 1 - b.tokens.TokensAt(now)
	if missing <= 1e-9 { // rounding of the refill, far below one token
		return 0
	}
	return max(time.Nanosecond, time.Duration(math.Ceil(missing/float64(b.tokens.Limit())*float64(time.Second))))
}
