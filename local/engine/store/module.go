package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Module is the store's part of runtime.NakamaModule: its methods have exactly that
// interface's signatures, and the checks and error texts of the server. Embed it in
// the engine's module. Contexts are not needed: nothing here waits.
type Module struct{ store *Store }

// Module returns the store's part of runtime.NakamaModule.
func (s *Store) Module() Module { return Module{s} }

// parseIDs reads user or group IDs, or fails with the given text.
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

// parseOwner reads an ID that may be empty, which is the zero UUID.
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

// given is a pointer to text, or nil for "".
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// encoded is a map as JSON text, or nil for no map.
func encoded(metadata map[string]any) (*string, error) {
	if metadata == nil {
		return nil, nil
	}
	text, err := json.Marshal(metadata)
	if err != nil {
		return nil, fmt.Errorf("error encoding metadata: %v", err)
	}
	return new(string(text)), nil
}

func checkState(state *int, most int) (*int32, error) {
	if state == nil {
		return nil, nil
	}
	if *state < 0 || *state > most {
		return nil, fmt.Errorf("expects state to be 0-%d", most)
	}
	return new(int32(*state)), nil
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

func outcome(l Login, err error) (string, string, bool, error) {
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
	return outcome(m.store.AuthenticateCustom(id, username, create))
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
	return outcome(m.store.AuthenticateDevice(id, username, create))
}

// AuthenticateEmail implements runtime.NakamaModule.
func (m Module) AuthenticateEmail(_ context.Context, email, password, username string, create bool) (string, string, bool, error) {
	switch {
	case email == "":
	case !ValidID(email):
		return "", "", false, errors.New("expects email to be valid, no spaces or control characters allowed")
	case !ValidEmail(email):
		return "", "", false, errors.New("expects email to be valid, invalid email address format")
	case len(email) < 10 || len(email) > 255:
		return "", "", false, errors.New("expects email to be valid, must be 10-255 bytes")
	}
	switch {
	case password == "":
		return "", "", false, errors.New("expects password string")
	case len(password) < 8:
		return "", "", false, errors.New("expects password to be valid, must be longer than 8 characters")
	case username == "" && email == "":
		return "", "", false, errors.New("expects username string when email is not supplied")
	}
	checked, err := checkUsername(username)
	if err != nil {
		return "", "", false, err
	}
	if email == "" {
		return outcome(m.store.AuthenticateUsername(username, password))
	}
	return outcome(m.store.AuthenticateEmail(email, password, checked, create))
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

// SessionLogout implements runtime.NakamaModule.
func (m Module) SessionLogout(userID, token, refreshToken string) error {
	id, err := uuid.Parse(userID)
	if err != nil {
		return errors.New("expects valid user id")
	}
	return m.store.EndSession(id, token, refreshToken)
}

// AccountGetId implements runtime.NakamaModule.
func (m Module) AccountGetId(_ context.Context, userID string) (*api.Account, error) {
	id, err := uuid.Parse(userID)
	if err != nil {
		return nil, errors.New("invalid user id")
	}
	return m.store.Account(id)
}

// AccountsGetId implements runtime.NakamaModule.
func (m Module) AccountsGetId(_ context.Context, userIDs, deviceIDs []string) ([]*api.Account, error) {
	ids, err := parseIDs(userIDs, "each user id must be a valid id string")
	if err != nil {
		return nil, err
	}
	return m.store.Accounts(ids, deviceIDs), nil
}

// AccountUpdateId implements runtime.NakamaModule.
func (m Module) AccountUpdateId(_ context.Context, userID, username string, metadata map[string]any, displayName, timezone, location, langTag, avatarUrl string) error {
	id, change, err := accountChange(&runtime.AccountUpdate{
		UserID: userID, Username: username, Metadata: metadata, DisplayName: displayName, Timezone: timezone,
		Location: location, LangTag: langTag, AvatarUrl: avatarUrl,
	})
	if err != nil {
		return err
	}
	return m.store.UpdateAccount(id, change)
}

func accountChange(u *runtime.AccountUpdate) (uuid.UUID, AccountChange, error) {
	id, err := uuid.Parse(u.UserID)
	if err != nil {
		return id, AccountChange{}, errors.New("expects user ID to be a valid identifier")
	}
	metadata, err := encoded(u.Metadata)
	return id, AccountChange{
		Username: u.Username, DisplayName: given(u.DisplayName), Timezone: given(u.Timezone), Location: given(u.Location),
		LangTag: given(u.LangTag), AvatarURL: given(u.AvatarUrl), Metadata: metadata,
	}, err
}

// AccountDeleteId implements runtime.NakamaModule. There is no record of deletions to
// keep, so recorded has no effect.
func (m Module) AccountDeleteId(_ context.Context, userID string, recorded bool) error {
	id, err := uuid.Parse(userID)
	if err != nil {
		return errors.New("expects user ID to be a valid identifier")
	}
	return m.store.DeleteAccount(id)
}

// UsersGetId implements runtime.NakamaModule. Nobody here has a Facebook ID.
func (m Module) UsersGetId(_ context.Context, userIDs, facebookIDs []string) ([]*api.User, error) {
	ids, err := parseIDs(userIDs, "each user id must be a valid id string")
	if err != nil {
		return nil, err
	}
	return m.store.Users(ids, nil), nil
}

// UsersGetUsername implements runtime.NakamaModule.
func (m Module) UsersGetUsername(_ context.Context, usernames []string) ([]*api.User, error) {
	if slices.Contains(usernames, "") {
		return nil, errors.New("each username must be a string")
	}
	return m.store.Users(nil, usernames), nil
}

// UsersGetFriendStatus implements runtime.NakamaModule.
func (m Module) UsersGetFriendStatus(_ context.Context, userID string, userIDs []string) ([]*api.Friend, error) {
	ids, err := parseIDs(append([]string{userID}, userIDs...), "expects user ID to be a valid identifier")
	if err != nil {
		return nil, err
	}
	return m.store.FriendStatus(ids[0], ids[1:]), nil
}

// UsersGetRandom implements runtime.NakamaModule.
func (m Module) UsersGetRandom(_ context.Context, count int) ([]*api.User, error) {
	if count < 0 || count > 1000 {
		return nil, errors.New("count must be 0-1000")
	}
	return m.store.RandomUsers(count), nil
}

// UsersBanId implements runtime.NakamaModule.
func (m Module) UsersBanId(_ context.Context, userIDs []string) error {
	ids, err := parseIDs(userIDs, "each user id must be a valid id string")
	if err != nil {
		return err
	}
	m.store.Ban(ids)
	return nil
}

// UsersUnbanId implements runtime.NakamaModule.
func (m Module) UsersUnbanId(_ context.Context, userIDs []string) error {
	ids, err := parseIDs(userIDs, "each user id must be a valid id string")
	if err != nil {
		return err
	}
	m.store.Unban(ids)
	return nil
}
