// Package landing serves what an invited player sees before the game runs: the invite's page, its live state, its QR
// code and picture, the page's assets, and the files that let phones open invite links in the app.
//
// Every route only reads: a chat program that fetches an invite for a preview takes no use. Strangers see no launch
// data, no user IDs and no party's ID, which alone is enough to join an open party. No log has an invite's code.
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
	"partyline/rpc/landing/card"
)

// Options are the settings of a [Site]; all are required.
type Options struct {
	// Preview returns what a stranger who knows the code may see of an invite, also of one that is over. It refuses
	// with party.InviteNotFound or RateLimited (too many wrong codes). An answer may be shared: do not change it.
	Preview func(ctx context.Context, code, clientIP string) (party.Preview, error)
	Policy  party.Policy // called once per request
	// OnPageRead is told of each request for the page of a live invite, and whether a program made it.
	OnPageRead func(byProgram bool)
	// Limit takes one request from the allowance of a client address, or returns how long to wait for the next one. It
	// should be generous: an open page needs about 25 a minute, and a school or a console network shares one address.
	Limit      func(address string) (wait time.Duration)
	Logger     party.Logger
	ProxyCount int    // the host's socket.proxy_count, so that both see the same client address
	Folder     string // the folder of the rules' own font, if its path is relative
	Now        party.Clock
}

// Site serves the landing pages. Make it with [New]. Safe for concurrent use.
type Site struct {
	Options
	pictures     *cache.Cache[string, drawing]    // by code
	fonts        *cache.Cache[string, card.Fonts] // all of them, by the path of the rules' own
	drawingSlots chan struct{}                    // one place for each drawing under way
	inFlight     chan struct{}                    // one place for each request in flight
	waiting      atomic.Int64                     // requests that wait for a place
	pace         pace                             // of the open pages
}

func New(o Options) *Site {
	return &Site{
		Options:      o,
		pictures:     cache.New[string, drawing](o.Now, maxPictures, pictureAge),
		fonts:        cache.New[string, card.Fonts](o.Now, 1, fontAge),
		drawingSlots: make(chan struct{}, maxDrawings),
		inFlight:     make(chan struct{}, maxInFlight),
		pace:         pace{apart: time.Second / time.Duration(pollsPerProcessor*runtime.GOMAXPROCS(0))},
	}
}

// rulesAndTexts returns the rules and the page's texts in the visitor's language.
func (s *Site) rulesAndTexts(r *http.Request) (rules.Config, texts) {
	c := s.Policy()
	return c, textsIn(languageFor(strings.Join(r.Header.Values("Accept-Language"), ","), c.Invites.Page), c.Invites.Page)
}

// Routes returns all routes of this package, in the order to register them.
func (s *Site) Routes() []web.Route {
	get := func(name, pattern string, rt route) web.Route { return web.Get(name, pattern, s.guard(rt)) }
	return []web.Route{
		get("landing_page", joinPath+"{code}{slash:/?}", route{answer: s.page, fail: s.pageFailure, limited: true, bounded: true, localized: true}), // pasted links may end in a slash
		get("landing_state", joinPath+"{code}"+stateSuffix, route{answer: s.state, fail: s.stateFailure, limited: true, bounded: true, localized: true}),
		get("landing_qr", joinPath+"{code}"+qrSuffix, route{answer: s.qr, fail: plainFailure, limited: true, bounded: true}),
		get("landing_card", joinPath+"{code}"+cardSuffix, route{answer: s.card, fail: plainFailure, limited: true, bounded: true}),
		get("landing_asset", assetPath+"{file}", route{answer: s.asset, fail: plainFailure}),
		get("favicon", "/favicon.ico", route{answer: s.icon, fail: plainFailure}),
		get("landing_apple", applePath, route{answer: s.apple, fail: plainFailure}),
		get("landing_android", androidPath, route{answer: s.android, fail: plainFailure}),
	}
}
