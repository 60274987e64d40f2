package store

import (
	"context"

	"github.com/heroiclabs/nakama-common/api"
)

// GroupUsersList implements runtime.NakamaModule.
func (m Module) GroupUsersList(_ context.Context, id string, limit int, state *int, cursor string) ([]*api.GroupUserList_GroupUser, string, error) {
	group, checked, err := parseListArgs("group", id, limit, 10000, state, 4)
	if err != nil {
		return nil, "", err
	}
	return m.store.GroupUsers(group, limit, checked, cursor)
}

// UserGroupsList implements runtime.NakamaModule.
func (m Module) UserGroupsList(_ context.Context, userID string, limit int, state *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error) {
	user, checked, err := parseListArgs("user", userID, limit, 100, state, 4)
	if err != nil {
		return nil, "", err
	}
	return m.store.UserGroups(user, limit, checked, cursor)
}
