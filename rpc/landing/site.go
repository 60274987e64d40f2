// Package landing serves what an invited player sees before the game runs: the
// invite's page, its live state, its QR code and picture, the page's assets and the files that
// let phones open invite links in the app.
//
// Everything here is a GET (or HEAD) and reads only: a link-preview bot that fetches
// an invite uses nothing up. What strangers may see is decided by the kernel's
// PublicPreview; this package drops launch data, user IDs and the party's ID on top,
// because a party ID alone is enough to join an open party. No invite code is ever written
// to a log.
package landing

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"partyline/internal/cache"
	"partyline/internal/web"
	"partyline/party"
	"partyline/party/rules"
)

// Options are what a [Site] is made of; all are required.
type Options struct {
	// Preview is what a stranger who knows the code may see of an invite. One that is over is answered with
	// its state; it refuses with party.InviteNotFound, and with party.RateLimited after too many wrong codes
	// from one address. Nobody changes an answer: it may be shared.
	Preview func(ctx context.Context, code, clientIP string) (party.Preview, error)
	Policy  party.Policy // asked once per request
	// PageRead hears of each page of an invite that leads somewhere, and whether a program fetched it.
	PageRead func(byProgram bool)
	// Limit takes one of the requests that a client address has, or says how long to wait for the
	// next one. An open page costs some 25 a minute, and a school or a console network shares one
	// address, so it should be generous.
	Limit      func(address string) (wait time.Duration)
	Logger     party.Logger
	ProxyCount int    // the host's socket.proxy_count, so that both see the same client address
	Folder     string // what the path of the rules' own font is relative to
	Now        party.Clock
}

// Site serves the landing pages. Make it with [New]. Safe for concurrent use.
type Site struct {
	Options
	drawn    *cache.Cache[drawnKey, drawnState]
	pictures *cache.Cache[string, drawing] // by code
	fonts    fonts
	desks    chan struct{} // a place for each drawing under way
	flying   chan struct{} // a place for each request in flight
	waiting  atomic.Int64  // for one
	pace     pace          // of the pages that are open
}

func New(o Options) *Site {
	return &Site{
		Options:  o,
		drawn:    cache.New[drawnKey, drawnState](o.Now, maxDrawn, time.Minute),
		pictures: cache.New[string, drawing](o.Now, maxPictures, pictureAge),
		desks:    make(chan struct{}, drawAtOnce),
		flying:   make(chan struct{}, maxFlying),
		pace:     pace{apart: time.Second / time.Duration(pollsEach*runtime.GOMAXPROCS(0))},
	}
}

const maxDrawn = 1024 // answers kept, a few kB each

// speaking are the rules and the page's texts in the visitor's language.
func (s *Site) speaking(r *http.Request) (rules.Config, texts) {
	c := s.Policy()
	return c, textsIn(languageFor(strings.Join(r.Header.Values("Accept-Language"), ","), c.Invites.Page), c.Invites.Page)
}

// Routes is the table of everything this package serves, in the order to register it.
func (s *Site) Routes() []web.Route {
	get := func(name, pattern string, rt route) web.Route { return web.Get(name, pattern, s.guard(rt)) }
	return []web.Route{
		get("landing_page", joinPath+"{code}{slash:/?}", route{answer: s.page, fail: s.pageFailure, limited: true, bounded: true, spoken: true}), // links are pasted with a slash behind
		get("landing_state", joinPath+"{code}"+stateSuffix, route{answer: s.state, fail: s.stateFailure, limited: true, bounded: true, spoken: true}),
		get("landing_qr", joinPath+"{code}"+qrSuffix, route{answer: s.qr, fail: plainFailure, limited: true, bounded: true}),
		get("landing_card", joinPath+"{code}"+cardSuffix, route{answer: s.card, fail: plainFailure, limited: true, bounded: true}),
		get("landing_asset", assetPath+"{file}", route{answer: s.asset, fail: plainFailure}),
		get("favicon", "/favicon.ico", route{answer: s.icon, fail: plainFailure}),
		get("landing_apple", applePath, route{answer: s.apple, fail: plainFailure}),
		get("landing_android", androidPath, route{answer: s.android, fail: plainFailure}),
	}
}
