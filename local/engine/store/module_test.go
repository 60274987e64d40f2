package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/store"
)

var ctx = context.Background()

// fixture is a store with users and what it delivered and disconnected.
type fixture struct {
	*store.Store
	nk           store.Module
	t            *testing.T
	delivered    []string
	disconnected []string
}

func newFixture(t *testing.T, opts store.Options) *fixture {
	f := &fixture{t: t}
	opts.Deliver = func(userID string, notifications []*api.Notification) {
		for _, n := range notifications {
			f.delivered = append(f.delivered, fmt.Sprintf("%s %d %s", f.name(userID), n.Code, n.Subject))
		}
	}
	opts.DeliverAll = func(n *api.Notification) {
		f.delivered = append(f.delivered, fmt.Sprintf("all %d %s", n.Code, n.Subject))
	}
	opts.Disconnect = func(userID string) { f.disconnected = append(f.disconnected, userID) }
	f.Store = store.New(opts)
	f.nk = f.Module()
	return f
}

func (f *fixture) user(name string) string {
	f.t.Helper()
	id, _, created, err := f.nk.AuthenticateDevice(ctx, "device-of-"+name, name, true)
	if err != nil || !created {
		f.t.Fatalf("AuthenticateDevice(%s) = %v, %v", name, created, err)
	}
	return id
}

func (f *fixture) name(userID string) string {
	users, err := f.nk.UsersGetId(ctx, []string{userID}, nil)
	if err != nil || len(users) == 0 {
		return userID
	}
	return users[0].Username
}

// must fails the test on an error.
func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// sent wants exactly these deliveries since the last call.
func (f *fixture) sent(want ...string) {
	f.t.Helper()
	if strings.Join(f.delivered, "\n") != strings.Join(want, "\n") {
		f.t.Fatalf("delivered %q; want %q", f.delivered, want)
	}
	f.delivered = nil
}

// TestModule_IsNakamaModule guards the promise that Module has methods of
// runtime.NakamaModule only, each with its signature.
func TestModule_IsNakamaModule(t *testing.T) {
	whole := reflect.TypeFor[runtime.NakamaModule]()
	module := reflect.TypeFor[store.Module]()
	for i := range module.NumMethod() {
		method := module.Method(i)
		wanted, ok := whole.MethodByName(method.Name)
		if !ok {
			t.Errorf("%s is no method of runtime.NakamaModule", method.Name)
			continue
		}
		in := []reflect.Type{}
		for j := 1; j < method.Type.NumIn(); j++ { // without the receiver
			in = append(in, method.Type.In(j))
		}
		out := []reflect.Type{}
		for j := range method.Type.NumOut() {
			out = append(out, method.Type.Out(j))
		}
		if got := reflect.FuncOf(in, out, method.Type.IsVariadic()); got != wanted.Type {
			t.Errorf("%s is %v; want %v", method.Name, got, wanted.Type)
		}
	}
	if n := module.NumMethod(); n < 40 {
		t.Errorf("Module has %d methods; at least 40 are promised", n)
	}
}

func TestModule_Refusals(t *testing.T) {
	f := newFixture(t, store.Options{})
	nk := f.nk
	id := f.user("ada")
	three := 9
	const bad = "not-an-id"
	authenticate := func(_, _ string, _ bool, err error) error { return err }
	for want, err := range map[string]error{
		"expects id string":                                                         authenticate(nk.AuthenticateDevice(ctx, "", "", true)),
		"expects id to be valid, must be 10-128 bytes":                              authenticate(nk.AuthenticateDevice(ctx, "short", "", true)),
		"expects id to be valid, no spaces or control characters allowed":           authenticate(nk.AuthenticateCustom(ctx, "a b c d e f", "", true)),
		"expects id to be valid, must be 6-128 bytes":                               authenticate(nk.AuthenticateCustom(ctx, "abc", "", true)),
		"expects username to be valid, no spaces or control characters allowed":     authenticate(nk.AuthenticateCustom(ctx, "abcdef", "a\nb", true)),
		"rpc error: code = NotFound desc = User account not found.":                 authenticate(nk.AuthenticateCustom(ctx, "abcdef", "", false)),
		"rpc error: code = AlreadyExists desc = Username is already in use.":        authenticate(nk.AuthenticateCustom(ctx, "abcdef", "ada", true)),
		"expects password string":                                                   authenticate(nk.AuthenticateEmail(ctx, "a@host.example", "", "", true)),
		"expects password to be valid, must be longer than 8 characters":            authenticate(nk.AuthenticateEmail(ctx, "a@host.example", "short", "", true)),
		"expects email to be valid, invalid email address format":                   authenticate(nk.AuthenticateEmail(ctx, "host.example", "password", "", true)),
		"expects username string when email is not supplied":                        authenticate(nk.AuthenticateEmail(ctx, "", "password", "", true)),
		"rpc error: code = Unauthenticated desc = Invalid credentials.":             authenticate(nk.AuthenticateEmail(ctx, "", "password", "ada", true)),
		"rpc error: code = Internal desc = Error finding or creating user account.": authenticate(nk.AuthenticateEmail(ctx, "a@host.example", strings.Repeat("x", 73), "", true)),
		"invalid user id":      second(nk.AccountGetId(ctx, bad)),
		"account not found":    second(nk.AccountGetId(ctx, uuid.NewString())),
		"No fields to update.": nk.AccountUpdateId(ctx, id, "", nil, "", "", "", "", ""),
		"Username invalid, no spaces or control characters allowed.":            nk.AccountUpdateId(ctx, id, "a\tb", nil, "", "", "", "", ""),
		"cannot delete the system user":                                         nk.AccountDeleteId(ctx, uuid.Nil.String(), false),
		"each user id must be a valid id string":                                second(nk.UsersGetId(ctx, []string{bad}, nil)),
		"each username must be a string":                                        second(nk.UsersGetUsername(ctx, []string{""})),
		"count must be 0-1000":                                                  second(nk.UsersGetRandom(ctx, 1001)),
		"expects user ID to be a valid identifier":                              second(nk.UsersGetFriendStatus(ctx, bad, nil)),
		"cannot add self as friend":                                             nk.FriendsAdd(ctx, id, "ada", []string{id}, nil, nil),
		"cannot delete self":                                                    nk.FriendsDelete(ctx, id, "ada", nil, []string{"ada"}),
		"username to block must not be empty":                                   nk.FriendsBlock(ctx, id, "ada", nil, []string{""}),
		"invalid user ID 'not-an-id'":                                           nk.FriendsBlock(ctx, id, "ada", []string{bad}, nil),
		"no valid ID or username was provided":                                  nk.FriendsAdd(ctx, id, "ada", nil, []string{"nobody"}, nil),
		"expects limit to be 1-1000":                                            third(nk.FriendsList(ctx, id, 0, nil, "")),
		"expects state to be 0-3":                                               third(nk.FriendsList(ctx, id, 1, &three, "")),
		"friend cursor invalid":                                                 third(nk.FriendsList(ctx, id, 1, nil, "x")),
		"expects group name not be empty":                                       second(nk.GroupCreate(ctx, id, "", "", "", "", "", true, nil, 1)),
		"expects max_count to be >= 1":                                          second(nk.GroupCreate(ctx, id, "g", "", "", "", "", true, nil, 0)),
		"group creator user ID not valid":                                       second(nk.GroupCreate(ctx, uuid.Nil.String(), "g", "", "", "", "", true, nil, 1)),
		"group not found":                                                       nk.GroupUsersAdd(ctx, "", uuid.NewString(), []string{id}),
		"group permission denied":                                               nk.GroupUsersAdd(ctx, id, uuid.NewString(), []string{id}),
		"cannot kick the root user":                                             nk.GroupUsersKick(ctx, "", uuid.NewString(), []string{uuid.Nil.String()}),
		"expects each user ID to be a valid identifier":                         nk.GroupUsersBan(ctx, "", uuid.NewString(), []string{bad}),
		"expects caller ID to be empty or a valid identifier":                   nk.GroupUsersBan(ctx, bad, uuid.NewString(), nil),
		"expects group ID to be a valid identifier":                             nk.GroupUserJoin(ctx, bad, id, "ada"),
		"expects a username string":                                             nk.GroupUserLeave(ctx, uuid.NewString(), id, ""),
		"expects state to be 0-4":                                               third(nk.UserGroupsList(ctx, id, 1, &three, "")),
		"expects limit to be 1-100":                                             third(nk.UserGroupsList(ctx, id, 0, nil, "")),
		"user group cursor invalid":                                             third(nk.UserGroupsList(ctx, id, 1, nil, "x")),
		"name filter cannot be combined with any other filter":                  third(nk.GroupsList(ctx, "a", "en", nil, nil, 1, "")),
		"rpc error: code = InvalidArgument desc = Malformed cursor was used.":   third(nk.GroupsList(ctx, "", "", nil, nil, 1, "x")),
		"expects userID to be a valid UUID":                                     nk.NotificationSend(ctx, bad, "s", nil, 1, "", false),
		"expects subject to be a non-empty string":                              nk.NotificationSend(ctx, id, "", nil, 1, "", false),
		"expects code to number above 0":                                        nk.NotificationSend(ctx, id, "s", nil, 0, "", false),
		"expects sender to either be an empty string or a valid UUID":           nk.NotificationSend(ctx, id, "s", nil, 1, bad, false),
		"expects a valid user id":                                               third(nk.NotificationsList(ctx, "", 1, "")),
		"expects limit to be 0-100":                                             third(nk.NotificationsList(ctx, id, -1, "")),
		"expects notificationID to be a valid UUID":                             nk.NotificationsDelete(ctx, []*runtime.NotificationDelete{{UserID: id, NotificationID: bad}}),
		"expects id to be a valid uuid":                                         nk.NotificationsDeleteId(ctx, "", []string{bad}),
		"expects id to be a valid id string":                                    second(nk.NotificationsGetId(ctx, "", []string{bad})),
		"expects collection to be a non-empty string":                           second(nk.StorageWrite(ctx, []*runtime.StorageWrite{{Key: "k", Value: "{}"}})),
		"expects key to be a non-empty string":                                  second(nk.StorageRead(ctx, []*runtime.StorageRead{{Collection: "c"}})),
		"expects an empty or valid user id":                                     nk.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: "c", Key: "k", UserID: bad}}),
		"value must be a JSON-encoded object":                                   second(nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: "k", Value: "[]"}})),
		"limit must not be negative":                                            third(nk.StorageList(ctx, "", "", "c", -1, "")),
		"expects an empty or valid caller id":                                   third(nk.StorageList(ctx, bad, "", "c", 1, "")),
		"Malformed cursor was used.":                                            third(nk.StorageList(ctx, "", "", "c", 1, "x")),
		"max retries must be a value between 0 and 10":                          second(nk.StorageWriteRetry(ctx, nil, nil, 11)),
		"not supported by the embedded engine: MultiUpdate with wallet updates": third(nk.MultiUpdate(ctx, nil, nil, nil, []*runtime.WalletUpdate{{}}, false)),
		"expects user id":                                                       third(nk.AuthenticateTokenGenerate("", "", 0, nil)),
		"expects valid user id":                                                 third(nk.AuthenticateTokenGenerate(bad, "", 0, nil)),
		"session token invalid":                                                 nk.SessionLogout(id, "x", ""),
		"refresh token invalid":                                                 nk.SessionLogout(id, "", "x"),
		`ERROR: insert or update on table "storage" violates foreign key constraint "storage_user_id_fkey" (SQLSTATE 23503)`: second(nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: "k", UserID: uuid.NewString(), Value: "{}"}})),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("error = %v; want %s", err, want)
		}
	}
	f.sent()
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }

func TestModule_EmptyCalls(t *testing.T) {
	f := newFixture(t, store.Options{})
	nk := f.nk
	id := f.user("ada")
	f.must(nk.FriendsAdd(ctx, id, "ada", nil, nil, nil))
	f.must(nk.FriendsDelete(ctx, id, "ada", nil, nil))
	f.must(nk.FriendsBlock(ctx, id, "ada", nil, nil))
	f.must(nk.StorageDelete(ctx, nil))
	f.must(nk.UsersBanId(ctx, nil))
	f.must(nk.NotificationsSend(ctx, nil))
	for name, list := range map[string]any{
		"AccountsGetId": first(nk.AccountsGetId(ctx, nil, nil)), "UsersGetId": first(nk.UsersGetId(ctx, nil, nil)),
		"StorageRead": first(nk.StorageRead(ctx, nil)), "StorageWrite": first(nk.StorageWrite(ctx, nil)),
		"GroupsGetId": first(nk.GroupsGetId(ctx, nil)), "GroupsGetRandom": first(nk.GroupsGetRandom(ctx, 0)),
		"UsersGetRandom": first(nk.UsersGetRandom(ctx, 0)), "NotificationsGetId": first(nk.NotificationsGetId(ctx, "", nil)),
	} {
		if v := reflect.ValueOf(list); v.IsNil() || v.Len() != 0 {
			t.Errorf("%s of nothing = %v; want an empty list", name, list)
		}
	}
}

func first[T any](v T, _ error) T { return v }

func TestModule_Friends(t *testing.T) {
	f := newFixture(t, store.Options{Online: func(string) bool { return true }})
	a, b, c := f.user("ada"), f.user("bob"), f.user("cyd")
	f.must(f.nk.FriendsAdd(ctx, a, "ada", []string{b, b}, []string{"cyd"}, map[string]any{"from": "x"}))
	f.sent("bob -2 ada wants to add you as a friend", "cyd -2 ada wants to add you as a friend")
	f.must(f.nk.FriendsAdd(ctx, b, "bob", nil, []string{"ada"}, nil))
	f.sent("ada -3 bob accepted your friend request")
	f.must(f.nk.FriendMetadataUpdate(ctx, a, b, map[string]any{"note": 1}))
	status, err := f.nk.UsersGetFriendStatus(ctx, a, []string{b, c, uuid.NewString()})
	f.must(err)
	if len(status) != 2 || status[0].State.Value != 0 || status[0].Metadata != `{"note": 1}` || status[1].Metadata != `{"from": "x"}` || !status[0].User.Online {
		t.Errorf("friend status = %v", status)
	}
	list, cursor, err := f.nk.FriendsList(ctx, a, 1, nil, "")
	f.must(err)
	if len(list) != 1 || list[0].User.Id != b || cursor == "" {
		t.Errorf("FriendsList = %v, %q", list, cursor)
	}
	f.must(f.nk.FriendsBlock(ctx, a, "ada", []string{c}, nil))
	f.must(f.nk.FriendsDelete(ctx, a, "ada", []string{b, c}, nil))
	f.sent("bob -9 ada removed you as a friend")
	if list, _, _ := f.nk.FriendsList(ctx, a, 10, nil, ""); len(list) != 0 {
		t.Errorf("friends at the end = %v; want none", list)
	}
}

func TestModule_Notifications(t *testing.T) {
	f := newFixture(t, store.Options{})
	a, b := f.user("ada"), f.user("bob")
	f.must(f.nk.NotificationsSend(ctx, []*runtime.NotificationSend{
		{UserID: a, Subject: "party_invite", Content: map[string]any{"bb": 1, "a": "x"}, Code: 1001, Sender: b, Persistent: true},
		{UserID: b, Subject: "live", Code: 7},
		{UserID: a, Subject: "second", Code: 1002, Persistent: true},
	}))
	f.sent("ada 1001 party_invite", "ada 1002 second", "bob 7 live")
	list, cursor, err := f.nk.NotificationsList(ctx, a, 1, "")
	f.must(err)
	if len(list) != 1 || list[0].Content != `{"a": "x", "bb": 1}` || list[0].SenderId != b || !list[0].Persistent || cursor == "" {
		t.Errorf("first page = %v, %q", list, cursor)
	}
	rest, end, err := f.nk.NotificationsList(ctx, a, 1, cursor)
	f.must(err)
	if len(rest) != 1 || rest[0].Subject != "second" || rest[0].SenderId != "" || end != "" {
		t.Errorf("second page = %v, %q; want the last and no cursor", rest, end)
	}
	if none, _, _ := f.nk.NotificationsList(ctx, b, 0, ""); len(none) != 0 {
		t.Errorf("stored for bob = %v; what is not persistent must not be", none)
	}

	subject := "changed"
	f.must(f.nk.NotificationsUpdate(ctx, runtime.NotificationUpdate{Id: list[0].Id, Subject: &subject, Content: map[string]any{"n": 2}, Sender: &a}))
	got, err := f.nk.NotificationsGetId(ctx, a, []string{list[0].Id, rest[0].Id})
	f.must(err)
	if len(got) != 2 || got[0].Subject != "changed" || fmt.Sprint(got[0].Content) != "map[n:2]" || got[0].Sender != a || got[0].UserID != a {
		t.Errorf("NotificationsGetId = %+v", got)
	}
	f.must(f.nk.NotificationsDelete(ctx, []*runtime.NotificationDelete{{UserID: b, NotificationID: list[0].Id}})) // not bob's
	f.must(f.nk.NotificationsDeleteId(ctx, "", []string{rest[0].Id}))
	if left, _, _ := f.nk.NotificationsList(ctx, a, 0, ""); len(left) != 1 || left[0].Id != list[0].Id {
		t.Errorf("left = %v; want the first", left)
	}

	if err := f.nk.NotificationSend(ctx, uuid.NewString(), "s", nil, 1, "", true); err == nil {
		t.Error("a persistent notification to nobody succeeded")
	}
	f.must(f.nk.NotificationSendAll(ctx, "news", nil, 5, false))
	f.sent("all 5 news")
	f.must(f.nk.NotificationSendAll(ctx, "kept", nil, 5, true))
	if len(f.delivered) != 3 { // the system user has an inbox, too
		t.Errorf("delivered %v; want one for each user", f.delivered)
	}
	if left, _, _ := f.nk.NotificationsList(ctx, b, 0, ""); len(left) != 1 || left[0].Subject != "kept" {
		t.Errorf("stored for bob = %v; want the one to all", left)
	}
}

func TestModule_Groups(t *testing.T) {
	f := newFixture(t, store.Options{})
	a, b := f.user("ada"), f.user("bob")
	group, err := f.nk.GroupCreate(ctx, a, "crew", "", "", "d", "", false, map[string]any{"k": 1}, 3)
	f.must(err)
	if group.Metadata != `{"k": 1}` || group.CreatorId != uuid.Nil.String() || group.LangTag != "en" || group.EdgeCount != 1 || group.MaxCount != 3 {
		t.Errorf("group = %v", group)
	}
	if _, err := f.nk.GroupCreate(ctx, b, "crew", "", "", "", "", true, nil, 1); !errors.Is(err, runtime.ErrGroupNameInUse) {
		t.Errorf("second group of a name: %v", err)
	}
	f.must(f.nk.GroupUserJoin(ctx, group.Id, b, "bob"))
	f.sent("ada -5 User bob wants to join your group")
	f.must(f.nk.GroupUsersAdd(ctx, "", group.Id, []string{b}))
	f.sent("bob -4 You've been added to group crew")
	f.must(f.nk.GroupUpdate(ctx, group.Id, "", "gang", b, "de", "", "http://a", true, map[string]any{"k": 2}, 2))
	groups, err := f.nk.GroupsGetId(ctx, []string{group.Id, uuid.NewString()})
	f.must(err)
	if len(groups) != 1 || groups[0].Name != "gang" || groups[0].CreatorId != b || !groups[0].Open.Value || groups[0].Metadata != `{"k": 2}` || groups[0].EdgeCount != 2 || groups[0].Description != "d" {
		t.Errorf("groups = %v", groups)
	}
	if err := f.nk.GroupUpdate(ctx, group.Id, "", "", "", "", "", "", true, nil, 1); err == nil {
		t.Error("a group may hold fewer than it has")
	}
	c := f.user("cyd")
	if err := f.nk.GroupUsersAdd(ctx, a, group.Id, []string{c}); !errors.Is(err, runtime.ErrGroupFull) {
		t.Errorf("adding to a full group: %v", err)
	}
	f.sent()
	if err := f.nk.GroupUserLeave(ctx, group.Id, a, "ada"); !errors.Is(err, runtime.ErrGroupLastSuperadmin) {
		t.Errorf("the last superadmin leaves: %v", err)
	}
	mine, _, err := f.nk.UserGroupsList(ctx, b, 10, nil, "")
	f.must(err)
	if len(mine) != 1 || mine[0].State.Value != 2 {
		t.Errorf("groups of bob = %v", mine)
	}
	users, _, err := f.nk.GroupUsersList(ctx, group.Id, 10, nil, "")
	f.must(err)
	if len(users) != 2 || users[0].User.Id != a {
		t.Errorf("users = %v", users)
	}
	if random, _ := f.nk.GroupsGetRandom(ctx, 5); len(random) != 1 {
		t.Errorf("random groups = %v", random)
	}
	f.must(f.nk.AccountDeleteId(ctx, b, false))
	if groups, _ := f.nk.GroupsGetId(ctx, []string{group.Id}); groups[0].EdgeCount != 1 {
		t.Errorf("edge count after a member's end = %d; want 1", groups[0].EdgeCount)
	}
	f.must(f.nk.AccountDeleteId(ctx, a, false))
	if groups, _ := f.nk.GroupsGetId(ctx, []string{group.Id}); len(groups) != 0 {
		t.Errorf("the group outlived its superadmin: %v", groups)
	}
}
