// Package store is the data side of the embedded engine: accounts, friends,
// groups, notifications, storage objects and session tokens, all in memory.
//
// It behaves as Nakama's own core does: the same states, the same refusals, the
// same texts. Module offers it to a runtime module with the signatures of
// runtime.NakamaModule; package api offers it to clients over HTTP. Nothing here
// knows HTTP, sockets or presences; what the store needs of them comes in through
// Options.
//
// Everything is safe for concurrent use. One lock guards all data, so an operation
// on many objects is atomic by construction; callbacks run outside of it. Values
// handed out are copies: changing one never changes the store.
package store

import (
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"
)

// Defaults of Options, equal to a stock server's where it has the setting.
const (
	DefaultTokenExpiry        = 60 * time.Second
	DefaultRefreshTokenExpiry = 60 * time.Minute
	defaultSigningKey         = "defaultencryptionkey"
	defaultRefreshSigningKey  = "defaultrefreshencryptionkey"
)

// Options configures a store. The zero value is usable.
type Options struct {
	Now func() time.Time // nil: time.Now

	TokenExpiry        time.Duration // 0: DefaultTokenExpiry
	RefreshTokenExpiry time.Duration // 0: DefaultRefreshTokenExpiry
	SigningKey         string        // HMAC key of session tokens; "": a stock server's
	RefreshSigningKey  string        // HMAC key of refresh tokens; "": a stock server's

	// Online tells whether a user has a live socket, for the online field of users.
	// nil: nobody has.
	Online func(userID string) bool

	// Deliver carries notifications to a user's live sockets. It is called without
	// a lock held, after persistent ones are stored. nil: nobody is told.
	Deliver func(userID string, notifications []*api.Notification)

	// DeliverAll carries one notification to every live socket. nil: nobody is told.
	DeliverAll func(notification *api.Notification)

	// Disconnect ends a user's live sockets, after a ban or the account's end.
	// nil: nothing is ended.
	Disconnect func(userID string)
}

// Store holds the data. Make one with New.
type Store struct {
	mu   sync.RWMutex
	opts Options
}

// New returns an empty store that has only the system user, the zero UUID.
func New(opts Options) *Store { return &Store{opts: opts} }
