// Package store is the data side of the embedded engine: accounts, friends,
// groups, notifications, storage objects and session tokens, all in memory.
//
// It behaves as Nakama's own core on PostgreSQL does: the same states, the same
// refusals, the same texts, and JSON columns read back in the form the database
// gives them. Module offers it to a runtime module with the signatures of
// runtime.NakamaModule; package api offers it to clients over HTTP. Nothing here
// knows HTTP, sockets or presences; what the store needs of them comes in through
// Options.
//
// Everything is safe for concurrent use. One lock guards all data, so an operation
// on many objects is atomic by construction; callbacks run outside of it. Values
// handed out are built for the caller: changing one never changes the store.
package store

import (
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// Defaults of Options, equal to a stock server's.
const (
	DefaultTokenExpiry        = 60 * time.Second
	DefaultRefreshTokenExpiry = 60 * time.Minute
	defaultSigningKey         = "defaultencryptionkey"
	defaultRefreshSigningKey  = "defaultrefreshencryptionkey"
)

// Options configures a store. The zero value is usable. Callbacks are called
// without a lock held and may call the store.
type Options struct {
	Now func() time.Time // nil: time.Now

	TokenExpiry        time.Duration // 0: DefaultTokenExpiry
	RefreshTokenExpiry time.Duration // 0: DefaultRefreshTokenExpiry
	SigningKey         string        // HMAC key of session tokens; "": a stock server's
	RefreshSigningKey  string        // HMAC key of refresh tokens; "": a stock server's

	// Online tells whether a user has a live socket, for the online field of users.
	// nil: nobody has.
	Online func(userID string) bool

	// Deliver carries notifications to a user's live sockets, after persistent ones
	// are stored. nil: nobody is told.
	Deliver func(userID string, notifications []*api.Notification)

	// Disconnect ends a user's live sockets, after the account's end.
	// nil: nothing is ended.
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

	sessions sessions // has its own lock; never taken while mu is wanted
}

// New returns a store that has only the system user, the zero UUID, which owns the
// objects and sends the notifications of the server itself.
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

// Reopen makes a store with the data of s, as a server that starts finds the database
// of the one before it. s is left empty: a later call changes nothing. Tokens
// that were ended before their time are not carried over, for a real server keeps those
// in its process.
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

// now is the clock at the database's resolution, microseconds.
func (s *Store) now() time.Time { return s.opts.Now().UTC().Truncate(time.Microsecond) }

// position returns the next place in a list: the clock in nanoseconds, moved on
// where the clock stands still, so that no two entries share one. The lock must be
// held for writing.
func (s *Store) position() int64 {
	s.lastPosition = max(s.lastPosition+1, s.opts.Now().UnixNano())
	return s.lastPosition
}
