package store_test

import (
	"context"
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

// fixture is a store with users. It records what the store delivered and disconnected.
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

// wantSent checks the deliveries since the last call.
func (f *fixture) wantSent(want ...string) {
	f.t.Helper()
	if strings.Join(f.delivered, "\n") != strings.Join(want, "\n") {
		f.t.Fatalf("delivered %q; want %q", f.delivered, want)
	}
	f.delivered = nil
}

// TestModule_IsNakamaModule checks that Module has only methods of runtime.NakamaModule, each with its signature.
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
}

func TestModule_Refusals(t *testing.T) {
	f := newFixture(t, store.Options{})
	nk := f.nk
	id := f.user("ada")
	three := 9
	const bad = "not-an-id"
	authenticate := func(_, _ string, _ bool, err error) error { return err }
	for want, err := range map[string]error{
		"expects id string":                                                                authenticate(nk.AuthenticateDevice(ctx, "", "", true)),
		"expects id to be valid, must be 10-128 bytes":                                     authenticate(nk.AuthenticateDevice(ctx, "short", "", true)),
		"expects id to be valid, no spaces or control characters allowed":                  authenticate(nk.AuthenticateCustom(ctx, "a b c d e f", "", true)),
		"expects id to be valid, must be 6-128 bytes":                                      authenticate(nk.AuthenticateCustom(ctx, "abc", "", true)),
		"expects username to be valid, no spaces or control characters allowed":            authenticate(nk.AuthenticateCustom(ctx, "abcdef", "a\nb", true)),
		"rpc error: code = NotFound desc = User account not found.":                        authenticate(nk.AuthenticateCustom(ctx, "abcdef", "", false)),
		"rpc error: code = AlreadyExists desc = Username is already in use.":               authenticate(nk.AuthenticateCustom(ctx, "abcdef", "ada", true)),
		"each user id must be a valid id string":                                           errorOf2(nk.UsersGetId(ctx, []string{bad}, nil)),
		"expects user ID to be a valid identifier":                                         errorOf2(nk.UsersGetFriendStatus(ctx, bad, nil)),
		"expects limit to be 1-1000":                                                       errorOf3(nk.FriendsList(ctx, id, 0, nil, "")),
		"expects state to be 0-3":                                                          errorOf3(nk.FriendsList(ctx, id, 1, &three, "")),
		"friend cursor invalid":                                                            errorOf3(nk.FriendsList(ctx, id, 1, nil, "x")),
		"expects state to be 0-4":                                                          errorOf3(nk.UserGroupsList(ctx, id, 1, &three, "")),
		"expects limit to be 1-100":                                                        errorOf3(nk.UserGroupsList(ctx, id, 0, nil, "")),
		"user group cursor invalid":                                                        errorOf3(nk.UserGroupsList(ctx, id, 1, nil, "x")),
		"expects a valid user id":                                                          errorOf3(nk.NotificationsList(ctx, "", 1, "")),
		"expects limit to be 0-100":                                                        errorOf3(nk.NotificationsList(ctx, id, -1, "")),
		"expects notificationID to be a valid UUID":                                        nk.NotificationsDelete(ctx, []*runtime.NotificationDelete{{UserID: id, NotificationID: bad}}),
		"expects collection to be a non-empty string":                                      errorOf2(nk.StorageWrite(ctx, []*runtime.StorageWrite{{Key: "k", Value: "{}"}})),
		"expects key to be a non-empty string":                                             errorOf2(nk.StorageRead(ctx, []*runtime.StorageRead{{Collection: "c"}})),
		"expects an empty or valid user id":                                                nk.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: "c", Key: "k", UserID: bad}}),
		"value must be a JSON-encoded object":                                              errorOf2(nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: "k", Value: "[]"}})),
		"limit must not be negative":                                                       errorOf3(nk.StorageList(ctx, "", "", "c", -1, "")),
		"expects an empty or valid caller id":                                              errorOf3(nk.StorageList(ctx, bad, "", "c", 1, "")),
		"Malformed cursor was used.":                                                       errorOf3(nk.StorageList(ctx, "", "", "c", 1, "x")),
		"not supported by the embedded engine: MultiUpdate with account or wallet updates": errorOf3(nk.MultiUpdate(ctx, nil, nil, nil, []*runtime.WalletUpdate{{}}, false)),
		"expects user id":                                                                  errorOf3(nk.AuthenticateTokenGenerate("", "", 0, nil)),
		"expects valid user id":                                                            errorOf3(nk.AuthenticateTokenGenerate(bad, "", 0, nil)),
		`ERROR: insert or update on table "storage" violates foreign key constraint "storage_user_id_fkey" (SQLSTATE 23503)`: errorOf2(nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: "k", UserID: uuid.NewString(), Value: "{}"}})),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("error = %v; want %s", err, want)
		}
	}
	f.wantSent()
}

func errorOf2[T any](_ T, err error) error         { return err }
func errorOf3[T, U any](_ T, _ U, err error) error { return err }

func TestModule_EmptyCalls(t *testing.T) {
	f := newFixture(t, store.Options{})
	nk := f.nk
	f.must(nk.StorageDelete(ctx, nil))
	f.must(nk.NotificationsSend(ctx, nil))
	for name, list := range map[string]any{
		"AccountsGetId": first(nk.AccountsGetId(ctx, nil, nil)), "UsersGetId": first(nk.UsersGetId(ctx, nil, nil)),
		"StorageRead": first(nk.StorageRead(ctx, nil)), "StorageWrite": first(nk.StorageWrite(ctx, nil)),
	} {
		if v := reflect.ValueOf(list); v.IsNil() || v.Len() != 0 {
			t.Errorf("%s of nothing = %v; want an empty list", name, list)
		}
	}
}

func first[T any](v T, _ error) T { return v }

func TestModule_Friends(t *testing.T) {
	f := newFixture(t, store.Options{Online: func(string) bool { return true }})
	a, b, c := uuid.MustParse(f.user("ada")), uuid.MustParse(f.user("bob")), uuid.MustParse(f.user("cyd"))
	f.must(f.AddFriends(a, "ada", []uuid.UUID{b, b, c}, `{"from":"x"}`))
	f.wantSent("bob -2 ada wants to add you as a friend", "cyd -2 ada wants to add you as a friend")
	f.must(f.AddFriends(b, "bob", []uuid.UUID{a}, ""))
	f.wantSent("ada -3 bob accepted your friend request")
	status, err := f.nk.UsersGetFriendStatus(ctx, a.String(), []string{b.String(), c.String(), uuid.NewString()})
	f.must(err)
	if len(status) != 2 || status[0].State.Value != 0 || status[1].Metadata != `{"from": "x"}` || !status[0].User.Online {
		t.Errorf("friend status = %v", status)
	}
	list, cursor, err := f.nk.FriendsList(ctx, a.String(), 1, nil, "")
	f.must(err)
	if len(list) != 1 || list[0].User.Id != b.String() || cursor == "" {
		t.Errorf("FriendsList = %v, %q", list, cursor)
	}
	f.must(f.BlockFriends(a, []uuid.UUID{c}))
	f.must(f.DeleteFriends(a, "ada", []uuid.UUID{b, c}))
	f.wantSent("bob -9 ada removed you as a friend")
	if list, _, _ := f.nk.FriendsList(ctx, a.String(), 10, nil, ""); len(list) != 0 {
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
	f.wantSent("ada 1001 party_invite", "ada 1002 second", "bob 7 live")
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
	f.must(f.nk.NotificationsDelete(ctx, []*runtime.NotificationDelete{{UserID: b, NotificationID: list[0].Id}, {UserID: a, NotificationID: rest[0].Id}})) // the first is not bob's
	if left, _, _ := f.nk.NotificationsList(ctx, a, 0, ""); len(left) != 1 || left[0].Id != list[0].Id {
		t.Errorf("left = %v; want the first", left)
	}
	if err := f.nk.NotificationsSend(ctx, []*runtime.NotificationSend{{UserID: uuid.NewString(), Subject: "s", Code: 1, Persistent: true}}); err == nil {
		t.Error("a persistent notification to nobody succeeded")
	}
}

func TestModule_Groups(t *testing.T) {
	f := newFixture(t, store.Options{})
	a, b := uuid.MustParse(f.user("ada")), uuid.MustParse(f.user("bob"))
	made, err := f.CreateGroup(a, uuid.Nil, store.NewGroup{Name: "crew", MaxCount: 3})
	f.must(err)
	group := uuid.MustParse(made.Id)
	f.must(f.AddGroupUsers(a, group, []uuid.UUID{b}))
	mine, _, err := f.nk.UserGroupsList(ctx, b.String(), 10, nil, "")
	f.must(err)
	if len(mine) != 1 || mine[0].State.Value != 2 {
		t.Errorf("groups of bob = %v", mine)
	}
	users, _, err := f.nk.GroupUsersList(ctx, made.Id, 10, nil, "")
	f.must(err)
	if len(users) != 2 || users[0].User.Id != a.String() {
		t.Errorf("users = %v", users)
	}
	f.must(f.DeleteAccount(b))
	if groups := f.Groups([]uuid.UUID{group}); groups[0].EdgeCount != 1 {
		t.Errorf("edge count after a member's end = %d; want 1", groups[0].EdgeCount)
	}
	f.must(f.DeleteAccount(a))
	if groups := f.Groups([]uuid.UUID{group}); len(groups) != 0 {
		t.Errorf("the group outlived its superadmin: %v", groups)
	}
}
