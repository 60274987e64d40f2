package landing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"partyline/internal/caught"
	"partyline/internal/web"
	"partyline/party"
	"partyline/party/invite"
	"partyline/party/limit"
)

// failure is why a route cannot answer; each kind of route words it in its own format.
type failure struct {
	status int
	reason party.Reason
	text   string        // key of the texts: <text>_headline and <text>_note
	wait   time.Duration // when to come back; 0 = not said
}

func (f failure) Error() string { return f.text }

var (
	errNotFound = failure{status: http.StatusNotFound, reason: party.InviteNotFound, text: "not_found"}
	errOurs     = failure{status: http.StatusInternalServerError, reason: party.Internal, text: "error"}
)

// route is one kind of answer: how it is made, and how its failures look.
type route struct {
	answer  func(*http.Request) (web.Answer, error)
	fail    func(*http.Request, failure) web.Answer
	limited bool // counts against the client address's bound
	bounded bool // waits for a place among the requests in flight
	spoken  bool // depends on the visitor's language
}

const (
	// The page is made of its own assets alone; only pictures of players and games
	// come from elsewhere, and only over https.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	cacheChecked  = "private, no-cache" // kept, but asked about every time
	cacheAnHour   = "public, max-age=3600"
	cachePrivHour = "private, max-age=3600" // an hour, in the player's browser only
)

const (
	previewTimeout = 5 * time.Second // half the host's write timeout

	maxFlying  = 16                     // requests in flight that may read: well below the host's database pool
	maxWaiting = 32                     // more that may wait for one of their places
	maxWait    = 500 * time.Millisecond // for how long
	busyWait   = 5 * time.Second        // when the others are asked to come back, or later
)

// guard makes the handler the host calls, which turns a panic into the route's own failure,
// because nothing in the host recovers.
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
		a.Spoken = rt.spoken
		a.Write(w, r)
	}
}

// answer admits the request and runs the route; a panic on the way is its error.
func (s *Site) answer(rt route, r *http.Request) (a web.Answer, err error) {
	defer caught.As(&err, "answer")
	if rt.bounded {
		leave, ok := s.enter(r.Context())
		if !ok {
			return a, s.busy()
		}
		defer leave()
	}
	// Not before: the limiter has a lock, and a crowd that waits for one stands still.
	if rt.limited {
		if wait := s.Limit(limit.Address(web.ClientIP(r, s.ProxyCount))); wait > 0 {
			return a, tooMany(wait)
		}
	}
	return rt.answer(r)
}

// fail words a failure in the route's own format, and in plain text should that panic: a route's
// failure page runs most of the code that may just have done so.
func (s *Site) fail(rt route, r *http.Request, err error) (a web.Answer) {
	defer func() {
		if v := recover(); v != nil {
			s.logError(r, "landing: panic in the failure page: %v", v)
			a = plainFailure(r, errOurs)
		}
	}()
	return rt.fail(r, s.failureOf(r, err))
}

// enter takes a place among the requests in flight, or waits for one for a moment. A
// server that lacks the time for all says so to some, so that the rest, and the game
// beside the page, go on.
func (s *Site) enter(ctx context.Context) (leave func(), ok bool) {
	leave = func() { <-s.flying }
	select {
	case s.flying <- struct{}{}:
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
	case s.flying <- struct{}{}:
		return leave, true
	case <-ctx.Done():
		return nil, false
	}
}

// logError writes one line to the operator's log, with the request's code blotted out of it
// whatever form it came in.
func (s *Site) logError(r *http.Request, format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	if raw := rawCode(r.URL.Path); raw != "" {
		forms := []string{raw, strings.ToUpper(raw), strings.ToLower(raw)}
		if code, err := invite.ParseCode(raw); err == nil {
			text := code.Reveal()
			forms = append(forms, text, readableCode(text), strings.ToLower(text))
		}
		for _, form := range forms {
			text = strings.ReplaceAll(text, form, "<code>")
		}
	}
	s.Logger.Error("%s", text)
}

// preview asks the kernel for the invite in the path: its code in canonical form, and what
// strangers may see of it.
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

// failureOf reads an error of a route or the kernel. Anything it does not name is our own
// fault, and goes to the log.
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
		return s.busy() // there is nothing wrong but the time it takes
	}
	s.logError(r, "landing: %v (cause: %v)", e, e.Cause)
	return errOurs
}

// over are the states of an invite that leads nowhere any more.
var over = map[party.Reason]party.InviteState{
	party.InviteExpired: party.StateExpired, party.InviteRevoked: party.StateRevoked,
	party.InviteExhausted: party.StateExhausted, party.PartyNotFound: party.StatePartyGone,
}

func tooMany(wait time.Duration) failure {
	return failure{status: http.StatusTooManyRequests, reason: party.RateLimited, text: "rate_limited", wait: max(wait, time.Second)}
}

func (s *Site) busy() failure {
	return failure{status: http.StatusServiceUnavailable, reason: party.RateLimited, text: "busy", wait: max(busyWait, s.pace.next(s.Now(), busyTurns))}
}

func plainFailure(_ *http.Request, f failure) web.Answer {
	a := web.Plain(f.status)
	a.Wait = f.wait
	return a
}
