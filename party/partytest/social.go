package partytest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Block has one user block another.
func (h *Host) Block(who, whom string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blocks[[2]string{who, whom}] = true
	delete(h.friends, [2]string{who, whom})
	delete(h.friends, [2]string{whom, who})
}

// Befriend makes two users friends of each other.
func (h *Host) Befriend(a, b string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.friends[[2]string{a, b}], h.friends[[2]string{b, a}] = true, true
}

// FriendLookups counts the calls of UsersGetFriendStatus.
func (h *Host) FriendLookups() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lookups
}

// UsersGetFriendStatus answers the relations userID has to others: a block shows on
// the side of the user who blocked alone.
func (h *Host) UsersGetFriendStatus(_ context.Context, userID string, userIDs []string) ([]*api.Friend, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lookups++
	var list []*api.Friend
	for _, other := range userIDs {
		switch pair := [2]string{userID, other}; {
		case h.blocks[pair]:
			list = append(list, &api.Friend{User: h.users[other], State: wrapperspb.Int32(int32(api.Friend_BLOCKED))})
		case h.friends[pair]:
			list = append(list, &api.Friend{User: h.users[other], State: wrapperspb.Int32(int32(api.Friend_FRIEND))})
		}
	}
	return list, nil
}

// UsersGetId finds users, in no order; unknown ones are left out.
func (h *Host) UsersGetId(_ context.Context, userIDs, _ []string) ([]*api.User, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []*api.User
	for _, id := range userIDs {
		if u := h.users[id]; u != nil {
			list = append(list, u)
		}
	}
	return list, nil
}

// NotificationsSend keeps what it is told to send.
func (h *Host) NotificationsSend(_ context.Context, notifications []*runtime.NotificationSend) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.NotifyError != nil {
		return h.NotifyError
	}
	h.notices = append(h.notices, notifications...)
	return nil
}

// NotificationsList lists what is stored for a user, all on one page.
func (h *Host) NotificationsList(_ context.Context, userID string, _ int, _ string) ([]*api.Notification, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []*api.Notification
	for i, n := range h.notices {
		if id := strconv.Itoa(i); n.UserID == userID && n.Persistent && !h.deleted[id] {
			content, err := json.Marshal(n.Content)
			if err != nil {
				return nil, "", err
			}
			list = append(list, &api.Notification{Id: id, Subject: n.Subject, Code: int32(n.Code), SenderId: n.Sender, Content: string(content)})
		}
	}
	return list, "", nil
}

// NotificationsDelete deletes stored notifications.
func (h *Host) NotificationsDelete(_ context.Context, notifications []*runtime.NotificationDelete) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.NotifyError != nil {
		return h.NotifyError
	}
	for _, n := range notifications {
		h.deleted[n.NotificationID] = true
	}
	return nil
}

// Notices are the notifications sent, oldest first.
func (h *Host) Notices() []*runtime.NotificationSend {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.notices)
}

// FriendsList lists the user's friends, a page at a time in the order of their IDs. It
// knows mutual friends (state 0) alone.
func (h *Host) FriendsList(_ context.Context, userID string, limit int, state *int, cursor string) ([]*api.Friend, string, error) {
	if state == nil || *state != int(api.Friend_FRIEND) {
		return nil, "", errors.New("partytest: lists mutual friends only")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []string
	for pair, are := range h.friends {
		if are && pair[0] == userID {
			ids = append(ids, pair[1])
		}
	}
	slices.Sort(ids)
	ids, next := pageOf(ids, limit, cursor)
	var list []*api.Friend
	for _, id := range ids {
		list = append(list, &api.Friend{User: h.users[id], State: wrapperspb.Int32(int32(api.Friend_FRIEND))})
	}
	return list, next, nil
}

type groupMember struct {
	userID string
	state  api.UserGroupList_UserGroup_State
}

// Group makes a group of these users, the first its superadmin, and answers its ID.
func (h *Host) Group(userIDs ...string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := uuid.NewString()
	for i, user := range userIDs {
		state := api.UserGroupList_UserGroup_MEMBER
		if i == 0 {
			state = api.UserGroupList_UserGroup_SUPERADMIN
		}
		h.groups[id] = append(h.groups[id], groupMember{user, state})
	}
	return id
}

// AskGroup has a user ask to be let into a group.
func (h *Host) AskGroup(groupID, userID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.groups[groupID] = append(h.groups[groupID], groupMember{userID, api.UserGroupList_UserGroup_JOIN_REQUEST})
}

// GroupUsersList lists a group's users, those who only asked to be let in as well.
func (h *Host) GroupUsersList(_ context.Context, groupID string, limit int, _ *int, cursor string) ([]*api.GroupUserList_GroupUser, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []string
	states := map[string]int32{}
	for _, m := range h.groups[groupID] {
		ids = append(ids, m.userID)
		states[m.userID] = int32(m.state)
	}
	slices.Sort(ids)
	ids, next := pageOf(ids, limit, cursor)
	var list []*api.GroupUserList_GroupUser
	for _, id := range ids {
		list = append(list, &api.GroupUserList_GroupUser{User: h.users[id], State: wrapperspb.Int32(states[id])})
	}
	return list, next, nil
}

// UserGroupsList lists the groups a user is in or has asked to be let into.
func (h *Host) UserGroupsList(_ context.Context, userID string, limit int, _ *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []string
	states := map[string]int32{}
	for id, members := range h.groups {
		for _, m := range members {
			if m.userID == userID {
				ids = append(ids, id)
				states[id] = int32(m.state)
			}
		}
	}
	slices.Sort(ids)
	ids, next := pageOf(ids, limit, cursor)
	var list []*api.UserGroupList_UserGroup
	for _, id := range ids {
		list = append(list, &api.UserGroupList_UserGroup{Group: &api.Group{Id: id}, State: wrapperspb.Int32(states[id])})
	}
	return list, next, nil
}

// pageOf is the part of sorted ids behind the cursor, and the next cursor.
func pageOf(ids []string, limit int, cursor string) ([]string, string) {
	ids = slices.DeleteFunc(ids, func(id string) bool { return id <= cursor })
	if len(ids) > limit {
		return ids[:limit], ids[limit-1]
	}
	return ids, ""
}
