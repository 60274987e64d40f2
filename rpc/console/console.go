package console

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"partyline/party"
	"partyline/party/invite"
	"partyline/party/overview"
)

// MinKey is the fewest characters a key may have. Guesses are not counted, because
// clients can claim any address; a key of this length made at random needs no counting.
const MinKey = 16

const (
	root         = "/party/console"
	readTimeout  = 5 * time.Second // half the host's write timeout
	mostInvites  = 100             // rows of the page; the number of all is told
	mostProblems = 50
)

// Source is what the page shows.
type Source interface {
	Rules(ctx context.Context, reload bool) (overview.Rules, error)
	Parties(ctx context.Context, limit int, cursor string) (overview.Parties, error)
	Invited(ctx context.Context) (overview.Stats, []invite.Outstanding, error)
	Denials(ctx context.Context) []overview.Denial
}

// Logger is the one method of the host's logger that is used here.
type Logger interface {
	Error(format string, v ...any)
}

// Options are what a [Console] is made of; all are required.
type Options struct {
	Key    string // at least [MinKey] characters
	Source Source
	Logger Logger
	Now    party.Clock
}

// Route is one row of the table that wiring registers with the host. Methods lists HEAD
// because the host's router answers listed methods only.
type Route struct {
	Name    string // stable, for metrics
	Pattern string
	Methods []string
	Handler http.HandlerFunc
}

// Console serves the page. Make it with [New].
type Console struct {
	key    [sha256.Size]byte
	source Source
	logger Logger
	now    party.Clock
}

// New checks the options and makes a Console.
func New(o Options) (*Console, error) {
	switch {
	case len(o.Key) < MinKey:
		return nil, fmt.Errorf("console: the key has %d characters; at least %d", len(o.Key), MinKey)
	case o.Source == nil || o.Logger == nil || o.Now == nil:
		return nil, errors.New("console: Options.Source, Logger or Now is missing")
	}
	return &Console{key: sha256.Sum256([]byte(o.Key)), source: o.Source, logger: o.Logger, now: o.Now}, nil
}

// Routes is the table of everything this package serves.
func (c *Console) Routes() []Route {
	get := []string{http.MethodGet, http.MethodHead}
	return []Route{
		{"console_page", root, get, c.guard(c.page)},
		{"console_asset", root + "/{file}", get, c.guard(asset)},
	}
}

// answer is what a route says, before it meets the network.
type answer struct {
	status int
	kind   string // Content-Type
	cache  string // Cache-Control
	body   []byte
}

func plain(status int) answer {
	return answer{status: status, kind: "text/plain; charset=utf-8", cache: "no-store", body: []byte(http.StatusText(status) + "\n")}
}

// pagePolicy lets the page have its own stylesheet and nothing else; it has no script.
const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard asks for the key, runs the route, and turns a panic into a failure.
func (c *Console) guard(route func(*http.Request) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		var a answer
		switch {
		case !c.knows(r):
			h.Set("WWW-Authenticate", `Basic realm="Partyline console", charset="UTF-8"`)
			a = plain(http.StatusUnauthorized)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			a = plain(http.StatusMethodNotAllowed)
		default:
			a = c.run(route, r)
		}
		h.Set("Cache-Control", a.cache)
		h.Set("Content-Type", a.kind)
		w.WriteHeader(a.status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(a.body) // a client that went away is nobody's error
		}
	}
}

// knows reports whether the request brings the key: as the password of whatever user a
// browser asks for, or as a bearer token. It takes as long for any key.
func (c *Console) knows(r *http.Request) bool {
	_, key, basic := r.BasicAuth()
	if !basic {
		var bearer bool
		if key, bearer = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !bearer {
			return false
		}
	}
	sum := sha256.Sum256([]byte(key))
	return subtle.ConstantTimeCompare(sum[:], c.key[:]) == 1
}

func (c *Console) run(route func(*http.Request) answer, r *http.Request) (a answer) {
	defer func() {
		if v := recover(); v != nil {
			c.logger.Error("console page failed: panic: %v\n%s", v, debug.Stack())
			a = plain(http.StatusInternalServerError)
		}
	}()
	return route(r)
}
