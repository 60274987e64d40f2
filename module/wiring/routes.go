package wiring

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"partyline/internal/sampled"
	"partyline/internal/web"
)

// Names of the metrics every HTTP request adds to; both carry the tags route and
// status, the status being the hundreds of the answer's, such as "2xx".
const (
	MetricRequests        = "partyline_http"
	MetricRequestDuration = "partyline_http_duration"
)

// httpRegistrar is the part of the host's initializer that takes HTTP routes.
type httpRegistrar interface {
	RegisterHttp(pathPattern string, handler func(http.ResponseWriter, *http.Request), methods ...string) error
}

// ownPaths are where routes may be. The host tries custom routes before its own API, so
// one elsewhere could shadow it.
var ownPaths = []string{"/party/", "/.well-known/", "/favicon.ico"}

// checkRoutes finds what is wrong with the table; the error lists everything.
func checkRoutes(routes []web.Route) error {
	var problems []error
	names, patterns := map[string]bool{}, map[string]string{}
	for _, route := range routes {
		problem := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("route %s %s: "+format, append([]any{route.Name, route.Pattern}, args...)...))
		}
		if names[route.Name] {
			problem("the name is taken")
		}
		names[route.Name] = true
		if other, taken := patterns[route.Pattern]; taken {
			problem("the path is already taken by %s", other)
		}
		patterns[route.Pattern] = route.Name
		if !slices.ContainsFunc(ownPaths, func(own string) bool { return strings.HasPrefix(route.Pattern, own) }) {
			problem("paths begin with one of %s", strings.Join(ownPaths, " "))
		}
		if slices.Contains(route.Methods, http.MethodGet) && !slices.Contains(route.Methods, http.MethodHead) {
			problem("HEAD is missing beside GET; the host answers listed methods only")
		}
		if len(route.Methods) == 0 {
			problem("it lists no method, and would answer all")
		}
		if route.Handler == nil {
			problem("it has no handler")
		}
	}
	return errors.Join(problems...)
}

func (m *Module) registerRoutes(host httpRegistrar) error {
	for _, route := range m.routes {
		if err := host.RegisterHttp(route.Pattern, m.measured(route), route.Methods...); err != nil {
			return fmt.Errorf("route %s: %w", route.Pattern, err)
		}
	}
	return nil
}

// measured counts and times a route. Of many answers alike one in sixteen is noted, as sixteen:
// the server's metrics have a lock for each timer, and where a crowd asks and processors are
// short, those who wait for a lock are the crowd. The site recovers from panics itself.
func (m *Module) measured(route web.Route) http.HandlerFunc {
	const each = 16
	var answered [6]sampled.Calls // by the hundreds of the status
	for class := range answered {
		answered[class].First, answered[class].Each = each, each
	}
	return func(w http.ResponseWriter, r *http.Request) {
		began := m.now()
		answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		route.Handler(answer, r)
		class := answer.status / 100
		noted := answered[class].Next()
		if noted == 0 {
			return
		}
		tags := map[string]string{"route": route.Name, "status": fmt.Sprintf("%dxx", class)}
		m.nk.MetricsCounterAdd(MetricRequests, tags, noted)
		m.nk.MetricsTimerRecord(MetricRequestDuration, tags, m.now().Sub(began))
	}
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the host's writer.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
