package landing

import (
	"context"
	"errors"
	"net/http"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// Previews is the part of the kernel this package needs: what a stranger who knows
// the code may see of an invite. An invite that is over is answered with its state,
// not with an error; an unknown code is refused with party.InviteNotFound, too many
// wrong ones from one address with party.RateLimited. Answers may be shared, for a second
// or so: nobody changes one.
type Previews interface {
	PublicPreview(ctx context.Context, code, clientIP string) (party.Preview, error)
}

// Limiter bounds requests per key. Allow takes one permit, or says how long to wait
// for the next one.
type Limiter interface {
	Allow(key string) (wait time.Duration, ok bool)
}

// Logger is the one method of the host's logger that is used here.
type Logger interface {
	Error(format string, v ...any)
}

// Options are what a [Site] is made of. Previews and Policy are required.
type Options struct {
	Previews Previews
	// Policy gives the active rules; it is asked once per request.
	Policy func() rules.Config
	// Limiter bounds the requests of one client address. An open page costs some 25 a
	// minute, and a school or a console network shares one address, so it should be
	// generous. nil means without limit.
	Limiter Limiter
	// Logger receives failures of the kernel and panics. nil means silence.
	Logger Logger
	// ProxyCount is the host's socket.proxy_count (its default is 1), so that both see
	// the same client address. See the trust note at clientIP.
	ProxyCount int
}

// Route is one row of the table that wiring registers with the host. Pattern is in the
// host router's form; Methods lists HEAD because that router answers listed methods only.
type Route struct {
	Name    string // stable, for metrics
	Pattern string
	Methods []string
	Handler http.HandlerFunc
}

// Site serves the landing pages. Make it with [New].
type Site struct {
	previews Previews
	policy   func() rules.Config
	limiter  Limiter
	logger   Logger
	proxies  int
	drawn    drawnStates
}

// New checks the options and makes a Site.
func New(o Options) (*Site, error) {
	switch {
	case o.Previews == nil:
		return nil, errors.New("landing: Options.Previews is missing")
	case o.Policy == nil:
		return nil, errors.New("landing: Options.Policy is missing")
	case o.ProxyCount < 0:
		return nil, errors.New("landing: Options.ProxyCount is negative")
	}
	return &Site{previews: o.Previews, policy: o.Policy, limiter: o.Limiter, logger: o.Logger, proxies: o.ProxyCount, drawn: drawnStates{byCode: map[string]drawnState{}}}, nil
}

// Routes is the table of everything this package serves, in the order to register it.
func (s *Site) Routes() []Route {
	get := []string{http.MethodGet, http.MethodHead}
	return []Route{
		{"landing_page", joinPath + "{code}", get, s.guard(s.page())},
		{"landing_state", joinPath + "{code}" + stateSuffix, get, s.guard(s.state())},
		{"landing_qr", joinPath + "{code}" + qrSuffix, get, s.guard(s.qr())},
		{"landing_asset", assetPath + "{file}", get, s.guard(s.asset())},
		{"landing_apple", applePath, get, s.guard(s.apple())},
		{"landing_android", androidPath, get, s.guard(s.android())},
	}
}
