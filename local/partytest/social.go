package partytest

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/store"
)

// User creates a user and returns its ID. A name that is taken gets a number.
func (h *Host) User(username string) string {
	name := username
	login, err := h.data.AuthenticateCustom(uuid.NewString(), name, true)
	for n := 2; err != nil; n++ {
		name = fmt.Sprint(username, "-", n)
		login, err = h.data.AuthenticateCustom(uuid.NewString(), name, true)
	}
	display, avatar := "The "+name, "https://img.example/"+name
	panicOnError(h.data.UpdateAccount(uuid.MustParse(login.UserID), store.AccountChange{DisplayName: &display, AvatarURL: &avatar}))
	return login.UserID
}

// SetMetadata replaces a user's metadata, a JSON object.
func (h *Host) SetMetadata(userID, metadata string) {
	panicOnError(h.data.UpdateAccount(uuid.MustParse(userID), store.AccountChange{Metadata: &metadata}))
}

// nameOf returns a user's name, or "" if there is no such user.
func (h *Host) nameOf(userID string) string {
	id, err := uuid.Parse(userID)
	if users := h.data.Users([]uuid.UUID{id}, nil); err == nil && len(users) > 0 {
		return users[0].Username
	}
	return ""
}

// Block makes one user block another.
func (h *Host) Block(who, whom string) {
	panicOnError(h.data.BlockFriends(uuid.MustParse(who), parseIDs(whom)))
}

// Befriend makes two users friends of each other.
func (h *Host) Befriend(a, b string) {
	panicOnError(h.data.AddFriends(uuid.MustParse(a), "", parseIDs(b), ""))
	panicOnError(h.data.AddFriends(uuid.MustParse(b), "", parseIDs(a), ""))
}

// Group creates a group of these users, with the first as superadmin, and returns its ID.
func (h *Host) Group(userIDs ...string) string {
	of := parseIDs(userIDs...)
	g, err := h.data.CreateGroup(of[0], of[0], store.NewGroup{Name: uuid.NewString(), MaxCount: 1 << 20})
	panicOnError(err)
	panicOnError(h.data.AddGroupUsers(uuid.Nil, uuid.MustParse(g.Id), of[1:]))
	return g.Id
}

// RequestToJoinGroup makes a user ask to join a group.
func (h *Host) RequestToJoinGroup(groupID, userID string) {
	panicOnError(h.data.JoinGroup(uuid.MustParse(groupID), uuid.MustParse(userID), h.nameOf(userID)))
}

func parseIDs(texts ...string) []uuid.UUID {
	parsed := make([]uuid.UUID, len(texts))
	for i, text := range texts {
		parsed[i] = uuid.MustParse(text)
	}
	return parsed
}

// panicOnError panics if the server refuses a call of the test's setup.
func panicOnError(err error) {
	if err != nil {
		panic(err)
	}
}

// FriendLookups counts the calls of UsersGetFriendStatus.
func (h *Host) FriendLookups() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lookups
}

func (h *Host) UsersGetFriendStatus(ctx context.Context, userID string, userIDs []string) ([]*api.Friend, error) {
	h.mu.Lock()
	h.lookups++
	h.mu.Unlock()
	return h.Storage.UsersGetFriendStatus(ctx, userID, userIDs)
}

func (h *Host) NotificationsSend(ctx context.Context, notifications []*runtime.NotificationSend) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.NotifyError != nil {
		return h.NotifyError
	}
	h.notices = append(h.notices, notifications...)
	return h.Storage.NotificationsSend(ctx, notifications)
}

func (h *Host) NotificationsDelete(ctx context.Context, notifications []*runtime.NotificationDelete) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.NotifyError != nil {
		return h.NotifyError
	}
	return h.Storage.NotificationsDelete(ctx, notifications)
}

// Notices returns the notifications sent, oldest first.
func (h *Host) Notices() []*runtime.NotificationSend {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.notices)
}
