package party

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// Checks that several requests share. They refuse with InvalidRequest and name the field.

// CheckText refuses a text that is not UTF-8, or has more than most bytes.
func CheckText(field, text string, most int) error {
	if len(text) > most {
		return Invalid(field, "must be at most %d bytes.", most)
	}
	if !utf8.ValidString(text) {
		return Invalid(field, "must be UTF-8.")
	}
	return nil
}

// NamedUsers reads the user IDs in a request, without duplicates. It refuses the caller's own ID.
func NamedUsers(field string, caller Caller, ids []string, most int) (users []string, err error) {
	for _, id := range ids {
		user, err := uuid.Parse(id)
		switch {
		case err != nil || user == uuid.Nil:
			return nil, Invalid(field, "must be user IDs.")
		case user.String() == caller.UserID:
			return nil, Invalid(field, "must not contain your own user ID.")
		case !slices.Contains(users, user.String()):
			users = append(users, user.String())
		}
		if len(users) > most {
			return nil, Invalid(field, "must have at most %d entries.", most)
		}
	}
	return users, nil
}

// Users finds accounts; the answer leaves out unknown IDs.
type Users interface {
	UsersGetId(ctx context.Context, userIDs, facebookIDs []string) ([]*api.User, error)
}

// CheckUsers refuses a request that names users who do not exist.
func CheckUsers(ctx context.Context, field string, all Users, named []string) error {
	if len(named) == 0 {
		return nil
	}
	found, err := all.UsersGetId(ctx, named, nil)
	if err != nil {
		return err
	}
	if len(found) < len(named) {
		return Invalid(field, "must be users that exist.")
	}
	return nil
}
