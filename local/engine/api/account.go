package api

import (
	"errors"
	"fmt"

	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/local/engine/store"
)

func done() (proto.Message, error) { return &emptypb.Empty{}, nil }

func healthcheck(*call, *emptypb.Empty) (proto.Message, error) { return done() }

func checkUsername(username string) (string, error) {
	switch {
	case username == "":
		return store.GenerateUsername(), nil
	case !store.ValidUsername(username):
		return "", invalid("Username invalid, no spaces or control characters allowed.")
	case len(username) > 128:
		return "", invalid("Username invalid, must be 1-128 bytes.")
	}
	return username, nil
}

// session answers an authentication with tokens.
func (c *call) session(login store.Login, vars map[string]string) (proto.Message, error) {
	tokens := c.start(login, vars)
	return &api.Session{Created: login.Created, Token: tokens.Token, RefreshToken: tokens.Refresh}, nil
}

func orTrue(create *wrapperspb.BoolValue) bool { return create == nil || create.Value }

func authenticateDevice(c *call, in *api.AuthenticateDeviceRequest) (proto.Message, error) {
	return c.byID("Device", in.GetAccount().GetId(), 10, in.Username, in.Create, c.opts.Store.AuthenticateDevice, in.GetAccount().GetVars())
}

func authenticateCustom(c *call, in *api.AuthenticateCustomRequest) (proto.Message, error) {
	return c.byID("Custom", in.GetAccount().GetId(), 6, in.Username, in.Create, c.opts.Store.AuthenticateCustom, in.GetAccount().GetVars())
}

// byID authenticates by an ID. kind is the kind of ID for error texts, least its minimum length in bytes.
func (c *call) byID(kind, id string, least int, username string, create *wrapperspb.BoolValue, authenticate func(id, username string, create bool) (store.Login, error), vars map[string]string) (proto.Message, error) {
	switch {
	case id == "":
		return nil, invalid(kind + " ID is required.")
	case !store.ValidID(id):
		return nil, invalid(kind + " ID invalid, no spaces or control characters allowed.")
	case len(id) < least || len(id) > 128:
		return nil, invalid(fmt.Sprintf("%s ID invalid, must be %d-128 bytes.", kind, least))
	}
	username, err := checkUsername(username)
	if err != nil {
		return nil, err
	}
	login, err := authenticate(id, username, orTrue(create))
	if err != nil {
		return nil, err
	}
	return c.session(login, vars)
}

func authenticateEmail(c *call, in *api.AuthenticateEmailRequest) (proto.Message, error) {
	if in.Account == nil {
		return nil, invalid("Email address and password is required.")
	}
	email := in.Account.Email
	switch {
	case email == "": // the login may be by username
	case !store.ValidID(email):
		return nil, invalid("Invalid email address, no spaces or control characters allowed.")
	case !store.ValidEmail(email):
		return nil, invalid("Invalid email address format.")
	case len(email) < 10 || len(email) > 255:
		return nil, invalid("Invalid email address, must be 10-255 bytes.")
	}
	if len(in.Account.Password) < 8 {
		return nil, invalid("Password must be at least 8 characters long.")
	}
	if in.Username == "" && email == "" {
		return nil, invalid("Username is required when email address is not supplied.")
	}
	username, err := checkUsername(in.Username)
	if err != nil {
		return nil, err
	}
	var login store.Login
	if email == "" {
		login, err = c.opts.Store.AuthenticateUsername(username, in.Account.Password)
	} else {
		login, err = c.opts.Store.AuthenticateEmail(email, in.Account.Password, username, orTrue(in.Create))
	}
	if err != nil {
		return nil, err
	}
	return c.session(login, in.Account.Vars)
}

func sessionRefresh(c *call, in *api.SessionRefreshRequest) (proto.Message, error) {
	if in.Token == "" {
		return nil, invalid("Refresh token is required.")
	}
	tokens, err := c.opts.Store.RefreshSession(in.Token, in.Vars)
	if err != nil {
		return nil, err
	}
	c.become(tokens.Session)
	return &api.Session{Token: tokens.Token, RefreshToken: tokens.Refresh}, nil
}

func sessionLogout(c *call, in *api.SessionLogoutRequest) (proto.Message, error) {
	switch err := c.opts.Store.EndSession(c.user, in.Token, in.RefreshToken); {
	case errors.Is(err, store.ErrSessionTokenInvalid):
		return nil, invalid("Session token invalid.")
	case errors.Is(err, store.ErrRefreshTokenInvalid):
		return nil, invalid("Refresh token invalid.")
	case err != nil:
		return nil, failed("Error processing session logout.")
	}
	return done()
}

func getAccount(c *call, _ *emptypb.Empty) (proto.Message, error) {
	account, err := c.opts.Store.Account(c.user)
	if err != nil {
		return nil, absent("Account not found.")
	}
	return account, nil
}

func updateAccount(c *call, in *api.UpdateAccountRequest) (proto.Message, error) {
	username := in.GetUsername().GetValue()
	if in.Username != nil && (len(username) < 1 || len(username) > 128) {
		return nil, invalid("Username invalid, must be 1-128 bytes.")
	}
	err := c.opts.Store.UpdateAccount(c.user, store.AccountChange{
		Username: username, DisplayName: text(in.DisplayName), Timezone: text(in.Timezone),
		Location: text(in.Location), LangTag: text(in.LangTag), AvatarURL: text(in.AvatarUrl),
	})
	switch {
	case store.IsDatabaseError(err):
		return nil, failed("Error while trying to update account.")
	case err != nil:
		return nil, invalid(err.Error()) // the server sends the whole text, even of a gRPC status
	}
	return done()
}

// text returns the value of an optional text, nil if it is missing.
func text(v *wrapperspb.StringValue) *string {
	if v == nil {
		return nil
	}
	return &v.Value
}

func deleteAccount(c *call, _ *emptypb.Empty) (proto.Message, error) {
	if err := c.opts.Store.DeleteAccount(c.user); err != nil {
		return nil, failed("Error deleting user account.")
	}
	return done()
}
