package landing

import (
	"context"
	"sync"
	"time"

	"partyline/party"
)

// recent shares previews between the players who watch the same invite: an open page asks
// every few seconds, and a link in a big chat has thousands of them open.
//
// Only success is kept, so every wrong code reaches the kernel and is counted. Short codes
// can be guessed; theirs are kept per client address, so that nobody past the guess limit
// reads what somebody else has just looked up. Losing it all costs a read.
type recent struct {
	source Previews
	fresh  time.Duration
	now    func() time.Time

	mu      sync.Mutex // never held while the kernel is asked
	entries map[recentKey]recentEntry
	flights map[recentKey]*flight
	swept   time.Time
}

type recentKey struct{ code, ip string }

type recentEntry struct {
	preview party.Preview
	at      time.Time
}

// flight is one question to the kernel that others wait for; err is set before done closes.
type flight struct {
	done    chan struct{}
	preview party.Preview
	err     error
}

const (
	recentLimit    = 4096            // previews kept at most, some kB each
	previewTimeout = 5 * time.Second // half the host's write timeout
)

func newRecent(source Previews, fresh time.Duration, now func() time.Time) *recent {
	return &recent{source: source, fresh: fresh, now: now, entries: map[recentKey]recentEntry{}, flights: map[recentKey]*flight{}}
}

// preview answers with a preview at most fresh old. Callers share it: it must not be changed.
func (c *recent) preview(ctx context.Context, code, ip string) (party.Preview, error) {
	if c.fresh < 0 {
		return c.ask(ctx, code, ip)
	}
	key := recentKey{code: code}
	if len(code) == shortCodeLength {
		key.ip = ip
	}
	c.mu.Lock()
	if e, ok := c.entries[key]; ok && c.now().Sub(e.at) < c.fresh {
		c.mu.Unlock()
		return e.preview, nil
	}
	if f, ok := c.flights[key]; ok {
		c.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return party.Preview{}, ctx.Err()
		}
		if f.err == nil {
			return f.preview, nil
		}
		// A refusal is the asker's own (their address may be over its limit).
		return c.ask(ctx, code, ip)
	}
	f := &flight{done: make(chan struct{}), err: context.Canceled} // what others see should ask panic
	c.flights[key] = f
	c.mu.Unlock()
	defer c.land(key, f)
	// The others' answer must not end with this one's connection.
	f.preview, f.err = c.ask(context.WithoutCancel(ctx), code, ip)
	return f.preview, f.err
}

func (c *recent) ask(ctx context.Context, code, ip string) (party.Preview, error) {
	ctx, cancel := context.WithTimeout(ctx, previewTimeout)
	defer cancel()
	return c.source.PublicPreview(ctx, code, ip)
}

func (c *recent) land(key recentKey, f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	now := c.now()
	if len(c.entries) >= recentLimit && now.Sub(c.swept) >= c.fresh {
		c.swept = now
		for k, e := range c.entries {
			if now.Sub(e.at) >= c.fresh {
				delete(c.entries, k)
			}
		}
	}
	if _, known := c.entries[key]; f.err == nil && (known || len(c.entries) < recentLimit) {
		c.entries[key] = recentEntry{preview: f.preview, at: now}
	} else {
		delete(c.entries, key)
	}
	close(f.done)
}
