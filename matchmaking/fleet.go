package matchmaking

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// FleetHost has the operator's fleet manager. Servers from 3.41 on also have managers by
// name; then it has GetFleetManagerByName too.
type FleetHost interface {
	GetFleetManager() runtime.FleetManager
}

// Fleets reaches the operator's fleet managers. Its calls leave the process and may take
// long, so nothing here is called under a lock, from a match or from a matchmaker pass.
// Safe for concurrent use.
type Fleets struct {
	host   FleetHost
	logger party.Logger
}

// NewFleets makes one over the host itself: managers may be registered after it.
func NewFleets(host FleetHost, logger party.Logger) *Fleets {
	return &Fleets{host: host, logger: logger}
}

// fleetCall bounds a call of a fleet manager that nobody waits for.
const fleetCall = 10 * time.Second

func (f *Fleets) manager(name string) (runtime.FleetManager, error) {
	var m runtime.FleetManager
	if name == "" {
		m = f.host.GetFleetManager()
	} else if named, ok := f.host.(interface {
		GetFleetManagerByName(name string) runtime.FleetManager
	}); ok {
		m = named.GetFleetManagerByName(name)
	} else {
		return nil, fmt.Errorf("fleet manager %q: this server has none by name", name)
	}
	if m == nil {
		return nil, fmt.Errorf("fleet manager %q: no module has registered it", name)
	}
	return m, nil
}

// background runs work that nobody waits for.
func (f *Fleets) background(what string, work func(context.Context) error) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), fleetCall)
		defer cancel()
		if err := f.protected(func() error { return work(ctx) }); err != nil {
			f.logger.Warn("game server call failed call=%q error=%v", what, err)
		}
	}()
}

// protected turns a panic of a fleet manager into an error.
func (f *Fleets) protected(work func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	return work()
}

// join reserves slots for users, for about a minute. It returns the fleet's own sessions of
// those that have one, by user.
func (f *Fleets) join(ctx context.Context, s gameServer, users []string) (sessions map[string]string, err error) {
	err = f.protected(func() error {
		m, err := f.manager(s.Manager)
		if err != nil {
			return err
		}
		info, err := m.Join(ctx, s.Instance, users, nil)
		if err == nil && info != nil {
			sessions = sessionsOf(info.SessionInfo)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("join game server %s: %w", s.Instance, err)
	}
	return sessions, nil
}

// renew reserves slots again for users whose seats are held longer than the fleet's minute.
// Failing to is no reason to open a seat.
func (f *Fleets) renew(s gameServer, users []string) {
	f.background("renewal of game server slots", func(ctx context.Context) error {
		_, err := f.join(ctx, s, users)
		return err
	})
}

// end tells the fleet that a server is not needed any more, where its manager can hear it.
func (f *Fleets) end(manager, instance string) {
	f.background("end of a game server", func(ctx context.Context) error {
		m, err := f.manager(manager)
		if err != nil {
			return err
		}
		if d, ok := m.(interface {
			Delete(ctx context.Context, id string) error
		}); ok {
			return d.Delete(ctx, instance)
		}
		return nil
	})
}

func sessionsOf(infos []*runtime.SessionInfo) map[string]string {
	sessions := map[string]string{}
	for _, s := range infos {
		if s != nil && s.UserId != "" {
			sessions[s.UserId] = s.SessionId
		}
	}
	return sessions
}

// gameServer is where a match is played.
type gameServer struct {
	Manager  string `json:"manager,omitempty"`
	Instance string `json:"instance"`
	Address  string `json:"address"`            // an IP address, or a name where there is none
	DNSName  string `json:"dns_name,omitempty"` // for those who need a name, such as for TLS
	Port     int    `json:"port"`
}

// serverOf reads what a fleet manager reports; the error says what is missing.
func serverOf(manager string, info *runtime.InstanceInfo) (gameServer, error) {
	switch {
	case info == nil || info.Id == "":
		return gameServer{}, errors.New("the fleet manager reports a server without an ID")
	case info.ConnectionInfo == nil:
		return gameServer{}, fmt.Errorf("game server %s has no connection information", info.Id)
	}
	at := info.ConnectionInfo
	s := gameServer{Manager: manager, Instance: info.Id, Address: at.IpAddress, DNSName: at.DnsName, Port: at.Port}
	if s.Address == "" {
		s.Address = s.DNSName
	}
	if s.Address == "" || s.Port < 1 || s.Port > 65535 {
		return gameServer{}, fmt.Errorf("game server %s has no address: %+v", info.Id, *at)
	}
	return s, nil
}

// OrderState is what has become of an [Order].
type OrderState int

const (
	OrderPending OrderState = iota
	OrderReady
	OrderFailed // refused, failed, or cancelled
)

// Order is a game server, or slots on one, that was asked for. The first answer counts.
// Safe for concurrent use.
type Order struct {
	fleets  *Fleets
	manager string
	slots   bool // on a server that others use: it is not ended with the order

	mu       sync.Mutex
	state    OrderState
	instance string
	cause    error
}

// NoOrder is one that has failed.
func NoOrder(cause error) *Order { return &Order{state: OrderFailed, cause: cause} }

// State says what has become of it; with OrderFailed why.
func (o *Order) State() (OrderState, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state, o.cause
}

// Cancel gives it up: a server that is there, or comes later, is ended.
func (o *Order) Cancel(cause error) {
	o.mu.Lock()
	instance := o.instance
	o.state, o.cause, o.instance = OrderFailed, cause, ""
	o.mu.Unlock()
	if instance != "" && !o.slots {
		o.fleets.end(o.manager, instance)
	}
}

// take makes a server the one of this order. It reports false, and ends that server, where
// the order has another one or has been given up.
func (o *Order) take(instance string) bool {
	o.mu.Lock()
	mine := o.state == OrderPending && (o.instance == "" || o.instance == instance)
	again := o.instance == instance
	if mine {
		o.instance = instance
	}
	o.mu.Unlock()
	if !mine && !again {
		o.fleets.end(o.manager, instance)
	}
	return mine && !again
}

// conclude is the first answer; any later one changes nothing.
func (o *Order) conclude(err error) {
	o.mu.Lock()
	first := o.state == OrderPending
	if first && err == nil {
		o.state = OrderReady
	}
	o.mu.Unlock()
	if first && err != nil {
		o.Cancel(err)
	}
}
