package store

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// GroupsGetId implements runtime.NakamaModule.
func (m Module) GroupsGetId(_ context.Context, groupIDs []string) ([]*api.Group, error) {
	ids, err := parseIDs(groupIDs, "each group id must be a valid id string")
	if err != nil {
		return nil, err
	}
	return m.store.Groups(ids), nil
}

// GroupCreate implements runtime.NakamaModule.
func (m Module) GroupCreate(_ context.Context, userID, name, creatorID, langTag, description, avatarUrl string, open bool, metadata map[string]any, maxCount int) (*api.Group, error) {
	user, err := uuid.Parse(userID)
	if err != nil {
		return nil, errors.New("expects user ID to be a valid identifier")
	}
	if name == "" {
		return nil, errors.New("expects group name not be empty")
	}
	creator, err := parseOwner(creatorID, "expects creator ID to be a valid identifier")
	if err != nil {
		return nil, err
	}
	text, err := encoded(metadata)
	if err != nil {
		return nil, err
	}
	if maxCount < 1 {
		return nil, errors.New("expects max_count to be >= 1")
	}
	n := NewGroup{Name: name, Description: description, AvatarURL: avatarUrl, LangTag: langTag, Open: open, MaxCount: maxCount}
	if text != nil {
		n.Metadata = *text
	}
	return m.store.CreateGroup(user, creator, n)
}

// GroupUpdate implements runtime.NakamaModule.
func (m Module) GroupUpdate(_ context.Context, id, userID, name, creatorID, langTag, description, avatarUrl string, open bool, metadata map[string]any, maxCount int) error {
	group, err := uuid.Parse(id)
	if err != nil {
		return errors.New("expects group ID to be a valid identifier")
	}
	caller, err := parseOwner(userID, "expects user ID to be a valid identifier")
	if err != nil {
		return err
	}
	creator, err := parseOwner(creatorID, "expects creator ID to be a valid identifier")
	if err != nil {
		return err
	}
	text, err := encoded(metadata)
	if err != nil {
		return err
	}
	return m.store.UpdateGroup(group, caller, GroupChange{
		Name: given(name), LangTag: given(langTag), Description: given(description), AvatarURL: given(avatarUrl),
		Metadata: text, Open: &open, MaxCount: maxCount, Creator: creator,
	})
}

func groupUser(groupID, userID, username string) (group, user uuid.UUID, err error) {
	if group, err = uuid.Parse(groupID); err != nil {
		return group, user, errors.New("expects group ID to be a valid identifier")
	}
	if user, err = uuid.Parse(userID); err != nil {
		return group, user, errors.New("expects user ID to be a valid identifier")
	}
	if username == "" {
		return group, user, errors.New("expects a username string")
	}
	return group, user, nil
}

// GroupUserJoin implements runtime.NakamaModule.
func (m Module) GroupUserJoin(_ context.Context, groupID, userID, username string) error {
	group, user, err := groupUser(groupID, userID, username)
	if err != nil {
		return err
	}
	return m.store.JoinGroup(group, user, username)
}

// GroupUserLeave implements runtime.NakamaModule.
func (m Module) GroupUserLeave(_ context.Context, groupID, userID, username string) error {
	group, user, err := groupUser(groupID, userID, username)
	if err != nil {
		return err
	}
	return m.store.LeaveGroup(group, user)
}

// onGroup reads what a call on a group's users is about and makes it. verb is for the
// refusal of the zero UUID.
func onGroup(callerID, groupID string, userIDs []string, verb string, do func(caller, group uuid.UUID, users []uuid.UUID) error) error {
	caller, err := parseOwner(callerID, "expects caller ID to be empty or a valid identifier")
	if err != nil {
		return err
	}
	group, err := uuid.Parse(groupID)
	if err != nil {
		return errors.New("expects group ID to be a valid identifier")
	}
	users, err := parseIDs(userIDs, "expects each user ID to be a valid identifier")
	if err != nil || len(users) == 0 {
		return err
	}
	if slices.Contains(users, uuid.Nil) {
		return errors.New("cannot " + verb + " the root user")
	}
	return do(caller, group, users)
}

// GroupUsersAdd implements runtime.NakamaModule.
func (m Module) GroupUsersAdd(_ context.Context, callerID, groupID string, userIDs []string) error {
	return onGroup(callerID, groupID, userIDs, "add", m.store.AddGroupUsers)
}

// GroupUsersBan implements runtime.NakamaModule.
func (m Module) GroupUsersBan(_ context.Context, callerID, groupID string, userIDs []string) error {
	return onGroup(callerID, groupID, userIDs, "ban", m.store.BanGroupUsers)
}

// GroupUsersKick implements runtime.NakamaModule.
func (m Module) GroupUsersKick(_ context.Context, callerID, groupID string, userIDs []string) error {
	return onGroup(callerID, groupID, userIDs, "kick", m.store.KickGroupUsers)
}

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

// GroupsList implements runtime.NakamaModule.
func (m Module) GroupsList(_ context.Context, name, langTag string, members *int, open *bool, limit int, cursor string) ([]*api.Group, string, error) {
	if name != "" && (langTag != "" || members != nil || open != nil) {
		return nil, "", errors.New("name filter cannot be combined with any other filter")
	}
	if limit < 1 || limit > 100 {
		return nil, "", errors.New("expects limit to be 1-100")
	}
	return m.store.ListGroups(GroupFilter{Name: name, LangTag: langTag, Members: members, Open: open}, limit, cursor)
}

// GroupsGetRandom implements runtime.NakamaModule.
func (m Module) GroupsGetRandom(_ context.Context, count int) ([]*api.Group, error) {
	if count < 0 || count > 1000 {
		return nil, errors.New("count must be 0-1000")
	}
	return m.store.RandomGroups(count), nil
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
