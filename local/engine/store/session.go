package store

import (
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// Errors of a logout: the token belongs to another user or is invalid.
var (
	ErrSessionTokenInvalid = errors.New("session token invalid")
	ErrRefreshTokenInvalid = errors.New("refresh token invalid")
)

// claims are the fields of a token. They have Nakama's names so that client SDKs can read them.
type claims struct {
	TokenID   string            `json:"tid,omitempty"`
	UserID    string            `json:"uid,omitempty"`
	Username  string            `json:"usn,omitempty"`
	Vars      map[string]string `json:"vrs,omitempty"`
	ExpiresAt int64             `json:"exp,omitempty"`
	IssuedAt  int64             `json:"iat,omitempty"`
}

var _ jwt.Claims = (*claims)(nil)

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) {
	return jwt.NewNumericDate(time.Unix(c.ExpiresAt, 0)), nil
}
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error) {
	return jwt.NewNumericDate(time.Unix(c.IssuedAt, 0)), nil
}
func (c *claims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }
func (c *claims) GetIssuer() (string, error)              { return "", nil }
func (c *claims) GetSubject() (string, error)             { return "", nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)  { return nil, nil }

// Session has the contents of a session token. Times are Unix seconds.
type Session struct {
	UserID    uuid.UUID
	Username  string
	TokenID   string
	Vars      map[string]string
	IssuedAt  int64
	ExpiresAt int64
}

// Tokens has a session token, its refresh token, and the contents of the session token.
type Tokens struct {
	Session Session
	Token   string
	Refresh string
}

// sessions stores which tokens ended early. It drops an entry when the token would have expired.
type sessions struct {
	mu          *sync.Mutex
	ended       map[string]int64    // key of a token -> its expiry
	endedBefore map[uuid.UUID]int64 // user -> Unix second; all tokens issued before it have ended
}

func newSessions() sessions {
	return sessions{mu: &sync.Mutex{}, ended: map[string]int64{}, endedBefore: map[uuid.UUID]int64{}}
}

// A session token and its refresh token share one ID. The kind is the prefix that separates them.
const (
	sessionKind = "session "
	refreshKind = "refresh "
)

func (s *Store) sign(key string, c claims) string {
	// HMAC over a struct of strings cannot fail.
	token, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, &c).SignedString([]byte(key))
	return token
}

func (s *Store) parse(key, token string) (Session, bool) {
	c := &claims{}
	_, err := jwt.ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return []byte(key), nil },
		jwt.WithExpirationRequired(), jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(s.opts.Now))
	if err != nil {
		return Session{}, false
	}
	id, err := uuid.Parse(c.UserID)
	if err != nil {
		return Session{}, false
	}
	return Session{UserID: id, Username: c.Username, TokenID: c.TokenID, Vars: c.Vars, IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt}, true
}

// StartSession issues tokens for a user. vars may be nil.
func (s *Store) StartSession(userID uuid.UUID, username string, vars map[string]string) Tokens {
	return s.issue(userID, username, uuid.NewString(), s.opts.Now().Unix(), vars)
}

func (s *Store) issue(userID uuid.UUID, username, tokenID string, issuedAt int64, vars map[string]string) Tokens {
	now := s.opts.Now()
	c := claims{
		TokenID: tokenID, UserID: userID.String(), Username: username, Vars: maps.Clone(vars),
		IssuedAt: issuedAt, ExpiresAt: now.Add(s.opts.TokenExpiry).Unix(),
	}
	t := Tokens{Token: s.sign(s.opts.SigningKey, c)}
	t.Session = Session{UserID: userID, Username: username, TokenID: tokenID, Vars: c.Vars, IssuedAt: issuedAt, ExpiresAt: c.ExpiresAt}
	c.ExpiresAt = now.Add(s.opts.RefreshTokenExpiry).Unix()
	t.Refresh = s.sign(s.opts.RefreshSigningKey, c)
	return t
}

// SignSession makes a session token that expires at expiresAt (Unix seconds), without a refresh token.
func (s *Store) SignSession(userID uuid.UUID, username string, expiresAt int64, vars map[string]string) string {
	return s.sign(s.opts.SigningKey, claims{
		TokenID: uuid.NewString(), UserID: userID.String(), Username: username, Vars: vars,
		IssuedAt: s.opts.Now().Unix(), ExpiresAt: expiresAt,
	})
}

// ParseSession reads a session token. It returns false for a token that is malformed, signed with another key,
// expired, or logged out. Sockets use it to authenticate too.
func (s *Store) ParseSession(token string) (Session, bool) {
	session, ok := s.parse(s.opts.SigningKey, token)
	return session, ok && s.isLive(sessionKind, session, s.opts.TokenExpiry)
}

func (s *Store) isLive(kind string, session Session, lifetime time.Duration) bool {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	if gone, ok := s.sessions.endedBefore[session.UserID]; ok && session.ExpiresAt-int64(lifetime/time.Second) < gone {
		return false
	}
	_, ended := s.sessions.ended[kind+session.TokenID]
	return !ended
}

// RefreshSession issues new tokens for a refresh token. Without vars it keeps those of the refresh token.
func (s *Store) RefreshSession(refresh string, vars map[string]string) (Tokens, error) {
	session, ok := s.parse(s.opts.RefreshSigningKey, refresh)
	if !ok || !s.isLive(refreshKind, session, s.opts.RefreshTokenExpiry) {
		return Tokens{}, newError(Unauthenticated, "Refresh token invalid or expired.")
	}
	s.mu.RLock()
	u := s.users.byID[session.UserID]
	var err error
	var found Login
	if u == nil {
		err = newError(NotFound, "User account not found.")
	} else {
		found, err = login(u)
	}
	s.mu.RUnlock()
	if err != nil {
		return Tokens{}, err
	}
	if len(vars) == 0 {
		vars = session.Vars
	}
	return s.issue(session.UserID, found.Username, session.TokenID, session.IssuedAt, vars), nil
}

// EndSession logs out the given tokens of a user. If both are "", it logs out all tokens of the user.
func (s *Store) EndSession(userID uuid.UUID, token, refresh string) error {
	var session, renewal Session
	var ok bool
	if token != "" {
		if session, ok = s.parse(s.opts.SigningKey, token); !ok || session.UserID != userID {
			return ErrSessionTokenInvalid
		}
	}
	if refresh != "" {
		if renewal, ok = s.parse(s.opts.RefreshSigningKey, refresh); !ok || renewal.UserID != userID {
			return ErrRefreshTokenInvalid
		}
	}
	if token == "" && refresh == "" {
		s.EndSessions(userID)
		return nil
	}
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.forgetExpired()
	if token != "" {
		s.sessions.ended[sessionKind+session.TokenID] = session.ExpiresAt
	}
	if refresh != "" {
		s.sessions.ended[refreshKind+renewal.TokenID] = renewal.ExpiresAt
	}
	return nil
}

// EndSessions logs out all tokens of a user. As on the real server, tokens issued in the same second stay valid,
// because a token stores its time in seconds only.
func (s *Store) EndSessions(userID uuid.UUID) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.forgetExpired()
	s.sessions.endedBefore[userID] = s.opts.Now().Unix()
}

// forgetExpired drops entries whose tokens have all expired. The sessions' lock must be held.
func (s *Store) forgetExpired() {
	now := s.opts.Now()
	maps.DeleteFunc(s.sessions.ended, func(_ string, expiry int64) bool { return expiry < now.Unix() })
	oldest := now.Add(-max(s.opts.TokenExpiry, s.opts.RefreshTokenExpiry)).Unix()
	maps.DeleteFunc(s.sessions.endedBefore, func(_ uuid.UUID, second int64) bool { return second < oldest })
}
