// Package engine is an embedded server for stock Nakama clients. It has the HTTP and realtime API, parties,
// matchmaker, matches and storage. All of it is in memory, in one process. The engine loads a Go module as the real
// server loads a plugin.
//
// It replaces a server in development and tests. It behaves as Nakama 3.40.0 does; tests compare it with recorded
// transcripts of a real server. A call that it does not support returns an error with the name of the call. When a
// server closes, only the data that is passed on with Options.Data survives.
//
// The parts are packages of their own that do not import each other; this package connects them. It never imports the
// module's hooks, RPCs or matchmaking.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/api"
	"partyline/local/engine/host"
	"partyline/local/engine/match"
	"partyline/local/engine/matchmaker"
	"partyline/local/engine/parties"
	"partyline/local/engine/presence"
	"partyline/local/engine/realtime"
	"partyline/local/engine/store"
)

// Defaults of Options.
const (
	DefaultNode          = "nakama1"
	DefaultEncryptionKey = "defaultencryptionkey"
	Version              = "3.40.0+embedded" // the version that the engine reports to modules
)

// Options configures a server. The zero value listens on a free port of 127.0.0.1 with the keys of a stock server and
// without a module.
type Options struct {
	Addr string // "" means 127.0.0.1:0
	Node string // "" means DefaultNode

	ServerKey   string // "" in any of the keys means the key of a stock server
	HTTPKey     string
	SessionKey  string        // signs session tokens
	RefreshKey  string        // signs refresh tokens
	TokenExpiry time.Duration // lifetime of session tokens; 0 means two hours

	SingleSocket bool // session.single_socket
	SingleParty  bool // session.single_party

	MatchmakerInterval time.Duration // 0 means 15 s, as a stock server has it
	PartyListDelay     time.Duration // how long the party list lags behind; 0 means no delay

	Env         map[string]string // runtime.env
	RuntimePath string            // directory of the module's files; "" means the working directory

	// Init is the module's entry point. nil runs a stock server.
	Init host.InitModule
	// Fleets makes the fleet managers by name, for a server that listens at addr. "" is the name of the default one.
	// nil means none.
	Fleets func(addr string) (map[string]runtime.FleetManager, error)
	// Pages serves further HTTP patterns in addition to the API. nil means none.
	Pages *http.ServeMux

	// Data is the result of a closed server's Data method. Its accounts, friends, groups, notifications and storage
	// objects outlive that server, as they do in a database. nil starts without data.
	Data *store.Store

	// Cluster makes the server a node of a cluster. No other node may have the same Node, and the token keys must be
	// those of a stock server. nil means that there are no other nodes.
	Cluster *Cluster

	Logger *slog.Logger     // nil logs nothing
	Now    func() time.Time // nil means time.Now
}

// Server is a running engine. Its methods are safe for concurrent use.
type Server struct {
	opts    Options
	log     *slog.Logger
	store   *store.Store
	tracker *presence.Tracker
	sockets *realtime.Server
	parties *parties.Registry
	matches *match.Registry
	tickets *matchmaker.Matchmaker
	host    *host.Host
	metrics *host.Metrics
	module  runtime.NakamaModule
	fleets  map[string]runtime.FleetManager

	listener net.Listener
	http     *http.Server
	stop     context.CancelFunc
	running  sync.WaitGroup
	closing  sync.Once
}

// Start builds a server, loads the module and serves. When it returns without an error, clients can connect. If the
// module's entry point fails, Start returns the error, because a real server would not boot either.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts = opts.withDefaults()
	s := &Server{opts: opts, log: opts.Logger, metrics: host.NewMetrics()}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.build(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("engine: %w", err)
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	orText := func(v *string, def string) {
		if *v == "" {
			*v = def
		}
	}
	orText(&o.Addr, "127.0.0.1:0")
	orText(&o.Node, DefaultNode)
	orText(&o.ServerKey, api.DefaultServerKey)
	orText(&o.HTTPKey, api.DefaultHTTPKey)
	orText(&o.SessionKey, DefaultEncryptionKey)
	orText(&o.RefreshKey, "defaultrefreshencryptionkey")
	orText(&o.RuntimePath, ".")
	if o.TokenExpiry == 0 {
		o.TokenExpiry = 2 * time.Hour
	}
	if o.MatchmakerInterval == 0 {
		o.MatchmakerInterval = matchmaker.DefaultInterval
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (s *Server) build(ctx context.Context) error {
	o := s.opts
	logger := host.NewLogger(o.Logger)
	s.openData()
	var peerSockets func(node string) *realtime.Router
	var peerParties func(node string) *parties.Registry
	if o.Cluster != nil {
		peerSockets, peerParties = o.Cluster.router, o.Cluster.parties
	}
	tokens := match.Tokens{Key: []byte(o.SessionKey), Now: o.Now}

	var err error
	s.sockets, err = realtime.New(realtime.Options{
		Node: o.Node, Tracker: s.tracker, Authenticate: s.authenticate, Users: s.users, RPC: s.socketRPC,
		Hooks: socketHooks{s}, OnSessionEnd: s.ending, SingleSocket: o.SingleSocket, Peer: peerSockets, Logger: o.Logger,
	})
	if err != nil {
		return err
	}
	router := s.sockets.Router()
	s.parties, err = parties.New(parties.Options{
		Node: o.Node, Tracker: s.tracker, Router: router, Tickets: partyTickets{s},
		SingleParty: o.SingleParty, ListDelay: o.PartyListDelay, Peer: peerParties, Now: o.Now, Logger: o.Logger,
	})
	if err != nil {
		return err
	}
	s.matches, err = match.NewRegistry(match.Options{
		Node: o.Node, Tracker: s.tracker, Router: router, Logger: logger, Tokens: tokens,
		Disconnect: s.disconnectSession, Now: o.Now,
		Module:  func() runtime.NakamaModule { return s.module },
		Context: func(ctx context.Context, mode string) context.Context { return s.host.Context(ctx, mode) },
	})
	if err != nil {
		return err
	}
	s.module = s.nakamaModule()
	if s.listener, err = net.Listen("tcp", o.Addr); err != nil {
		return err
	}
	at, err := netip.ParseAddrPort(s.Addr())
	if err != nil {
		return err
	}
	s.host = host.New(host.Options{Node: o.Node, Socket: at, Version: Version, Env: o.Env, Logger: logger, SingleSocket: o.SingleSocket, SingleParty: o.SingleParty}, s.module)
	if o.Fleets != nil {
		if s.fleets, err = o.Fleets(s.Addr()); err != nil {
			return err
		}
	}
	if o.Init != nil {
		if err := s.host.Load(ctx, o.Init); err != nil {
			return err
		}
	}
	for name, create := range s.host.Matches() {
		s.matches.Register(name, create)
	}
	s.tickets, err = matchmaker.New(matchmaker.Options{
		Node: o.Node, Router: router, Logger: logger, RelayToken: tokens.Issue, Interval: o.MatchmakerInterval, Now: o.Now,
	}, s.matchmakerHooks())
	if err != nil {
		return err
	}
	s.running.Go(func() { s.tickets.Run(ctx) })
	if err := s.handleMessages(); err != nil {
		return err
	}
	if err := s.listen(); err != nil {
		return err
	}
	if o.Cluster != nil {
		o.Cluster.join(s)
	}
	return nil
}

// openData sets the tracker and the store. A node takes them from its cluster, another server makes its own.
func (s *Server) openData() {
	o := s.opts
	if o.Cluster != nil {
		s.tracker, s.store = o.Cluster.tracker, o.Cluster.store
		return
	}
	s.tracker = presence.NewTracker()
	open := store.New
	if o.Data != nil {
		open = o.Data.Reopen
	}
	s.store = open(store.Options{
		Now: o.Now, TokenExpiry: o.TokenExpiry, SigningKey: o.SessionKey, RefreshSigningKey: o.RefreshKey,
		Online: s.online, Deliver: s.deliver, Disconnect: s.disconnect,
	})
}

// handleMessages registers the message handlers of parties, matches and the matchmaker with the sockets.
func (s *Server) handleMessages() error {
	handlers := map[string]realtime.Handler{
		"MatchCreate":      adapt[match.Session](s.matches.HandleCreate),
		"MatchJoin":        adapt[match.Session](s.matches.HandleJoin),
		"MatchLeave":       adapt[match.Session](s.matches.HandleLeave),
		"MatchDataSend":    adapt[match.Session](s.matches.HandleDataSend),
		"MatchmakerAdd":    adapt[matchmaker.Session](s.tickets.HandleAdd),
		"MatchmakerRemove": adapt[matchmaker.Session](s.tickets.HandleRemove),
	}
	for name, h := range s.parties.Handlers() {
		handlers[name] = adapt[parties.Session](h)
	}
	for name, h := range handlers {
		if err := s.sockets.Handle(name, h); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) listen() error {
	routes := make([]api.Route, 0, len(s.host.Routes()))
	for _, r := range s.host.Routes() {
		routes = append(routes, api.Route{Pattern: r.Pattern, Methods: r.Methods, Handler: r.Handler})
	}
	handler, err := api.New(api.Options{
		Store: s.store, ServerKey: s.opts.ServerKey, HTTPKey: s.opts.HTTPKey,
		FindRPC: s.findRPC, Hooks: requestHooks{s.host}, Parties: s.parties.List, Matches: s.listMatches, Tickets: s.tickets.Stats,
		Routes: routes, Socket: s.sockets, Pages: s.opts.Pages, Logger: s.log,
	})
	if err != nil {
		return err
	}
	// These limits are those of a stock server.
	s.http = &http.Server{
		Handler: handler, MaxHeaderBytes: 5120,
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 60 * time.Second,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.running.Go(func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("engine: serving ended", "error", err)
		}
	})
	return nil
}

// Addr returns the address of the client API as host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL returns the base URL of the client API, "http://host:port".
func (s *Server) URL() string { return "http://" + s.Addr() }

// Module returns the server API that the loaded module calls.
func (s *Server) Module() runtime.NakamaModule { return s.module }

// Data returns what the server has stored. Pass it to the next server in Options.Data.
func (s *Server) Data() *store.Store { return s.store }

// Metrics returns the series that the module has reported.
func (s *Server) Metrics() map[string]float64 { return s.metrics.Snapshot() }

// Sessions counts the live sockets, Parties Nakama's parties, and Matches the authoritative matches.
func (s *Server) Sessions() int { return s.sockets.Count() }
func (s *Server) Parties() int  { return s.parties.Count() }
func (s *Server) Matches() int  { return s.matches.Count() }

// Presences counts the presences on all streams. Without sockets it is 0.
func (s *Server) Presences() int { return s.tracker.Total() }

// Matchmake runs one pass of the matchmaker now, for tests that cannot wait for the interval.
func (s *Server) Matchmake(ctx context.Context) { s.tickets.Process(ctx) }

// WaitForEvents waits until all presence events so far are delivered.
func (s *Server) WaitForEvents() { s.tracker.WaitForEvents() }

// HoldEvents stops the delivery of presence events until release is called. It simulates a server whose event worker
// is behind. Streams still change: a session that a module puts on a party's stream hears the stream, but is not a
// member of the party yet. Settle waits for release.
func (s *Server) HoldEvents() (release func()) {
	s.tracker.WaitForEvents()
	s.tracker.Hold(true)
	return func() { s.tracker.Hold(false) }
}

// Close ends matches, module, sockets and listeners in the order of the real server, and waits for every goroutine.
// It may be called twice, and also for a server whose start failed.
func (s *Server) Close() {
	s.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if s.matches != nil {
			if err := s.matches.Shutdown(ctx, 0); err != nil {
				s.log.Warn("engine: matches did not end in time", "error", err)
			}
		}
		s.stop()
		if s.host != nil {
			s.host.Close(ctx)
		}
		if s.sockets != nil {
			s.sockets.Close()
		}
		if s.http != nil {
			if err := s.http.Shutdown(ctx); err != nil {
				s.log.Warn("engine: requests did not end in time", "error", err)
			}
		} else if s.listener != nil {
			_ = s.listener.Close()
		}
		s.running.Wait()
		if s.host != nil {
			s.host.Wait() // session ends reach the module after its shutdown functions
		}
		if s.parties != nil {
			if err := s.parties.Close(); err != nil {
				s.log.Warn("engine: closing the party list", "error", err)
			}
		}
		if s.opts.Cluster != nil {
			s.opts.Cluster.leave(s)
			return // the tracker belongs to the cluster
		}
		if s.tracker != nil {
			s.tracker.Close()
		}
	})
}
