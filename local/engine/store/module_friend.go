package store

import (
	"context"

	"github.com/heroiclabs/nakama-common/api"
)

// FriendsList implements runtime.NakamaModule.
func (m Module) FriendsList(_ context.Context, userID string, limit int, state *int, cursor string) ([]*api.Friend, string, error) {
	user, checked, err := parseListArgs("user", userID, limit, 1000, state, 3)
	if err != nil {
		return nil, "", err
	}
	return m.store.Friends(user, limit, checked, cursor)
}
