package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// friendIDs reads whom a friend call is about. verb is "add", "delete" or "block".
func (m Module) friendIDs(userID, username string, ids, usernames []string, verb string) (uuid.UUID, []uuid.UUID, error) {
	user, err := uuid.Parse(userID)
	if err != nil {
		return uuid.Nil, nil, errors.New("expects user ID to be a valid identifier")
	}
	if len(ids)+len(usernames) == 0 {
		return user, nil, nil
	}
	self := fmt.Errorf("cannot %s self", verb)
	if verb == "add" {
		self = errors.New("cannot add self as friend")
	}
	var friends []uuid.UUID
	for _, id := range ids {
		if id == userID {
			return user, nil, self
		}
		friend, err := uuid.Parse(id)
		if err != nil || friend == uuid.Nil {
			return user, nil, fmt.Errorf("invalid user ID '%v'", id)
		}
		friends = append(friends, friend)
	}
	for _, name := range usernames {
		switch name {
		case "":
			return user, nil, fmt.Errorf("username to %s must not be empty", verb)
		case username:
			return user, nil, self
		}
	}
	if friends = append(friends, m.store.UserIDs(usernames)...); len(friends) == 0 {
		return user, nil, errors.New("no valid ID or username was provided")
	}
	return user, friends, nil
}

// FriendsAdd implements runtime.NakamaModule.
func (m Module) FriendsAdd(_ context.Context, userID, username string, ids, usernames []string, metadata map[string]any) error {
	user, friends, err := m.friendIDs(userID, username, ids, usernames, "add")
	if err != nil || len(friends) == 0 {
		return err
	}
	text := ""
	if metadata != nil {
		encoded, err := json.Marshal(metadata)
		if err != nil {
			return fmt.Errorf("failed to marshal metadata: %w", err)
		}
		text = string(encoded)
	}
	return m.store.AddFriends(user, username, friends, text)
}

// FriendsDelete implements runtime.NakamaModule.
func (m Module) FriendsDelete(_ context.Context, userID, username string, ids, usernames []string) error {
	user, friends, err := m.friendIDs(userID, username, ids, usernames, "delete")
	if err != nil {
		return err
	}
	return m.store.DeleteFriends(user, username, friends)
}

// FriendsBlock implements runtime.NakamaModule.
func (m Module) FriendsBlock(_ context.Context, userID, username string, ids, usernames []string) error {
	user, friends, err := m.friendIDs(userID, username, ids, usernames, "block")
	if err != nil {
		return err
	}
	return m.store.BlockFriends(user, friends)
}

// FriendMetadataUpdate implements runtime.NakamaModule.
func (m Module) FriendMetadataUpdate(_ context.Context, userID, friendUserID string, metadata map[string]any) error {
	user, err := uuid.Parse(userID)
	if err != nil {
		return errors.New("expects user ID to be a valid identifier")
	}
	friend, err := uuid.Parse(friendUserID)
	if err != nil {
		return errors.New("expects friend user ID to be a valid identifier")
	}
	text := "{}"
	if metadata != nil {
		encoded, err := json.Marshal(metadata)
		if err != nil {
			return err
		}
		text = string(encoded)
	}
	return m.store.UpdateFriendMetadata(user, friend, text)
}

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
