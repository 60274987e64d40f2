// Package store has the data of the embedded engine: accounts, friends, groups, notifications, storage objects and
// session tokens, all in memory.
//
// It behaves as Nakama's own core on PostgreSQL does. States, refusals and error texts are the same, and JSON columns
// read back in the form that the database gives them. Module offers the data to a Go module with the signatures of
// runtime.NakamaModule; package api offers it to clients over HTTP. The store knows nothing about HTTP, sockets or
// presences. Options has callbacks for what it needs of them.
//
// Everything is safe for concurrent use. One lock guards all data, so an operation on many objects is atomic.
// Callbacks run without the lock. Returned values are copies: a caller that changes one does not change the store.
package store

import (
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// Defaults of Options, the same as on a stock server.
const (
	DefaultTokenExpiry        = 60 * time.Second
	DefaultRefreshTokenExpiry = 60 * time.Minute
	defaultSigningKey         = "defaultencryptionkey"
	defaultRefreshSigningKey  = "defaultrefreshencryptionkey"
)

// Options configures a store. The zero value is usable. The store calls the callbacks without a lock, and they may
// call the store.
type Options struct {
	Now func() time.Time // nil means time.Now

	TokenExpiry        time.Duration // 0 means DefaultTokenExpiry
	RefreshTokenExpiry time.Duration // 0 means DefaultRefreshTokenExpiry
	SigningKey         string        // HMAC key of session tokens; "" means a stock server's key
	RefreshSigningKey  string        // HMAC key of refresh tokens; "" means a stock server's key

	// Online reports whether a user has a live socket, for the online field of users. nil means that nobody has one.
	Online func(userID string) bool

	// Deliver sends notifications to a user's live sockets, after the persistent ones are stored. nil sends nothing.
	Deliver func(userID string, notifications []*api.Notification)

	// Disconnect closes a user's live sockets when the account is deleted. nil closes nothing.
	Disconnect func(userID string)
}

// Store holds the data. Make one with New.
type Store struct {
	opts Options

	mu            sync.RWMutex
	lastPosition  int64 // see position
	users         users
	edges         map[uuid.UUID]map[uuid.UUID]*edge // source user, then destination user
	groups        groups
	notifications map[uuid.UUID][]*notification // per user, oldest first
	objects       objects

	sessions sessions // has its own lock; do not take mu while holding it
}

// New returns a store that has only the system user. Its ID is the zero UUID. It owns the server's objects and sends
// the server's notifications.
func New(opts Options) *Store {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.TokenExpiry == 0 {
		opts.TokenExpiry = DefaultTokenExpiry
	}
	if opts.RefreshTokenExpiry == 0 {
		opts.RefreshTokenExpiry = DefaultRefreshTokenExpiry
	}
	if opts.SigningKey == "" {
		opts.SigningKey = defaultSigningKey
	}
	if opts.RefreshSigningKey == "" {
		opts.RefreshSigningKey = defaultRefreshSigningKey
	}
	if opts.Online == nil {
		opts.Online = func(string) bool { return false }
	}
	if opts.Deliver == nil {
		opts.Deliver = func(string, []*api.Notification) {}
	}
	if opts.Disconnect == nil {
		opts.Disconnect = func(string) {}
	}
	s := &Store{
		opts:          opts,
		users:         newUsers(),
		edges:         map[uuid.UUID]map[uuid.UUID]*edge{},
		groups:        newGroups(),
		notifications: map[uuid.UUID][]*notification{},
		objects:       newObjects(),
		sessions:      newSessions(),
	}
	s.users.insert(newUser(uuid.Nil, "", s.now()))
	return s
}

// Reopen makes a store with the data of s, as a restarted server finds its database. It leaves s empty, so later
// calls on s do not change the data. It does not carry over which tokens were ended early, because a real server
// keeps that in its process.
func (s *Store) Reopen(opts Options) *Store {
	next, empty := New(opts), New(s.opts)
	s.mu.Lock()
	defer s.mu.Unlock()
	next.lastPosition, next.users, next.edges = s.lastPosition, s.users, s.edges
	next.groups, next.notifications, next.objects = s.groups, s.notifications, s.objects
	s.users, s.edges = empty.users, empty.edges
	s.groups, s.notifications, s.objects = empty.groups, empty.notifications, empty.objects
	return next
}

// now returns the time at the database's resolution, microseconds.
func (s *Store) now() time.Time { return s.opts.Now().UTC().Truncate(time.Microsecond) }

// position returns the next position in a list. It is the time in nanoseconds, or one more than the last position if
// the clock has not moved, so no two entries share one. The lock must be held for writing.
func (s *Store) position() int64 {
	s.lastPosition = max(s.lastPosition+1, s.opts.Now().UnixNano())
	return s.lastPosition
}
