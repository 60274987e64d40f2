package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// Module is the store's part of runtime.NakamaModule. Its methods have that interface's signatures, and the checks
// and error texts of the real server. The engine's module embeds it. It ignores contexts, because no method waits.
type Module struct{ store *Store }

// Module returns the store's part of runtime.NakamaModule.
func (s *Store) Module() Module { return Module{s} }

// parseIDs parses user or group IDs. text is the error for an invalid one.
func parseIDs(ids []string, text string) ([]uuid.UUID, error) {
	out := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		parsed, err := uuid.Parse(id)
		if err != nil {
			return nil, errors.New(text)
		}
		out = append(out, parsed)
	}
	return out, nil
}

// parseOwner parses an ID that may be empty. "" gives the zero UUID.
func parseOwner(id, text string) (uuid.UUID, error) {
	if id == "" {
		return uuid.Nil, nil
	}
	parsed, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil, errors.New(text)
	}
	return parsed, nil
}

// parseListArgs checks the arguments of a list by owner: the owner's ID, the limit and the state.
func parseListArgs(what, id string, limit, mostListed int, state *int, lastState int) (owner uuid.UUID, checked *int32, err error) {
	if owner, err = uuid.Parse(id); err != nil {
		return owner, nil, fmt.Errorf("expects %s ID to be a valid identifier", what)
	}
	if limit < 1 || limit > mostListed {
		return owner, nil, fmt.Errorf("expects limit to be 1-%d", mostListed)
	}
	if state == nil {
		return owner, nil, nil
	}
	if *state < 0 || *state > lastState {
		return owner, nil, fmt.Errorf("expects state to be 0-%d", lastState)
	}
	return owner, new(int32(*state)), nil
}

func checkUsername(username string) (string, error) {
	switch {
	case username == "":
		return GenerateUsername(), nil
	case !ValidUsername(username):
		return "", errors.New("expects username to be valid, no spaces or control characters allowed")
	case len(username) > 128:
		return "", errors.New("expects id to be valid, must be 1-128 bytes")
	}
	return username, nil
}

func checkID(id string, least int) error {
	switch {
	case id == "":
		return errors.New("expects id string")
	case !ValidID(id):
		return errors.New("expects id to be valid, no spaces or control characters allowed")
	case len(id) < least || len(id) > 128:
		return fmt.Errorf("expects id to be valid, must be %d-128 bytes", least)
	}
	return nil
}

func loginResults(l Login, err error) (string, string, bool, error) {
	return l.UserID, l.Username, l.Created, err
}

// AuthenticateCustom implements runtime.NakamaModule.
func (m Module) AuthenticateCustom(_ context.Context, id, username string, create bool) (string, string, bool, error) {
	if err := checkID(id, 6); err != nil {
		return "", "", false, err
	}
	username, err := checkUsername(username)
	if err != nil {
		return "", "", false, err
	}
	return loginResults(m.store.AuthenticateCustom(id, username, create))
}

// AuthenticateDevice implements runtime.NakamaModule.
func (m Module) AuthenticateDevice(_ context.Context, id, username string, create bool) (string, string, bool, error) {
	if err := checkID(id, 10); err != nil {
		return "", "", false, err
	}
	username, err := checkUsername(username)
	if err != nil {
		return "", "", false, err
	}
	return loginResults(m.store.AuthenticateDevice(id, username, create))
}

// AuthenticateTokenGenerate implements runtime.NakamaModule.
func (m Module) AuthenticateTokenGenerate(userID, username string, exp int64, vars map[string]string) (string, int64, error) {
	if userID == "" {
		return "", 0, errors.New("expects user id")
	}
	id, err := uuid.Parse(userID)
	if err != nil {
		return "", 0, errors.New("expects valid user id")
	}
	if username == "" {
		username = GenerateUsername()
	}
	if exp == 0 {
		exp = m.store.opts.Now().Add(m.store.opts.TokenExpiry).Unix()
	}
	return m.store.SignSession(id, username, exp, vars), exp, nil
}

// AccountsGetId implements runtime.NakamaModule.
func (m Module) AccountsGetId(_ context.Context, userIDs, deviceIDs []string) ([]*api.Account, error) {
	ids, err := parseIDs(userIDs, "each user id must be a valid id string")
	if err != nil {
		return nil, err
	}
	return m.store.Accounts(ids, deviceIDs), nil
}

// UsersGetId implements runtime.NakamaModule. In the engine nobody has a Facebook ID.
func (m Module) UsersGetId(_ context.Context, userIDs, facebookIDs []string) ([]*api.User, error) {
	ids, err := parseIDs(userIDs, "each user id must be a valid id string")
	if err != nil {
		return nil, err
	}
	return m.store.Users(ids, nil), nil
}

// UsersGetFriendStatus implements runtime.NakamaModule.
func (m Module) UsersGetFriendStatus(_ context.Context, userID string, userIDs []string) ([]*api.Friend, error) {
	ids, err := parseIDs(append([]string{userID}, userIDs...), "expects user ID to be a valid identifier")
	if err != nil {
		return nil, err
	}
	return m.store.FriendStatus(ids[0], ids[1:]), nil
}
