package api

import (
	"errors"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// parseLimit returns the limit of a list: the requested one, or the default.
func parseLimit(asked *wrapperspb.Int32Value, byDefault, most int) (int, error) {
	if asked == nil {
		return byDefault, nil
	}
	if n := int(asked.Value); n >= 1 && n <= most {
		return n, nil
	}
	if most == 1000 {
		return 0, invalidArgument("Invalid limit - limit must be between 1 and 1000.")
	}
	return 0, invalidArgument("Invalid limit - limit must be between 1 and 100.")
}

// parseState returns the state that a list is filtered by, nil for any.
func parseState(asked *wrapperspb.Int32Value, most int32) (*int32, error) {
	switch {
	case asked == nil:
		return nil, nil
	case asked.Value >= 0 && asked.Value <= most:
		return &asked.Value, nil
	case most == 3:
		return nil, invalidArgument("Invalid state - state must be between 0 and 3.")
	}
	return nil, invalidArgument("Invalid state - state must be between 0 and 4.")
}

func getUsers(c *call, in *api.GetUsersRequest) (proto.Message, error) {
	ids := make([]uuid.UUID, 0, len(in.Ids))
	for _, id := range in.Ids {
		parsed, err := uuid.Parse(id)
		if err != nil {
			return nil, invalidArgument("ID '" + id + "' is not a valid system ID.")
		}
		ids = append(ids, parsed)
	}
	return &api.Users{Users: c.opts.Store.Users(ids, in.Usernames)}, nil
}

func listFriends(c *call, in *api.ListFriendsRequest) (proto.Message, error) {
	limit, err := parseLimit(in.Limit, 1000, 1000)
	if err != nil {
		return nil, err
	}
	only, err := parseState(in.State, 3)
	if err != nil {
		return nil, err
	}
	friends, cursor, err := c.opts.Store.Friends(c.user, limit, only, in.Cursor)
	if err != nil {
		return nil, cursorError(err, runtime.ErrFriendInvalidCursor, "Error while trying to list friends.")
	}
	return &api.FriendList{Friends: friends, Cursor: cursor}, nil
}

func cursorError(err, badCursor error, otherwise string) error {
	if errors.Is(err, badCursor) {
		return invalidArgument("Cursor is invalid.")
	}
	return internalError(otherwise)
}

func listFriendsOfFriends(c *call, in *api.ListFriendsOfFriendsRequest) (proto.Message, error) {
	limit, err := parseLimit(in.Limit, 10, 100)
	if err != nil {
		return nil, err
	}
	list, cursor, err := c.opts.Store.FriendsOfFriends(c.user, limit, in.Cursor)
	if err != nil {
		return nil, cursorError(err, runtime.ErrFriendInvalidCursor, "Error while trying to list friends.")
	}
	return &api.FriendsOfFriendsList{FriendsOfFriends: list, Cursor: cursor}, nil
}

// friendIDs returns the users of a friend call. If the caller is among them, it returns an error with the text self.
func (c *call) friendIDs(ids, usernames []string, self string) ([]uuid.UUID, error) {
	var friends []uuid.UUID
	for _, id := range ids {
		if id == c.caller.UserID {
			return nil, invalidArgument(self)
		}
		friend, err := uuid.Parse(id)
		if err != nil || friend == uuid.Nil {
			return nil, invalidArgument("Invalid user ID '" + id + "'.")
		}
		friends = append(friends, friend)
	}
	for _, username := range usernames {
		switch username {
		case "":
			return nil, invalidArgument("Username must not be empty.")
		case c.caller.Username:
			return nil, invalidArgument(self)
		}
	}
	return append(friends, c.opts.Store.UserIDs(usernames)...), nil
}

func addFriends(c *call, in *api.AddFriendsRequest) (proto.Message, error) {
	if len(in.Ids)+len(in.Usernames) == 0 {
		return emptyReply()
	}
	friends, err := c.friendIDs(in.Ids, in.Usernames, "Cannot add self as friend.")
	if err != nil {
		return nil, err
	}
	if len(friends) == 0 {
		return nil, invalidArgument("No valid ID or username was provided.")
	}
	if c.opts.Store.AddFriends(c.user, c.caller.Username, friends, in.Metadata) != nil {
		return nil, internalError("Error while trying to add friends.")
	}
	return emptyReply()
}

func deleteFriends(c *call, in *api.DeleteFriendsRequest) (proto.Message, error) {
	friends, err := c.friendIDs(in.Ids, in.Usernames, "Cannot delete self.")
	if err != nil {
		return nil, err
	}
	if c.opts.Store.DeleteFriends(c.user, c.caller.Username, friends) != nil {
		return nil, internalError("Error while trying to delete friends.")
	}
	return emptyReply()
}

func blockFriends(c *call, in *api.BlockFriendsRequest) (proto.Message, error) {
	if len(in.Ids)+len(in.Usernames) == 0 {
		return emptyReply()
	}
	friends, err := c.friendIDs(in.Ids, in.Usernames, "Cannot block self.")
	if err != nil {
		return nil, err
	}
	if len(friends) == 0 {
		return nil, invalidArgument("No valid ID or username was provided.")
	}
	if c.opts.Store.BlockFriends(c.user, friends) != nil {
		return nil, internalError("Error while trying to block friends.")
	}
	return emptyReply()
}
