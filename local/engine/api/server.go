// Package api is the HTTP client API of the embedded engine. It has the routes, status codes, JSON and error bodies
// of Nakama's gateway, and serves the data of a store.
//
// Of the engine it imports only package store. RPCs, the party and match lists, the socket and a module's HTTP routes
// come in through Options. For a call that only a real server supports, it answers 501 with a text that says so.
package api

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gorilla/handlers"
	"github.com/gorilla/mux"

	"partyline/local/engine/store"
)

// Server is the HTTP client API. It is an http.Handler and safe for concurrent use. The program that serves it sets
// the timeouts and the header limit.
type Server struct {
	opts    Options
	handler http.Handler
}

// New returns a server, or an error that says what is wrong with opts.
func New(opts Options) (*Server, error) {
	if opts.Store == nil {
		return nil, errors.New("api: Store is missing")
	}
	if opts.ServerKey == "" {
		opts.ServerKey = DefaultServerKey
	}
	if opts.HTTPKey == "" {
		opts.HTTPKey = DefaultHTTPKey
	}
	if opts.MaxRequestBytes == 0 {
		opts.MaxRequestBytes = DefaultMaxRequestBytes
	}
	if opts.Hooks == nil {
		opts.Hooks = noHooks{}
	}
	if opts.FindRPC == nil {
		opts.FindRPC = func(string) (RPC, bool) { return nil, false }
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{opts: opts}
	inner, err := s.routes()
	if err != nil {
		return nil, err
	}
	outer := mux.NewRouter()
	if opts.Pages != nil {
		outer.NewRoute().MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool {
			_, pattern := opts.Pages.Handler(r)
			return pattern != ""
		}).Handler(opts.Pages)
	}
	outer.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }).Methods(http.MethodGet)
	if opts.Socket != nil {
		outer.Handle("/ws", opts.Socket).Methods(http.MethodGet)
	}
	compressed := handlers.CompressHandler(s.recoverPanics(inner))
	outer.NewRoute().HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Cache-Control", "no-store, no-cache, must-revalidate")
		r.Body = http.MaxBytesReader(w, r.Body, opts.MaxRequestBytes)
		compressed.ServeHTTP(w, r)
	})
	s.handler = handlers.CORS( // pages of every origin may call the API
		handlers.AllowedOrigins([]string{"*"}),
		handlers.AllowedHeaders([]string{"Authorization", "Content-Type", "User-Agent"}),
		handlers.AllowedMethods([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete}),
	)(outer)
	return s, nil
}

const rpcPath = "/v2/rpc/{id:.*}"

// rpcMethods returns a new slice for each call, because the router writes to it and several engines may start at the
// same time.
func rpcMethods() []string { return []string{http.MethodGet, http.MethodPost} }

// routes builds the handlers in order: RPCs, the module's routes, the API.
func (s *Server) routes() (http.Handler, error) {
	inner := mux.NewRouter()
	inner.HandleFunc(rpcPath, s.serveRPC).Methods(rpcMethods()...)
	for _, route := range s.opts.Routes {
		if !strings.HasPrefix(route.Pattern, "/") {
			return nil, fmt.Errorf("api: route %q: the pattern must start with \"/\"", route.Pattern)
		}
		own := inner.HandleFunc(route.Pattern, route.Handler)
		if len(route.Methods) > 0 {
			own.Methods(slices.Clone(route.Methods)...)
		}
		if err := own.GetError(); err != nil {
			return nil, fmt.Errorf("api: route %q: %w", route.Pattern, err)
		}
	}
	inner.NewRoute().Handler(s.endpoints())
	return inner, nil
}

func (s *Server) endpoints() http.Handler {
	router := mux.NewRouter()
	for _, e := range s.table() {
		router.Handle(e.path, s.serve(e)).Methods(e.method)
	}
	router.HandleFunc(rpcPath, s.serveRPC).Methods(rpcMethods()...) // matches only methods that the first route does not
	router.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, &store.Error{Code: store.Unimplemented, Message: "Method Not Allowed"})
	})
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isNakamaPath(r.URL.Path) {
			writeError(w, &store.Error{Code: store.Unimplemented, Message: "not supported by the embedded engine: " + r.Method + " " + r.URL.Path})
			return
		}
		writeError(w, &store.Error{Code: store.NotFound, Message: "Not Found"})
	})
	return router
}

// apiAreas are the first path segments of Nakama's client API after /v2/.
var apiAreas = []string{
	"account", "channel", "event", "friend", "group", "iap", "leaderboard", "match", "matchmaker",
	"notification", "party", "session", "storage", "tournament", "user",
}

// isNakamaPath reports whether a real server might have a call at this path.
func isNakamaPath(path string) bool {
	rest, ok := strings.CutPrefix(path, "/v2/")
	area, _, _ := strings.Cut(rest, "/")
	return ok && slices.Contains(apiAreas, area)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// recoverPanics recovers a panic in a hook, an RPC or a route of the module. It logs the panic with its stack and
// answers 500.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause) // net/http uses this panic to end a connection
			}
			s.opts.Logger.Error("panic while serving", "method", r.Method, "path", r.URL.Path, "panic", cause, "stack", string(debug.Stack()))
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, internalErrorBody)
		}()
		next.ServeHTTP(w, r)
	})
}
