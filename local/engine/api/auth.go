package api

import (
	"encoding/base64"
	"strings"

	"github.com/google/uuid"

	"partyline/local/engine/store"
)

// authorize checks the Authorization headers. For a session it sets the caller.
func (c *call) authorize(a access, headers []string) error {
	switch a {
	case byServerKey:
		return c.checkServerKey(headers)
	case bySession:
		return c.checkSession(headers)
	}
	return nil
}

func unauthenticated(message string) error {
	return &store.Error{Code: store.Unauthenticated, Message: message}
}

func (c *call) checkServerKey(headers []string) error {
	if len(headers) != 1 {
		return unauthenticated("Server key required")
	}
	if key, ok := basicUser(headers[0]); !ok || key != c.opts.ServerKey {
		return unauthenticated("Server key invalid")
	}
	return nil
}

func (c *call) checkSession(headers []string) error {
	if len(headers) == 0 {
		return unauthenticated("Auth token required")
	}
	if len(headers) > 1 {
		return unauthenticated("Auth token invalid")
	}
	session, ok := c.bearer(headers[0])
	if !ok {
		return unauthenticated("Auth token invalid")
	}
	c.setCaller(session)
	return nil
}

// bearer returns the session of an Authorization header.
func (s *Server) bearer(header string) (store.Session, bool) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return store.Session{}, false
	}
	return s.opts.Store.ParseSession(token)
}

// setCaller makes the session's user the caller.
func (c *call) setCaller(session store.Session) {
	c.user = session.UserID
	c.caller = callerOf(session, c.caller)
}

func callerOf(session store.Session, c Caller) Caller {
	c.UserID, c.Username, c.Vars = session.UserID.String(), session.Username, session.Vars
	c.Expiry, c.TokenID, c.TokenIssuedAt = session.ExpiresAt, session.TokenID, session.IssuedAt
	return c
}

// startSession issues tokens for a user and makes them the caller.
func (c *call) startSession(login store.Login, vars map[string]string) store.Tokens {
	tokens := c.opts.Store.StartSession(uuid.MustParse(login.UserID), login.Username, vars)
	c.setCaller(tokens.Session)
	return tokens
}

// basicUser returns the user name of a Basic Authorization header. Nakama's clients send the key there.
func basicUser(header string) (string, bool) {
	encoded, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return "", false
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	name, _, ok := strings.Cut(string(text), ":")
	return name, ok
}
