package realtime

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/presence"
)

// Identity is what a session token says about its owner.
type Identity struct {
	UserID   uuid.UUID
	Username string
	Vars     map[string]string
	Expiry   int64 // Unix seconds
}

// Hooks are what a module may do around messages and sessions.
type Hooks interface {
	// BeforeRt may replace a message or refuse it. name is as in "PartyCreate". An
	// error goes to the client, whose socket stays; neither a message nor an error
	// closes the socket.
	BeforeRt(ctx context.Context, s *Session, name string, in *rtapi.Envelope) (*rtapi.Envelope, error)
	// AfterRt sees a message that succeeded and the reply to it, which may be nil. It
	// runs in the session's read loop.
	AfterRt(ctx context.Context, s *Session, name string, out, in *rtapi.Envelope)
	// SessionStart runs before the session's first message is read.
	SessionStart(s *Session)
	// SessionEnd runs when all trace of the session is gone and its socket is closed.
	SessionEnd(s *Session, reason string)
}

// User is an account as far as status messages need it.
type User struct {
	ID       uuid.UUID
	Username string
}

// Options configures a Server. Tracker and Authenticate are required; a zero duration
// or count stands for a stock server's default.
type Options struct {
	Node    string // part of match and party IDs; "" is "nakama1"
	Tracker *presence.Tracker
	// Authenticate checks a session token.
	Authenticate func(token string) (Identity, error)
	// Users gives the accounts among these, so that only existing users are followed.
	// nil: no names are known, and any user ID is.
	Users func(ctx context.Context, ids []uuid.UUID, usernames []string) ([]User, error)
	// RPC calls a module's function; found is false where there is none. nil: there are
	// none.
	RPC   func(ctx context.Context, s *Session, id, payload string) (result string, found bool, err error)
	Hooks Hooks // nil: there are none
	// Ending is called with each session that ends, before it leaves its streams: the
	// time to cancel its matchmaker tickets.
	Ending func(s *Session)
	// Peer finds the sockets of another node, nil for none. nil: the server stands alone.
	Peer func(node string) *Router
	// SingleSocket ends a user's older sockets when a new one opens.
	SingleSocket bool

	MaxMessageBytes int64         // of one incoming message; more closes the socket with 1009
	OutgoingQueue   int           // messages a slow client may be behind before it is cut off
	PingPeriod      time.Duration // between pings
	PongWait        time.Duration // without a message or pong before a socket counts as dead
	WriteWait       time.Duration // for one write
	CloseWait       time.Duration // for the client to answer a close

	Logger *slog.Logger // nil: nothing is logged
}

func (o *Options) setDefaults() {
	setDefault(&o.Node, "nakama1")
	setDefault(&o.MaxMessageBytes, 4096)
	setDefault(&o.OutgoingQueue, 64)
	setDefault(&o.PingPeriod, 15*time.Second)
	setDefault(&o.PongWait, 25*time.Second)
	setDefault(&o.WriteWait, 5*time.Second)
	setDefault(&o.CloseWait, 2*time.Second)
	setDefault(&o.Logger, slog.New(slog.DiscardHandler))
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Server accepts sockets and owns the sessions behind them. It is the http.Handler of
// "/ws".
type Server struct {
	opts     Options
	log      *slog.Logger
	sessions *sessions
	router   *Router
	follows  *follows
	handlers map[string]Handler
	upgrader websocket.Upgrader
	nodeHash [6]byte // end of the ID of each session of this node

	mu      sync.Mutex
	closed  bool
	closing chan struct{}  // closed by Close
	open    sync.WaitGroup // one per socket
}

// New makes a server and has it announce the tracker's events to the clients.
func New(opts Options) (*Server, error) {
	if opts.Tracker == nil {
		return nil, errors.New("realtime: Options.Tracker is missing")
	}
	if opts.Authenticate == nil {
		return nil, errors.New("realtime: Options.Authenticate is missing")
	}
	opts.setDefaults()
	srv := &Server{
		opts:     opts,
		log:      opts.Logger,
		sessions: newSessions(),
		follows:  newFollows(),
		closing:  make(chan struct{}),
		upgrader: websocket.Upgrader{
			ReadBufferSize: 4096, WriteBufferSize: 4096,
			CheckOrigin: func(*http.Request) bool { return true },
		},
	}
	srv.router = &Router{node: opts.Node, peer: opts.Peer, tracker: opts.Tracker, sessions: srv.sessions, log: srv.log}
	srv.handlers = map[string]Handler{
		"Ping": ping, "Pong": pong, "Rpc": srv.rpc,
		"StatusFollow": srv.statusFollow, "StatusUnfollow": srv.statusUnfollow, "StatusUpdate": srv.statusUpdate,
	}
	sum := sha1.Sum([]byte(opts.Node))
	copy(srv.nodeHash[:], sum[:])
	opts.Tracker.Announce(srv.announce)
	return srv, nil
}

// Node is the server's name.
func (srv *Server) Node() string { return srv.opts.Node }

// Router sends envelopes to this server's sessions.
func (srv *Server) Router() *Router { return srv.router }

// Session finds a live session.
func (srv *Server) Session(id uuid.UUID) (*Session, bool) { return srv.sessions.get(id) }

// Count is the number of live sessions.
func (srv *Server) Count() int { return srv.sessions.count() }

// Online tells whether a user shows a status, which is what Nakama calls online.
func (srv *Server) Online(userID uuid.UUID) bool {
	return len(srv.opts.Tracker.List(presence.Stream{Mode: presence.ModeStatus, Subject: userID}, false, true)) > 0
}

// Close ends all sessions and waits until their goroutines are gone. The tracker stays
// open.
func (srv *Server) Close() {
	srv.mu.Lock()
	if !srv.closed {
		srv.closed = true
		close(srv.closing)
	}
	srv.mu.Unlock()
	for _, s := range srv.sessions.all() {
		s.Close("server is shutting down")
	}
	srv.open.Wait()
}

// begin counts a new socket, unless the server is closed.
func (srv *Server) begin() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if !srv.closed {
		srv.open.Add(1)
	}
	return !srv.closed
}

// ServeHTTP turns a request into a session and serves it until it ends. Query
// parameters: token (or an Authorization header), format, status, lang.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var format Format
	switch query.Get("format") {
	case "", "json":
	case "protobuf":
		format = Protobuf
	default:
		http.Error(w, "Invalid format parameter", http.StatusBadRequest)
		return
	}
	token := query.Get("token")
	if auth := r.Header["Authorization"]; len(auth) > 0 {
		token, _ = strings.CutPrefix(auth[0], "Bearer ")
		if token == auth[0] {
			token = ""
		}
	}
	if token == "" {
		http.Error(w, "Missing or invalid token", http.StatusUnauthorized)
		return
	}
	who, err := srv.opts.Authenticate(token)
	if err != nil {
		http.Error(w, "Missing or invalid token", http.StatusUnauthorized)
		return
	}
	if !srv.begin() {
		http.Error(w, "server is shutting down", http.StatusServiceUnavailable)
		return
	}
	defer srv.open.Done()
	conn, err := srv.upgrader.Upgrade(w, r, nil)
	if err != nil {
		srv.log.Debug("no websocket", "err", err) // the upgrader has answered
		return
	}
	ip, port := clientAddress(r)
	s := srv.newSession(conn, format, who)
	s.clientIP, s.clientPort = ip, port
	if s.lang = query.Get("lang"); s.lang == "" {
		s.lang = "en"
	}
	status, _ := strconv.ParseBool(query.Get("status"))
	srv.start(s, status)
	s.serve()
}

// start makes a session known: from here on it can be found, sent to and closed.
func (srv *Server) start(s *Session, showStatus bool) {
	tracker := srv.opts.Tracker
	srv.follows.follow(s.id, []uuid.UUID{s.who.UserID})
	tracker.Open(s.id)
	srv.sessions.add(s) // after what its end takes back, as that may come at any time now
	tracker.Track(s.PresenceID(), s.who.UserID, notifications(s.who.UserID), presence.Meta{Username: s.who.Username, Hidden: true})
	if showStatus {
		tracker.Track(s.PresenceID(), s.who.UserID, s.statusStream(), presence.Meta{Username: s.who.Username})
	}
	if srv.opts.SingleSocket {
		for _, id := range tracker.IDs(notifications(s.who.UserID)) {
			if older, ok := srv.sessions.get(id.SessionID); ok && older != s {
				older.end(disconnected, runtime.PresenceReasonDisconnect, notice("single_socket", codeSingleSocket))
			}
		}
	}
	// A server that closed since begin has not seen this session.
	srv.mu.Lock()
	closed := srv.closed
	srv.mu.Unlock()
	if closed {
		s.Close("server is shutting down")
	}
}

// newSessionID holds the time, and at its end names the node, as the real server's IDs
// do: so an ID of another server is told from one that has ended, and a user's newest
// session from the others.
func (srv *Server) newSessionID() uuid.UUID {
	id := uuid.Must(uuid.NewUUID())
	copy(id[10:], srv.nodeHash[:])
	return id
}

func (srv *Server) ownSessionID(id uuid.UUID) bool { return [6]byte(id[10:]) == srv.nodeHash }

func notifications(userID uuid.UUID) presence.Stream {
	return presence.Stream{Mode: presence.ModeNotifications, Subject: userID}
}

// clientAddress is the last proxy's word for where a client is, or else the peer
// itself. The port is "" if nobody tells it.
func clientAddress(r *http.Request) (ip, port string) {
	address := r.RemoteAddr
	if forwarded := strings.Split(r.Header.Get("X-Forwarded-For"), ","); forwarded[0] != "" {
		address = strings.TrimSpace(forwarded[len(forwarded)-1])
	}
	if host, port, err := net.SplitHostPort(address); err == nil {
		return host, port
	}
	return address, ""
}

// Handle sets the handler of one client message, named as in "PartyCreate". A name that
// is no client message or has a handler already is an error.
func (srv *Server) Handle(name string, h Handler) error {
	if !isClientMessage(name) {
		return fmt.Errorf("realtime: %q is not a message of a client", name)
	}
	if srv.handlers[name] != nil {
		return fmt.Errorf("realtime: %s has two handlers", name)
	}
	srv.handlers[name] = h
	return nil
}
