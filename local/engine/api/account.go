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

func emptyReply() (proto.Message, error) { return &emptypb.Empty{}, nil }

func healthcheck(*call, *emptypb.Empty) (proto.Message, error) { return emptyReply() }

func checkUsername(username string) (string, error) {
	switch {
	case username == "":
		return store.GenerateUsername(), nil
	case !store.ValidUsername(username):
		return "", invalidArgument("Username invalid, no spaces or control characters allowed.")
	case len(username) > 128:
		return "", invalidArgument("Username invalid, must be 1-128 bytes.")
	}
	return username, nil
}

// answerSession answers an authentication with tokens.
func (c *call) answerSession(login store.Login, vars map[string]string) (proto.Message, error) {
	tokens := c.startSession(login, vars)
	return &api.Session{Created: login.Created, Token: tokens.Token, RefreshToken: tokens.Refresh}, nil
}

func orTrue(create *wrapperspb.BoolValue) bool { return create == nil || create.Value }

func authenticateDevice(c *call, in *api.AuthenticateDeviceRequest) (proto.Message, error) {
	return c.authenticateByID("Device", in.GetAccount().GetId(), 10, in.Username, in.Create, c.opts.Store.AuthenticateDevice, in.GetAccount().GetVars())
}

func authenticateCustom(c *call, in *api.AuthenticateCustomRequest) (proto.Message, error) {
	return c.authenticateByID("Custom", in.GetAccount().GetId(), 6, in.Username, in.Create, c.opts.Store.AuthenticateCustom, in.GetAccount().GetVars())
}

// authenticateByID authenticates by an ID. kind is the kind of ID for error texts, least its minimum length in bytes.
func (c *call) authenticateByID(kind, id string, least int, username string, create *wrapperspb.BoolValue, authenticate func(id, username string, create bool) (store.Login, error), vars map[string]string) (proto.Message, error) {
	switch {
	case id == "":
		return nil, invalidArgument(kind + " ID is required.")
	case !store.ValidID(id):
		return nil, invalidArgument(kind + " ID invalid, no spaces or control characters allowed.")
	case len(id) < least || len(id) > 128:
		return nil, invalidArgument(fmt.Sprintf("%s ID invalid, must be %d-128 bytes.", kind, least))
	}
	username, err := checkUsername(username)
	if err != nil {
		return nil, err
	}
	login, err := authenticate(id, username, orTrue(create))
	if err != nil {
		return nil, err
	}
	return c.answerSession(login, vars)
}

func authenticateEmail(c *call, in *api.AuthenticateEmailRequest) (proto.Message, error) {
	if in.Account == nil {
		return nil, invalidArgument("Email address and password is required.")
	}
	email := in.Account.Email
	switch {
	case email == "": // the login may be by username
	case !store.ValidID(email):
		return nil, invalidArgument("Invalid email address, no spaces or control characters allowed.")
	case !store.ValidEmail(email):
		return nil, invalidArgument("Invalid email address format.")
	case len(email) < 10 || len(email) > 255:
		return nil, invalidArgument("Invalid email address, must be 10-255 bytes.")
	}
	if len(in.Account.Password) < 8 {
		return nil, invalidArgument("Password must be at least 8 characters long.")
	}
	if in.Username == "" && email == "" {
		return nil, invalidArgument("Username is required when email address is not supplied.")
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
	return c.answerSession(login, in.Account.Vars)
}

func sessionRefresh(c *call, in *api.SessionRefreshRequest) (proto.Message, error) {
	if in.Token == "" {
		return nil, invalidArgument("Refresh token is required.")
	}
	tokens, err := c.opts.Store.RefreshSession(in.Token, in.Vars)
	if err != nil {
		return nil, err
	}
	c.setCaller(tokens.Session)
	return &api.Session{Token: tokens.Token, RefreshToken: tokens.Refresh}, nil
}

func sessionLogout(c *call, in *api.SessionLogoutRequest) (proto.Message, error) {
	switch err := c.opts.Store.EndSession(c.user, in.Token, in.RefreshToken); {
	case errors.Is(err, store.ErrSessionTokenInvalid):
		return nil, invalidArgument("Session token invalid.")
	case errors.Is(err, store.ErrRefreshTokenInvalid):
		return nil, invalidArgument("Refresh token invalid.")
	case err != nil:
		return nil, internalError("Error processing session logout.")
	}
	return emptyReply()
}

func getAccount(c *call, _ *emptypb.Empty) (proto.Message, error) {
	account, err := c.opts.Store.Account(c.user)
	if err != nil {
		return nil, notFound("Account not found.")
	}
	return account, nil
}

func updateAccount(c *call, in *api.UpdateAccountRequest) (proto.Message, error) {
	username := in.GetUsername().GetValue()
	if in.Username != nil && (len(username) < 1 || len(username) > 128) {
		return nil, invalidArgument("Username invalid, must be 1-128 bytes.")
	}
	err := c.opts.Store.UpdateAccount(c.user, store.AccountChange{
		Username: username, DisplayName: optionalText(in.DisplayName), Timezone: optionalText(in.Timezone),
		Location: optionalText(in.Location), LangTag: optionalText(in.LangTag), AvatarURL: optionalText(in.AvatarUrl),
	})
	switch {
	case store.IsDatabaseError(err):
		return nil, internalError("Error while trying to update account.")
	case err != nil:
		return nil, invalidArgument(err.Error()) // the server sends the whole text, even of a gRPC status
	}
	return emptyReply()
}

// optionalText returns the value of an optional text, nil if it is missing.
func optionalText(v *wrapperspb.StringValue) *string {
	if v == nil {
		return nil
	}
	return &v.Value
}

func deleteAccount(c *call, _ *emptypb.Empty) (proto.Message, error) {
	if err := c.opts.Store.DeleteAccount(c.user); err != nil {
		return nil, internalError("Error deleting user account.")
	}
	return emptyReply()
}
