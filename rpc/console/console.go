// Package console is one page for operators and designers: live parties, queues and matches, the rules in force with
// their decisions, the invites that can still be used, and forms for what operators need at once. Each action is
// logged.
//
// The host's own console does not authenticate pages of modules. So this page is on the client port and needs its own
// key; without a key in the configuration there is no page. It shows no secrets. Safe for concurrent use.
package console

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"partyline/internal/web"
	"partyline/party"
	"partyline/party/invite"
	"partyline/party/limit"
	"partyline/party/overview"
	"partyline/party/rules"
)

// MinKey is the least number of characters of a key. The code that reads the configuration checks it.
const MinKey = 16

const (
	basePath    = "/party/console"
	readTimeout = 5 * time.Second // half the host's write timeout
	maxInvites  = 100             // rows of the page; the page also shows the totals
	maxMatches  = 100
	maxProblems = 50
)

// wrongKeys limits the wrong keys of one address. maxAddresses is how many addresses are remembered.
var wrongKeys = rules.Rate{N: 10, Per: time.Minute}

const maxAddresses = 10_000

// Source has the data of the page. Rules first reads the file again if reload is true.
type Source interface {
	Rules(ctx context.Context, reload bool) (overview.Rules, error)
	Parties(ctx context.Context, limit int, cursor string) (overview.Parties, error)
	Search(ctx context.Context, words string) (found overview.Parties, more bool, err error)
	StatsAndInvites(ctx context.Context, sought string) (overview.Stats, []invite.Outstanding)
	Players(ctx context.Context, userIDs []string) (map[string]overview.Player, error)
	Running(ctx context.Context, most int) (newest []party.RunningMatch, total int, err error)
	Denials(ctx context.Context) []overview.Denial
}

// Options configures a [Console]; all fields are required.
type Options struct {
	Key        string // at least [MinKey] characters
	Source     Source
	Revoke     func(ctx context.Context, inviteID string) error            // revokes any invite
	Pardon     func(ctx context.Context, id party.ID, userID string) error // ends the ban of a kicked player
	Logger     party.Logger
	ProxyCount int // the host's socket.proxy_count
	Now        party.Clock
}

// Console serves the page. Make it with [New].
type Console struct {
	Options
	key           [sha256.Size]byte
	token         string // in every form of this page; proves that the form is from it
	wrongKeyLimit *limit.Keyed
	origins       *http.CrossOriginProtection
}

func New(o Options) *Console {
	token := hmac.New(sha256.New, []byte(o.Key))
	token.Write([]byte("forms of the console page")) // the same on every node
	return &Console{
		Options: o, key: sha256.Sum256([]byte(o.Key)), token: hex.EncodeToString(token.Sum(nil)),
		wrongKeyLimit: limit.New(o.Now, maxAddresses), origins: http.NewCrossOriginProtection(),
	}
}

// Routes is the table of everything that this package serves.
func (c *Console) Routes() []web.Route {
	page := web.Get("console_page", basePath, c.guard(c.page))
	page.Methods = append(page.Methods, http.MethodPost)
	return []web.Route{page, web.Get("console_redirect", basePath+"/", c.guard(redirectSlash)), web.Get("console_asset", basePath+"/{file}", c.guard(c.asset))}
}

// redirectSlash redirects to the page. The page's links are relative to the address without a slash at its end.
func redirectSlash(h http.Header, _ *http.Request) web.Answer {
	h.Set("Location", "../console")
	return web.Plain(http.StatusPermanentRedirect)
}

// pagePolicy allows the page its own stylesheet, images and forms. The page has no script.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard asks for the key, runs the route, and turns a panic into an error page.
func (c *Console) guard(route func(http.Header, *http.Request) web.Answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := c.admit(w.Header(), r, route)
		a.Policy, a.NoIndex = pagePolicy, true
		a.Referrer = "same-origin" // otherwise browsers do not say which site a form is from
		a.Write(w, r)
	}
}

func (c *Console) admit(h http.Header, r *http.Request, route func(http.Header, *http.Request) web.Answer) (a web.Answer) {
	defer func() {
		if v := recover(); v != nil {
			c.Logger.Error("console page failed: panic: %v\n%s", v, debug.Stack())
			a = web.Plain(http.StatusInternalServerError)
		}
	}()
	key, given := requestKey(r)
	address := web.ClientIP(r, c.ProxyCount)
	attempt, wait := c.wrongKeyLimit.Begin(limit.Address(address), wrongKeys, 1)
	if wait > 0 {
		a := web.Plain(http.StatusTooManyRequests)
		a.RetryAfter = wait
		return a
	}
	sum := sha256.Sum256([]byte(key))
	right := subtle.ConstantTimeCompare(sum[:], c.key[:]) == 1
	attempt.Done(given && !right)
	switch {
	case !right:
		if given {
			c.Logger.Warn("console key wrong from=%q", address)
		}
		h.Set("WWW-Authenticate", `Basic realm="Partyline console", charset="UTF-8"`)
		return web.Plain(http.StatusUnauthorized)
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		h.Set("Allow", "GET, HEAD, POST")
		return web.Plain(http.StatusMethodNotAllowed)
	}
	return route(h, r)
}

// requestKey finds the key in a request: as the password of any user name, or as a bearer token.
func requestKey(r *http.Request) (key string, given bool) {
	if _, key, basic := r.BasicAuth(); basic {
		return key, true
	}
	header := r.Header.Get("Authorization")
	if key, bearer := strings.CutPrefix(header, "Bearer "); bearer {
		return key, true
	}
	return "", header != ""
}
