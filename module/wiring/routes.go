package wiring

import (
	"fmt"
	"net/http"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/sampled"
	"partyline/internal/web"
)

// Metrics of every HTTP request, with the tags route and status: the class, such as "2xx", or "busy" for a 503.
const (
	MetricRequests        = "partyline_http"
	MetricRequestDuration = "partyline_http_duration"
)

func (m *Module) registerRoutes(host runtime.Initializer) error {
	for _, route := range m.routes {
		if err := host.RegisterHttp(route.Pattern, m.withMetrics(route), route.Methods...); err != nil {
			return fmt.Errorf("route %s: %w", route.Pattern, err)
		}
	}
	return nil
}

// withMetrics counts and times a route: every failure, and one in sixteen of other answers of one class, as sixteen.
// The server's metrics have a lock for each timer, and in a crowd requests would wait for it.
func (m *Module) withMetrics(route web.Route) http.HandlerFunc {
	const busy, failed, each = 0, 5, 16
	var answered [failed + 1]sampled.Calls // by the class of the status, or busy
	for class := range failed {
		answered[class].First, answered[class].Each = each, each
	}
	answered[failed].Each = 1
	return func(w http.ResponseWriter, r *http.Request) {
		began := m.now()
		answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		route.Handler(answer, r)
		class, status := answer.status/100, fmt.Sprintf("%dxx", answer.status/100)
		if answer.status == http.StatusServiceUnavailable {
			class, status = busy, "busy"
		}
		noted := answered[class].Next()
		if noted == 0 {
			return
		}
		tags := map[string]string{"route": route.Name, "status": status}
		m.nk.MetricsCounterAdd(MetricRequests, tags, noted)
		m.nk.MetricsTimerRecord(MetricRequestDuration, tags, m.now().Sub(began))
	}
}

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
