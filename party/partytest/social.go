package partytest

import (
	"context"
	"slices"

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
// the side of whoever blocked alone.
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

// Notices are the notifications sent, oldest first.
func (h *Host) Notices() []*runtime.NotificationSend {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.notices)
}
