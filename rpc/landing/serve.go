package landing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"partyline/internal/caught"
	"partyline/internal/web"
	"partyline/party"
	"partyline/party/invite"
	"partyline/party/limit"
)

// failure is the reason why a route cannot answer. Each kind of route has its own format for it.
type failure struct {
	status int
	reason party.Reason
	text   string        // prefix of text keys: <text>_headline and <text>_note
	wait   time.Duration // when to try again; 0 = not given
}

func (f failure) Error() string { return f.text }

var (
	errNotFound = failure{status: http.StatusNotFound, reason: party.InviteNotFound, text: "not_found"}
	errInternal = failure{status: http.StatusInternalServerError, reason: party.Internal, text: "error"}
)

// route is one kind of answer: how it is made, and what its failures look like.
type route struct {
	answer    func(*http.Request) (web.Answer, error)
	fail      func(*http.Request, failure) web.Answer
	limited   bool // counts against the rate limit of the client address
	bounded   bool // takes a place among the requests in flight
	localized bool // depends on the visitor's language
}

const (
	// The page loads only its own assets, and from other servers only pictures, over https.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	cacheChecked  = "private, no-cache" // cached, but checked every time
	cacheAnHour   = "public, max-age=3600"
	cachePrivHour = "private, max-age=3600" // an hour, only in the player's browser
)

const (
	previewTimeout = 5 * time.Second // half the host's write timeout

	maxInFlight = 16                     // requests in flight that may read: far below the host's database pool
	maxWaiting  = 32                     // further requests that may wait for a place
	maxWait     = 500 * time.Millisecond // how long they wait
	busyWait    = 5 * time.Second        // how long refused requests are asked to wait, at least
)

// guard returns the handler that the host calls. A panic becomes the route's own failure.
func (s *Site) guard(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			web.Plain(http.StatusMethodNotAllowed).Write(w, r)
			return
		}
		a, err := s.answer(rt, r)
		if err != nil {
			a = s.fail(rt, r, err)
		}
		a.VaryLanguage = rt.localized
		a.Write(w, r)
	}
}

// answer admits the request and runs the route. It returns a panic as an error.
func (s *Site) answer(rt route, r *http.Request) (a web.Answer, err error) {
	defer caught.Recover(&err, "answer")
	if rt.bounded {
		leave, ok := s.enter(r.Context())
		if !ok {
			return a, s.busy()
		}
		defer leave()
	}
	// The limit comes second: the limiter has a lock, and many requests that wait for a lock slow each other down.
	if rt.limited {
		if wait := s.Limit(limit.Address(web.ClientIP(r, s.ProxyCount))); wait > 0 {
			return a, tooMany(wait)
		}
	}
	return rt.answer(r)
}

// fail returns a failure in the route's own format, or plain text if that panics: it may have the same cause.
func (s *Site) fail(rt route, r *http.Request, err error) (a web.Answer) {
	defer func() {
		if v := recover(); v != nil {
			s.logError(r, "landing: panic in the failure page: %v", v)
			a = plainFailure(r, errInternal)
		}
	}()
	return rt.fail(r, s.failureOf(r, err))
}

// enter takes a place among the requests in flight, or waits for one for a short time. If the server has no time for
// all requests, it refuses some, so that the others, and the game on the same server, continue.
func (s *Site) enter(ctx context.Context) (leave func(), ok bool) {
	leave = func() { <-s.inFlight }
	select {
	case s.inFlight <- struct{}{}:
		return leave, true
	default:
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > maxWaiting {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case s.inFlight <- struct{}{}:
		return leave, true
	case <-ctx.Done():
		return nil, false
	}
}

// logError writes one line to the operator's log. It replaces the request's code, in all its forms, by a placeholder.
func (s *Site) logError(r *http.Request, format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	if raw := rawCode(r.URL.Path); raw != "" {
		text = strings.ReplaceAll(text, raw, "<code>") // it may have bytes that are no text
		if code, err := invite.ParseCode(raw); err == nil {
			text = regexp.MustCompile("(?i)"+code.Reveal()+"|"+readableCode(code.Reveal())).ReplaceAllString(text, "<code>")
		}
	}
	s.Logger.Error("%s", text)
}

// preview returns the code in the path, in canonical form, and what strangers may see of its invite.
func (s *Site) preview(r *http.Request) (code string, p party.Preview, err error) {
	parsed, err := invite.ParseCode(rawCode(r.URL.Path))
	if err != nil {
		return "", party.Preview{}, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), previewTimeout)
	defer cancel()
	p, err = s.Preview(ctx, parsed.Reveal(), web.ClientIP(r, s.ProxyCount))
	return parsed.Reveal(), p, err
}

// failureOf converts an error of a route or of the invite service. An unknown error is the server's fault, and logged.
func (s *Site) failureOf(r *http.Request, err error) failure {
	if f, ok := errors.AsType[failure](err); ok {
		return f
	}
	e := party.AsError(err)
	switch e.Reason {
	case party.InviteNotFound, party.InvalidRequest:
		return errNotFound
	case party.RateLimited:
		return tooMany(e.Wait)
	}
	if state, is := over[e.Reason]; is {
		return failure{status: http.StatusGone, reason: e.Reason, text: string(state)}
	}
	if r.Context().Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errBusyDrawing) {
		return s.busy() // nothing is wrong except that it takes too long
	}
	s.logError(r, "landing: %v (cause: %v)", e, e.Cause)
	return errInternal
}

// over maps the refusals of an invite that cannot be used any more to its state.
var over = map[party.Reason]party.InviteState{
	party.InviteExpired: party.StateExpired, party.InviteRevoked: party.StateRevoked,
	party.InviteExhausted: party.StateExhausted, party.PartyNotFound: party.StatePartyGone,
}

func tooMany(wait time.Duration) failure {
	return failure{status: http.StatusTooManyRequests, reason: party.RateLimited, text: "rate_limited", wait: max(wait, time.Second)}
}

func (s *Site) busy() failure {
	return failure{status: http.StatusServiceUnavailable, reason: party.RateLimited, text: "busy", wait: max(busyWait, s.pace.next(s.Now(), refusalTurns))}
}

func plainFailure(_ *http.Request, f failure) web.Answer {
	a := web.Plain(f.status)
	a.RetryAfter = f.wait
	return a
}
