package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// FriendsList implements runtime.NakamaModule.
func (m Module) FriendsList(_ context.Context, userID string, limit int, state *int, cursor string) ([]*api.Friend, string, error) {
	user, err := uuid.Parse(userID)
	if err != nil {
		return nil, "", errors.New("expects user ID to be a valid identifier")
	}
	if limit < 1 || limit > 1000 {
		return nil, "", errors.New("expects limit to be 1-1000")
	}
	checked, err := checkState(state, 3)
	if err != nil {
		return nil, "", err
	}
	return m.store.Friends(user, limit, checked, cursor)
}
