package store

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// user is the row of one account.
type user struct {
	id          uuid.UUID
	username    string
	displayName string
	avatarURL   string
	langTag     string
	location    string
	timezone    string
	metadata    string // jsonb text
	email       string // lower case
	password    []byte // nil if the account has no password
	customID    string
	devices     []string
	edgeCount   int32 // friends in any state, as the real server counts them
	createTime  time.Time
	updateTime  time.Time
}

func newUser(id uuid.UUID, username string, now time.Time) *user {
	return &user{id: id, username: username, langTag: "en", metadata: "{}", createTime: now, updateTime: now}
}

// users has all accounts with indexes of their unique keys.
type users struct {
	byID       map[uuid.UUID]*user
	byUsername map[string]*user
	byDevice   map[string]*user
	byEmail    map[string]*user
	byCustomID map[string]*user
}

func newUsers() users {
	return users{
		byID: map[uuid.UUID]*user{}, byUsername: map[string]*user{}, byDevice: map[string]*user{},
		byEmail: map[string]*user{}, byCustomID: map[string]*user{},
	}
}

func (us *users) insert(u *user) {
	us.byID[u.id], us.byUsername[u.username] = u, u
	for _, device := range u.devices {
		us.byDevice[device] = u
	}
	if u.email != "" {
		us.byEmail[u.email] = u
	}
	if u.customID != "" {
		us.byCustomID[u.customID] = u
	}
}

func (us *users) remove(u *user) {
	delete(us.byID, u.id)
	delete(us.byUsername, u.username)
	for _, device := range u.devices {
		delete(us.byDevice, device)
	}
	delete(us.byEmail, u.email)
	delete(us.byCustomID, u.customID)
}

func seconds(t time.Time) *timestamppb.Timestamp {
	return &timestamppb.Timestamp{Seconds: t.Unix()}
}

// public returns the user as other users see them.
func (u *user) public(online bool) *api.User {
	return &api.User{
		Id:          u.id.String(),
		Username:    u.username,
		DisplayName: u.displayName,
		AvatarUrl:   u.avatarURL,
		LangTag:     u.langTag,
		Location:    u.location,
		Timezone:    u.timezone,
		Metadata:    u.metadata,
		EdgeCount:   u.edgeCount,
		CreateTime:  seconds(u.createTime),
		UpdateTime:  seconds(u.updateTime),
		Online:      online,
	}
}

func (u *user) account(online bool) *api.Account {
	account := &api.Account{User: u.public(online), Wallet: "{}", Email: u.email, CustomId: u.customID}
	for _, device := range u.devices {
		account.Devices = append(account.Devices, &api.AccountDevice{Id: device})
	}
	return account
}

// fillOnline sets the online field of users. It calls Options.Online, so the lock must not be held.
func (s *Store) fillOnline(users ...*api.User) {
	for _, u := range users {
		u.Online = s.opts.Online(u.GetId())
	}
}

// Users returns the users with one of the IDs or usernames, each once, in the order of their creation. It leaves out
// unknown ones.
func (s *Store) Users(ids []uuid.UUID, usernames []string) []*api.User {
	s.mu.RLock()
	found := map[uuid.UUID]*user{}
	for _, id := range ids {
		if u := s.users.byID[id]; u != nil {
			found[id] = u
		}
	}
	for _, username := range usernames {
		if u := s.users.byUsername[username]; u != nil {
			found[u.id] = u
		}
	}
	list := publicUsers(found)
	s.mu.RUnlock()
	s.fillOnline(list...)
	return list
}

func publicUsers(found map[uuid.UUID]*user) []*api.User {
	rows := make([]*user, 0, len(found))
	for _, u := range found {
		rows = append(rows, u)
	}
	slices.SortFunc(rows, compareUsers)
	list := make([]*api.User, 0, len(rows))
	for _, u := range rows {
		list = append(list, u.public(false))
	}
	return list
}

func compareUsers(a, b *user) int {
	if c := a.createTime.Compare(b.createTime); c != 0 {
		return c
	}
	return compareIDs(a.id, b.id)
}

func compareIDs(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }

// UserIDs returns the IDs of the users with these names. It leaves out unknown names.
func (s *Store) UserIDs(usernames []string) []uuid.UUID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids := make([]uuid.UUID, 0, len(usernames))
	for _, username := range usernames {
		if u := s.users.byUsername[username]; u != nil {
			ids = append(ids, u.id)
		}
	}
	return ids
}
