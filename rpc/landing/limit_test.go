package landing_test

import (
	"slices"
	"testing"
	"time"

	"partyline/rpc/landing"
)

// bound allows a number of requests for each key.
type bound struct {
	allowed int
	keys    []string
	taken   map[string]int
}

func (b *bound) take(key string) time.Duration {
	b.keys = append(b.keys, key)
	if b.taken == nil {
		b.taken = map[string]int{}
	}
	if b.taken[key]++; b.taken[key] > b.allowed {
		return 2500 * time.Millisecond
	}
	return 0
}

func TestLimit_PerAddress(t *testing.T) {
	b := &bound{allowed: 3}
	s := serve(t, always(anInvite()), func(o *landing.Options) { o.Limit = b.take })
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
	// The page's assets, and the files that app platforms fetch, are never refused.
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
		s := serve(t, always(anInvite()), func(o *landing.Options) { o.Limit, o.ProxyCount = b.take, c.proxies })
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
