package api

import (
	"errors"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"

	"partyline/local/engine/store"
)

func groupID(id string) (uuid.UUID, error) {
	if id == "" {
		return uuid.Nil, invalidArgument("Group ID must be set.")
	}
	parsed, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil, invalidArgument("Group ID must be a valid ID.")
	}
	return parsed, nil
}

func createGroup(c *call, in *api.CreateGroupRequest) (proto.Message, error) {
	if in.Name == "" {
		return nil, invalidArgument("Group name must be set.")
	}
	maxCount := 100
	switch {
	case in.MaxCount < 0:
		return nil, invalidArgument("Group max count must be >= 1 when set.")
	case in.MaxCount > 0:
		maxCount = int(in.MaxCount)
	}
	group, err := c.opts.Store.CreateGroup(c.user, c.user, store.NewGroup{
		Name: in.Name, Description: in.Description, AvatarURL: in.AvatarUrl, LangTag: in.LangTag, Open: in.Open, MaxCount: maxCount,
	})
	switch {
	case errors.Is(err, runtime.ErrGroupNameInUse):
		return nil, &store.Error{Code: store.AlreadyExists, Message: "Group name is in use."}
	case err != nil:
		return nil, internalError("Error while trying to create group.")
	}
	return group, nil
}

func updateGroup(c *call, in *api.UpdateGroupRequest) (proto.Message, error) {
	id, err := groupID(in.GroupId)
	if err != nil {
		return nil, err
	}
	if in.Name != nil && in.Name.Value == "" {
		return nil, invalidArgument("Group name cannot be empty.")
	}
	if in.LangTag != nil && in.LangTag.Value == "" {
		return nil, invalidArgument("Group language cannot be empty.")
	}
	change := store.GroupChange{Name: optionalText(in.Name), LangTag: optionalText(in.LangTag), Description: optionalText(in.Description), AvatarURL: optionalText(in.AvatarUrl)}
	if in.Open != nil {
		change.Open = &in.Open.Value
	}
	switch err := c.opts.Store.UpdateGroup(id, c.user, change); {
	case err == nil:
		return emptyReply()
	case errors.Is(err, runtime.ErrGroupPermissionDenied):
		return nil, notFound("Group not found or you're not allowed to update.")
	case errors.Is(err, runtime.ErrGroupNoUpdateOps):
		return nil, invalidArgument("Specify at least one field to update.")
	case errors.Is(err, runtime.ErrGroupNotUpdated):
		return nil, invalidArgument("No new fields in group update.")
	case errors.Is(err, runtime.ErrGroupNameInUse):
		return nil, invalidArgument("Group name is in use.")
	}
	return nil, internalError("Error while trying to update group.")
}

func deleteGroup(c *call, in *api.DeleteGroupRequest) (proto.Message, error) {
	id, err := groupID(in.GroupId)
	if err != nil {
		return nil, err
	}
	if c.opts.Store.DeleteGroup(id, c.user) != nil { // only the permission can be missing
		return nil, invalidArgument("Group not found or you're not allowed to delete.")
	}
	return emptyReply()
}

func joinGroup(c *call, in *api.JoinGroupRequest) (proto.Message, error) {
	id, err := groupID(in.GroupId)
	if err != nil {
		return nil, err
	}
	switch err := c.opts.Store.JoinGroup(id, c.user, c.caller.Username); {
	case err == nil:
		return emptyReply()
	case errors.Is(err, runtime.ErrGroupNotFound):
		return nil, notFound("Group not found.")
	case errors.Is(err, runtime.ErrGroupFull):
		return nil, invalidArgument("Group is full.")
	}
	return nil, internalError("Error while trying to join group.")
}

func leaveGroup(c *call, in *api.LeaveGroupRequest) (proto.Message, error) {
	id, err := groupID(in.GroupId)
	if err != nil {
		return nil, err
	}
	if c.opts.Store.LeaveGroup(id, c.user) != nil { // the only possible error: the caller is the last superadmin
		return nil, invalidArgument("Cannot leave group when you are the last superadmin.")
	}
	return emptyReply()
}

// callGroupUsers runs a call on a group's users. verb names the call in error texts.
func (c *call) callGroupUsers(group string, users []string, verb string, do func(caller, group uuid.UUID, users []uuid.UUID) error) (proto.Message, error) {
	id, err := groupID(group)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return emptyReply()
	}
	ids := make([]uuid.UUID, 0, len(users))
	for _, user := range users {
		parsed, err := uuid.Parse(user)
		if err != nil || parsed == uuid.Nil {
			return nil, invalidArgument("User ID must be a valid ID.")
		}
		ids = append(ids, parsed)
	}
	switch err := do(c.user, id, ids); {
	case err == nil:
		return emptyReply()
	case errors.Is(err, runtime.ErrGroupPermissionDenied):
		return nil, notFound("Group not found or permission denied.")
	case errors.Is(err, runtime.ErrGroupFull):
		return nil, invalidArgument("Group is full.")
	case errors.Is(err, runtime.ErrGroupUserNotFound):
		return nil, invalidArgument("One or more users not found.")
	}
	return nil, internalError("Error while trying to " + verb + " a group.")
}

func addGroupUsers(c *call, in *api.AddGroupUsersRequest) (proto.Message, error) {
	return c.callGroupUsers(in.GroupId, in.UserIds, "add users to", c.opts.Store.AddGroupUsers)
}

func kickGroupUsers(c *call, in *api.KickGroupUsersRequest) (proto.Message, error) {
	return c.callGroupUsers(in.GroupId, in.UserIds, "kick users from", c.opts.Store.KickGroupUsers)
}

func banGroupUsers(c *call, in *api.BanGroupUsersRequest) (proto.Message, error) {
	return c.callGroupUsers(in.GroupId, in.UserIds, "ban users from", c.opts.Store.BanGroupUsers)
}

func promoteGroupUsers(c *call, in *api.PromoteGroupUsersRequest) (proto.Message, error) {
	return c.callGroupUsers(in.GroupId, in.UserIds, "promote users in", c.opts.Store.PromoteGroupUsers)
}

func demoteGroupUsers(c *call, in *api.DemoteGroupUsersRequest) (proto.Message, error) {
	if _, err := groupID(in.GroupId); err == nil && len(in.UserIds) == 0 {
		return nil, invalidArgument("User IDs must be set.") // of these calls only this one checks it
	}
	return c.callGroupUsers(in.GroupId, in.UserIds, "demote users in", c.opts.Store.DemoteGroupUsers)
}

func listGroupUsers(c *call, in *api.ListGroupUsersRequest) (proto.Message, error) {
	id, err := groupID(in.GroupId)
	if err != nil {
		return nil, err
	}
	limit, err := parseLimit(in.Limit, 100, 100)
	if err != nil {
		return nil, err
	}
	only, err := parseState(in.State, 4)
	if err != nil {
		return nil, err
	}
	users, cursor, err := c.opts.Store.GroupUsers(id, limit, only, in.Cursor)
	if err != nil {
		return nil, cursorError(err, runtime.ErrGroupUserInvalidCursor, "Error while trying to list users in a group.")
	}
	return &api.GroupUserList{GroupUsers: users, Cursor: cursor}, nil
}

func listUserGroups(c *call, in *api.ListUserGroupsRequest) (proto.Message, error) {
	if in.UserId == "" {
		return nil, invalidArgument("User ID must be set.")
	}
	user, err := uuid.Parse(in.UserId)
	if err != nil {
		return nil, invalidArgument("Group ID must be a valid ID.") // the server's text
	}
	limit, err := parseLimit(in.Limit, 100, 100)
	if err != nil {
		return nil, err
	}
	only, err := parseState(in.State, 4)
	if err != nil {
		return nil, err
	}
	groups, cursor, err := c.opts.Store.UserGroups(user, limit, only, in.Cursor)
	if err != nil {
		return nil, cursorError(err, runtime.ErrUserGroupInvalidCursor, "Error while trying to list groups for a user.")
	}
	return &api.UserGroupList{UserGroups: groups, Cursor: cursor}, nil
}

func listGroups(c *call, in *api.ListGroupsRequest) (proto.Message, error) {
	limit, err := parseLimit(in.Limit, 1, 100)
	if err != nil {
		return nil, err
	}
	filter := store.GroupFilter{Name: in.Name, LangTag: in.LangTag}
	if in.Open != nil {
		filter.Open = &in.Open.Value
	}
	if in.Members != nil && in.Members.Value >= 0 {
		filter.Members = new(int(in.Members.Value))
	}
	if filter.Name != "" && (filter.LangTag != "" || filter.Open != nil || filter.Members != nil) {
		return nil, invalidArgument("name filter cannot be combined with any other filter")
	}
	groups, cursor, err := c.opts.Store.ListGroups(filter, limit, in.Cursor)
	if err != nil {
		return nil, internalError("Error while trying to list groups.")
	}
	return &api.GroupList{Groups: groups, Cursor: cursor}, nil
}
