package wiring

import (
	"fmt"
	"net/http"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/sampled"
	"partyline/internal/web"
)

// Names of the metrics every HTTP request adds to; both carry the tags route and
// status, the status being the hundreds of the answer's, such as "2xx".
const (
	MetricRequests        = "partyline_http"
	MetricRequestDuration = "partyline_http_duration"
)

func (m *Module) registerRoutes(host runtime.Initializer) error {
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
