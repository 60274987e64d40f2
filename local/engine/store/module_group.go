package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// GroupUsersList implements runtime.NakamaModule.
func (m Module) GroupUsersList(_ context.Context, id string, limit int, state *int, cursor string) ([]*api.GroupUserList_GroupUser, string, error) {
	group, err := uuid.Parse(id)
	if err != nil {
		return nil, "", errors.New("expects group ID to be a valid identifier")
	}
	if limit < 1 || limit > 10000 {
		return nil, "", errors.New("expects limit to be 1-10000")
	}
	checked, err := checkState(state, 4)
	if err != nil {
		return nil, "", err
	}
	return m.store.GroupUsers(group, limit, checked, cursor)
}

// UserGroupsList implements runtime.NakamaModule.
func (m Module) UserGroupsList(_ context.Context, userID string, limit int, state *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error) {
	user, err := uuid.Parse(userID)
	if err != nil {
		return nil, "", errors.New("expects user ID to be a valid identifier")
	}
	if limit < 1 || limit > 100 {
		return nil, "", errors.New("expects limit to be 1-100")
	}
	checked, err := checkState(state, 4)
	if err != nil {
		return nil, "", err
	}
	return m.store.UserGroups(user, limit, checked, cursor)
}
