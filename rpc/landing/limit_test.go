package landing_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/rules"
	"partyline/rpc/landing"
)

// bound lets so many requests of each key through.
type bound struct {
	allowed int
	keys    []string
	taken   map[string]int
}

var _ landing.Limiter = (*bound)(nil)

func (b *bound) Take(key string, r rules.Rate) time.Duration {
	b.keys = append(b.keys, key)
	if b.taken == nil {
		b.taken = map[string]int{}
	}
	if b.taken[key]++; b.taken[key] > b.allowed || r != landing.RequestRate {
		return 2500 * time.Millisecond
	}
	return 0
}

func TestLimit_PerAddress(t *testing.T) {
	b := &bound{allowed: 3}
	s := serve(t, always(invite()), func(o *landing.Options) { o.Limiter = b })
	for _, path := range []string{"", "/state", "/qr.svg"} {
		if w := s.get(joinPath + linkCode + path); w.Code != 200 {
			t.Errorf("%q within the limit = %d", path, w.Code)
		}
	}
	for path, kind := range map[string]string{"": "text/html; charset=utf-8", "/state": "application/json", "/qr.svg": "text/plain; charset=utf-8"} {
		w := s.get(joinPath + linkCode + path)
		if w.Code != 429 || w.Header().Get("Retry-After") != "3" || w.Header().Get("Content-Type") != kind {
			t.Errorf("%q beyond the limit = %d, Retry-After %q, %q; want 429, 3, %q", path, w.Code, w.Header().Get("Retry-After"), w.Header().Get("Content-Type"), kind)
		}
	}
	if calls := s.previews.calls(); len(calls) != 2 {
		t.Errorf("kernel was asked %d times; want only for the 2 requests let through", len(calls))
	}
	if w := s.get(joinPath+linkCode, "X-Forwarded-For", "198.51.100.1"); w.Code != 200 {
		t.Errorf("another address = %d; want 200", w.Code)
	}
	// What a page is made of, and what app stores fetch, is never refused.
	before := len(b.keys)
	for _, path := range []string{"/party/assets/accent-7c5cff.0.css", "/.well-known/assetlinks.json", "/.well-known/apple-app-site-association"} {
		if w := s.get(path); w.Code != 200 {
			t.Errorf("%s = %d; want 200", path, w.Code)
		}
	}
	if len(b.keys) != before {
		t.Errorf("files count against the limit: %q", b.keys[before:])
	}
}

func TestClientAddress(t *testing.T) {
	for _, c := range []struct {
		name    string
		proxies int
		header  string
		remote  string
		ip, key string
	}{
		{"no proxy", 1, "", "203.0.113.7:50000", "203.0.113.7", "203.0.113.7"},
		{"local run", 1, "", "127.0.0.1:50000", "127.0.0.1", "127.0.0.1"},
		{"one entry", 1, "198.51.100.1", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"client and balancer", 1, "198.51.100.1, 10.0.0.2", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"entry before those is not looked at", 1, "192.0.2.66, 198.51.100.1, 10.0.0.2", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"no proxy expected: the last", 0, "192.0.2.66, 198.51.100.1", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"more proxies than entries: the first", 5, "198.51.100.1, 10.0.0.2", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"loopback in between", 1, "198.51.100.1, 10.0.0.2, 127.0.0.1", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"empty and broken entries", 0, "198.51.100.1,, nonsense ,", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"ports", 0, "198.51.100.1:4711", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"IPv6", 0, "2001:db8:1:2:3:4:5:6", "10.0.0.1:1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"IPv6 in brackets with port", 0, "[2001:db8::1]:443", "10.0.0.1:1", "2001:db8::1", "2001:db8::/64"},
		{"IPv4 written as IPv6", 0, "::ffff:198.51.100.1", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"zone", 0, "", "[fe80::1%eth0]:1", "fe80::1", "fe80::/64"},
		{"nothing usable", 1, "unknown", "10.0.0.1:1", "", "unknown"},
	} {
		b := &bound{allowed: 100}
		s := serve(t, always(invite()), func(o *landing.Options) { o.Limiter, o.ProxyCount = b, c.proxies })
		r := request("GET", joinPath+linkCode, "X-Forwarded-For", c.header)
		r.RemoteAddr = c.remote
		s.ServeHTTP(discard{}, r)
		if want := []string{linkCode + " by " + c.ip}; !slices.Equal(s.previews.calls(), want) {
			t.Errorf("%s: kernel was asked %q; want %q", c.name, s.previews.calls(), want)
		}
		if !slices.Equal(b.keys, []string{c.key}) {
			t.Errorf("%s: counted by %q; want %q", c.name, b.keys, c.key)
		}
	}
}

// clock is moved by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func fresh(c *clock, d time.Duration) func(*landing.Options) {
	return func(o *landing.Options) { o.Now, o.Freshness = c.now, d }
}

func TestRecent_SharesWhatIsFresh(t *testing.T) {
	c := &clock{noon}
	s := serve(t, always(invite()), fresh(c, 0)) // 0: one second
	ask := func(path, ip string) { s.get(joinPath+path, "X-Forwarded-For", ip) }
	ask(linkCode, "198.51.100.1")
	ask(linkCode+"/state", "198.51.100.1")
	ask("7k4m-q2xw-b9tr-c3hd/state", "198.51.100.2")
	c.at = c.at.Add(999 * time.Millisecond)
	ask(linkCode+"/state", "198.51.100.3")
	if got := len(s.previews.calls()); got != 1 {
		t.Errorf("within a second the kernel was asked %d times; want once for all", got)
	}
	c.at = c.at.Add(time.Millisecond)
	ask(linkCode+"/state", "198.51.100.4")
	if got := len(s.previews.calls()); got != 2 {
		t.Errorf("after a second the kernel was asked %d times; want 2", got)
	}
}

// A short code can be guessed: nobody gets it out of what somebody else looked up, or the
// kernel could not count wrong guesses against them.
func TestRecent_ShortCodesPerAddress(t *testing.T) {
	s := serve(t, always(invite()), fresh(&clock{noon}, time.Minute))
	for _, ip := range []string{"198.51.100.1", "198.51.100.1", "198.51.100.2"} {
		s.get(joinPath+shortCode, "X-Forwarded-For", ip)
	}
	if want := []string{shortCode + " by 198.51.100.1", shortCode + " by 198.51.100.2"}; !slices.Equal(s.previews.calls(), want) {
		t.Errorf("kernel was asked %q; want %q", s.previews.calls(), want)
	}
}

func TestRecent_RefusalsAreNotKept(t *testing.T) {
	s := serve(t, refusing(party.Refuse(party.InviteNotFound, "x")), fresh(&clock{noon}, time.Minute))
	for range 3 {
		s.get(joinPath + linkCode)
	}
	if got := len(s.previews.calls()); got != 3 {
		t.Errorf("three wrong codes reached the kernel %d times; want 3, to be counted", got)
	}
}

func TestRecent_IsBounded(t *testing.T) {
	c := &clock{noon}
	s := serve(t, always(invite()), fresh(c, time.Second))
	const many = 5000
	codeOf := func(i int) string {
		digits := "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
		code := []byte(strings.Repeat("0", 16))
		for at := 15; i > 0; at, i = at-1, i/32 {
			code[at] = digits[i%32]
		}
		return string(code)
	}
	for i := range many {
		s.get(joinPath + codeOf(i) + "/state")
	}
	for i := range many {
		s.get(joinPath + codeOf(i) + "/state")
	}
	if got := len(s.previews.calls()); got != many+many-4096 {
		t.Errorf("kernel was asked %d times for %d links twice; want %d, as 4096 are kept", got, many, many+many-4096)
	}
	c.at = c.at.Add(time.Minute) // all old: room again
	before := len(s.previews.calls())
	for range 2 {
		s.get(joinPath + codeOf(many-1) + "/state")
	}
	if got := len(s.previews.calls()) - before; got != 1 {
		t.Errorf("after the old ones are stale, a new link was asked for %d times; want once", got)
	}
}

// Those who wait for another's question do not share its refusal, which may be about the
// other's address.
func TestRecent_WaitersAskForThemselves(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	source := &previews{answer: func(_, ip string) (party.Preview, error) {
		if ip == "198.51.100.1" {
			close(asked)
			<-answer
			return party.Preview{}, party.RefuseRate(time.Minute)
		}
		return invite(), nil
	}}
	s := serve(t, source, fresh(&clock{noon}, time.Minute))
	codes := make(chan int, 2)
	go func() { codes <- s.get(joinPath+linkCode, "X-Forwarded-For", "198.51.100.1").Code }()
	<-asked
	go func() { codes <- s.get(joinPath+linkCode, "X-Forwarded-For", "198.51.100.2").Code }()
	close(answer)
	got := []int{<-codes, <-codes}
	if slices.Sort(got); !slices.Equal(got, []int{200, 429}) {
		t.Errorf("answers = %v; want 429 for the one over its limit, 200 for the other", got)
	}
}

// A panic of the kernel leaves nobody waiting.
func TestRecent_PanicReleasesWaiters(t *testing.T) {
	first := true
	source := &previews{answer: func(string, string) (party.Preview, error) {
		if first {
			first = false
			panic("once")
		}
		return invite(), nil
	}}
	s := serve(t, source, fresh(&clock{noon}, time.Minute))
	if w := s.get(joinPath + linkCode); w.Code != 500 {
		t.Errorf("while it panics = %d; want 500", w.Code)
	}
	if w := s.get(joinPath + linkCode); w.Code != 200 {
		t.Errorf("afterwards = %d; want 200", w.Code)
	}
}
