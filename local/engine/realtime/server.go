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

// Identity is the owner of a session token.
type Identity struct {
	UserID   uuid.UUID
	Username string
	Vars     map[string]string
	Expiry   int64 // Unix seconds
}

// Hooks are a module's functions around messages and sessions.
type Hooks interface {
	// BeforeRt may replace a message or refuse it. name is as in "PartyCreate". The client gets an error and keeps
	// its socket. If both results are nil, the socket is closed.
	BeforeRt(ctx context.Context, s *Session, name string, in *rtapi.Envelope) (*rtapi.Envelope, error)
	// AfterRt gets a message that succeeded and its reply, which may be nil. It runs in the session's read loop.
	AfterRt(ctx context.Context, s *Session, name string, out, in *rtapi.Envelope)
	// SessionStart runs before the session's first message is read.
	SessionStart(s *Session)
	// SessionEnd runs when the session has left everything and its socket is closed.
	SessionEnd(s *Session, reason string)
}

// User is an account as status messages need it.
type User struct {
	ID       uuid.UUID
	Username string
}

// Options configures a Server. Tracker and Authenticate are required. A zero duration or number means the default of
// a stock server.
type Options struct {
	Node    string // part of match and party IDs; "" means "nakama1"
	Tracker *presence.Tracker
	// Authenticate checks a session token.
	Authenticate func(token string) (Identity, error)
	// Users returns the existing accounts among these, because a session can follow only existing users. nil means
	// that every user ID exists and no username does.
	Users func(ctx context.Context, ids []uuid.UUID, usernames []string) ([]User, error)
	// RPC calls a module's function. found is false if the function does not exist. nil means that there are none.
	RPC   func(ctx context.Context, s *Session, id, payload string) (result string, found bool, err error)
	Hooks Hooks // nil means that there are none
	// OnSessionEnd is called for each session that ends, before it leaves its streams, to cancel its matchmaker tickets.
	OnSessionEnd func(s *Session)
	// Peer returns the router of another node, nil for an unknown node. nil means that there are no other nodes.
	Peer func(node string) *Router
	// SingleSocket ends a user's older sockets when a new one opens.
	SingleSocket bool

	MaxMessageBytes int64         // limit of one incoming message; a longer one closes the socket with code 1009
	OutgoingQueue   int           // queued messages before a slow client is disconnected
	PingPeriod      time.Duration // time between pings
	PongWait        time.Duration // time without a message or pong after which a socket counts as dead
	WriteWait       time.Duration // time limit of one write
	CloseWait       time.Duration // time for the client to answer a close

	Logger *slog.Logger // nil logs nothing
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

// Server accepts sockets and owns their sessions. It is the http.Handler of "/ws".
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

// New makes a server. The server announces the tracker's events to the clients.
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

// Node returns the server's name.
func (srv *Server) Node() string { return srv.opts.Node }

// Router returns the router for this server's sessions.
func (srv *Server) Router() *Router { return srv.router }

// Session returns a live session.
func (srv *Server) Session(id uuid.UUID) (*Session, bool) { return srv.sessions.get(id) }

// Count returns the number of live sessions.
func (srv *Server) Count() int { return srv.sessions.count() }

// Online reports whether a user shows a status. Nakama calls such a user online.
func (srv *Server) Online(userID uuid.UUID) bool {
	return len(srv.opts.Tracker.List(presence.Stream{Mode: presence.ModeStatus, Subject: userID}, false, true)) > 0
}

// Close ends all sessions and waits until their goroutines have ended. The tracker stays open.
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

// addSocket counts a new socket. It returns false if the server is closed.
func (srv *Server) addSocket() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if !srv.closed {
		srv.open.Add(1)
	}
	return !srv.closed
}

// ServeHTTP turns a request into a session and serves it until it ends. Query parameters: token (or an Authorization
// header), format, status, lang.
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
	if !srv.addSocket() {
		http.Error(w, "server is shutting down", http.StatusServiceUnavailable)
		return
	}
	defer srv.open.Done()
	conn, err := srv.upgrader.Upgrade(w, r, nil)
	if err != nil {
		srv.log.Debug("no websocket", "err", err) // the upgrader has sent an answer
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

// start registers a session. From then on the session can be found, sent to and closed.
func (srv *Server) start(s *Session, showStatus bool) {
	tracker := srv.opts.Tracker
	srv.follows.follow(s.id, []uuid.UUID{s.identity.UserID})
	tracker.Open(s.id)
	srv.sessions.add(s) // comes after follow and Open, because the session may end at any time from here
	tracker.Track(s.PresenceID(), s.identity.UserID, notificationStream(s.identity.UserID), presence.Meta{Username: s.identity.Username, Hidden: true})
	if showStatus {
		tracker.Track(s.PresenceID(), s.identity.UserID, s.statusStream(), presence.Meta{Username: s.identity.Username})
	}
	if srv.opts.SingleSocket {
		for _, id := range tracker.IDs(notificationStream(s.identity.UserID)) {
			if older, ok := srv.sessions.get(id.SessionID); ok && older != s {
				older.end(reasonDisconnected, runtime.PresenceReasonDisconnect, newNotification("single_socket", codeSingleSocket))
			}
		}
	}
	// If the server has closed since addSocket, Close did not see this session.
	srv.mu.Lock()
	closed := srv.closed
	srv.mu.Unlock()
	if closed {
		s.Close("server is shutting down")
	}
}

// newSessionID makes an ID from the time, with the node's hash at its end, as on the real server. So the ID shows
// whether a session belongs to another server, and which session of a user is the newest.
func (srv *Server) newSessionID() uuid.UUID {
	id := uuid.Must(uuid.NewUUID())
	copy(id[10:], srv.nodeHash[:])
	return id
}

func (srv *Server) isOwnSessionID(id uuid.UUID) bool { return [6]byte(id[10:]) == srv.nodeHash }

func notificationStream(userID uuid.UUID) presence.Stream {
	return presence.Stream{Mode: presence.ModeNotifications, Subject: userID}
}

// clientAddress returns the last address of X-Forwarded-For, or else that of the connection. The port is "" if the
// address has none.
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

// Handle sets the handler of one client message, with a name as in "PartyCreate". It returns an error if clients have
// no such message, or if the message has a handler already.
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
