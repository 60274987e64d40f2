package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"partyline/local/engine/store"
)

// clock is a clock that stands still until it is moved.
type clock struct{ at time.Time }

func newClock() *clock                   { return &clock{time.Unix(1_700_000_000, 0)} }
func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

func TestSession_Expiry(t *testing.T) {
	c := newClock()
	f := newFixture(t, store.Options{Now: c.now, TokenExpiry: time.Minute, RefreshTokenExpiry: time.Hour})
	id := uuid.MustParse(f.user("ada"))
	tokens := f.StartSession(id, "ada", map[string]string{"k": "v"})
	session, ok := f.ParseSession(tokens.Token)
	if !ok || session.UserID != id || session.Username != "ada" || session.Vars["k"] != "v" || session.ExpiresAt-session.IssuedAt != 60 || session.TokenID == "" {
		t.Fatalf("session = %+v, %v", session, ok)
	}
	for name, token := range map[string]string{"refresh": tokens.Refresh, "cut": tokens.Token[:len(tokens.Token)-2], "empty": "", "unsigned": "eyJhbGciOiJub25lIn0.e30."} {
		if _, ok := f.ParseSession(token); ok {
			t.Errorf("the %s token passes for a session", name)
		}
	}
	if _, ok := store.New(store.Options{Now: c.now, SigningKey: "other"}).ParseSession(tokens.Token); ok {
		t.Error("a token passes under another key")
	}
	c.advance(61 * time.Second)
	if _, ok := f.ParseSession(tokens.Token); ok {
		t.Error("a session outlives its token")
	}
	renewed, err := f.RefreshSession(tokens.Refresh, nil)
	f.must(err)
	if _, ok := f.ParseSession(renewed.Token); !ok || renewed.Session.Vars["k"] != "v" || renewed.Session.TokenID != session.TokenID {
		t.Errorf("renewed session = %+v, %v", renewed.Session, ok)
	}
	c.advance(time.Hour)
	if _, err := f.RefreshSession(tokens.Refresh, nil); err == nil {
		t.Error("a refresh token outlives its time")
	}
	generated, exp, err := f.nk.AuthenticateTokenGenerate(id.String(), "", c.at.Unix()+5, nil)
	f.must(err)
	if s, ok := f.ParseSession(generated); !ok || s.ExpiresAt != exp || s.Username == "" {
		t.Errorf("generated token = %+v, %v; want one until %d", s, ok, exp)
	}
}

func TestSession_End(t *testing.T) {
	c := newClock()
	f := newFixture(t, store.Options{Now: c.now})
	id := uuid.MustParse(f.user("ada"))
	one, two := f.StartSession(id, "ada", nil), f.StartSession(id, "ada", nil)
	f.must(f.nk.SessionLogout(id.String(), one.Token, ""))
	if _, ok := f.ParseSession(one.Token); ok {
		t.Error("a session outlives its logout")
	}
	if _, ok := f.ParseSession(two.Token); !ok {
		t.Error("a logout ends another session")
	}
	if _, err := f.RefreshSession(one.Refresh, nil); err != nil {
		t.Errorf("a logout of the session alone ends its refresh token: %v", err)
	}
	c.advance(time.Second)
	f.must(f.nk.SessionLogout(id.String(), "", ""))
	if _, ok := f.ParseSession(two.Token); ok {
		t.Error("a session outlives a logout of all")
	}
	if _, err := f.RefreshSession(two.Refresh, nil); err == nil {
		t.Error("a refresh token outlives a logout of all")
	}
	if _, ok := f.ParseSession(f.StartSession(id, "ada", nil).Token); !ok {
		t.Error("a logout of all ends sessions to come")
	}
}

func TestAccount_Ban(t *testing.T) {
	c := newClock()
	f := newFixture(t, store.Options{Now: c.now})
	id := f.user("ada")
	tokens := f.StartSession(uuid.MustParse(id), "ada", nil)
	c.advance(time.Second)
	f.must(f.nk.UsersBanId(ctx, []string{id}))
	if len(f.disconnected) != 1 || f.disconnected[0] != id {
		t.Errorf("disconnected %v; want the banned user", f.disconnected)
	}
	if _, ok := f.ParseSession(tokens.Token); ok {
		t.Error("a session outlives a ban")
	}
	var refusal *store.Error
	if _, _, _, err := f.nk.AuthenticateDevice(ctx, "device-of-ada", "", true); !errors.As(err, &refusal) || refusal.Code != store.PermissionDenied || refusal.Message != "User account banned." {
		t.Errorf("login of the banned = %v", err)
	}
	if account, _ := f.nk.AccountGetId(ctx, id); account.DisableTime == nil {
		t.Error("a module does not see the ban")
	}
	f.must(f.nk.UsersUnbanId(ctx, []string{id}))
	if _, _, created, err := f.nk.AuthenticateDevice(ctx, "device-of-ada", "", true); err != nil || created {
		t.Errorf("login after the ban = %v, %v", created, err)
	}
}

func TestAccount_Delete(t *testing.T) {
	f := newFixture(t, store.Options{})
	a, b := f.user("ada"), f.user("bob")
	f.must(f.nk.FriendsBlock(ctx, b, "bob", []string{a}, nil))
	f.must(f.nk.NotificationSend(ctx, a, "s", nil, 1, "", true))
	f.must(f.nk.AccountDeleteId(ctx, a, true))
	f.must(f.nk.AccountDeleteId(ctx, a, true)) // nobody: no error
	if len(f.disconnected) != 1 || f.disconnected[0] != a {
		t.Errorf("disconnected %v; want the deleted user, once", f.disconnected)
	}
	if list, _, _ := f.nk.FriendsList(ctx, b, 10, nil, ""); len(list) != 0 {
		t.Errorf("friends of bob = %v; want none", list)
	}
	if list, _, _ := f.nk.NotificationsList(ctx, a, 0, ""); len(list) != 0 {
		t.Errorf("notifications = %v; want none", list)
	}
	if again := f.user("ada"); again == a { // device and name are free
		t.Error("a deleted account came back")
	}
}

func TestAccounts_Get(t *testing.T) {
	f := newFixture(t, store.Options{Online: func(id string) bool { return true }})
	a, b := f.user("ada"), f.user("bob")
	list, err := f.nk.AccountsGetId(ctx, []string{a, uuid.NewString()}, []string{"device-of-bob", "device-of-ada"})
	f.must(err)
	if len(list) != 2 || list[0].Devices[0].Id == list[1].Devices[0].Id || !list[0].User.Online {
		t.Errorf("accounts = %v; want ada and bob, each once", list)
	}
	if users, _ := f.nk.UsersGetRandom(ctx, 10); len(users) != 2 {
		t.Errorf("random users = %v; want both and not the system user", users)
	}
	if users, _ := f.nk.UsersGetId(ctx, []string{uuid.Nil.String(), b}, nil); len(users) != 2 {
		t.Errorf("users = %v; want the system user and bob", users)
	}
}

// TestStore_Race lets many clients use everything at once. It has no expectation but
// the race detector's, and that one device makes one account.
func TestStore_Race(t *testing.T) {
	f := newFixture(t, store.Options{})
	s := store.New(store.Options{})
	nk := s.Module()
	var wg sync.WaitGroup
	ids := make([]string, 64)
	for i := range ids {
		wg.Go(func() {
			id, _, _, err := nk.AuthenticateDevice(ctx, fmt.Sprintf("device-%06d", i/2), "", true)
			if err != nil {
				t.Error(err)
			}
			ids[i] = id
		})
	}
	wg.Wait()
	for i := 0; i < len(ids); i += 2 {
		if ids[i] != ids[i+1] {
			t.Fatalf("one device has the accounts %s and %s", ids[i], ids[i+1])
		}
	}
	group, err := nk.GroupCreate(ctx, ids[0], "crew", "", "", "", "", true, nil, 20)
	f.must(err)
	for i, id := range ids {
		wg.Go(func() {
			other := ids[(i+2)%len(ids)]
			_ = nk.FriendsAdd(ctx, id, "x", []string{other}, nil, nil)
			_ = nk.GroupUserJoin(ctx, group.Id, id, "x")
			_ = nk.NotificationSend(ctx, other, "s", nil, 1, id, true)
			_ = nk.AccountUpdateId(ctx, id, "", nil, fmt.Sprint(i), "", "", "", "")
			_, _, _ = nk.FriendsList(ctx, id, 10, nil, "")
			_, _, _ = nk.GroupUsersList(ctx, group.Id, 100, nil, "")
			_, _ = nk.AccountGetId(ctx, other)
			_, _, _ = nk.NotificationsList(ctx, id, 0, "")
			tokens := s.StartSession(uuid.MustParse(id), "x", nil)
			_, _ = s.ParseSession(tokens.Token)
			_ = nk.SessionLogout(id, tokens.Token, tokens.Refresh)
			_ = nk.FriendsDelete(ctx, id, "x", []string{other}, nil)
			_ = nk.GroupUserLeave(ctx, group.Id, id, "x")
		})
	}
	wg.Wait()
}

// TestFriends_Invariants makes random moves among a few users and then asks what must
// always hold: counts match, and the two sides of an edge agree.
func TestFriends_Invariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nk := store.New(store.Options{}).Module()
		ids := make([]string, 4)
		for i := range ids {
			ids[i], _, _, _ = nk.AuthenticateDevice(ctx, fmt.Sprintf("device-%03d", i), fmt.Sprintf("user%d", i), true)
		}
		pair := func(t *rapid.T) (string, string, string) {
			i := rapid.IntRange(0, len(ids)-1).Draw(t, "who")
			j := (i + rapid.IntRange(1, len(ids)-1).Draw(t, "whom")) % len(ids)
			return ids[i], fmt.Sprintf("user%d", i), ids[j]
		}
		state := func(from, to string) int32 {
			list, _ := nk.UsersGetFriendStatus(ctx, from, []string{to})
			if len(list) == 0 {
				return -1
			}
			return list[0].State.Value
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				who, name, whom := pair(t)
				blocked := state(whom, who) == 3 || state(who, whom) == 3
				before := state(who, whom)
				_ = nk.FriendsAdd(ctx, who, name, []string{whom}, nil, nil)
				if blocked && state(who, whom) != before {
					t.Fatal("asking went through a block")
				}
			},
			"delete": func(t *rapid.T) {
				who, name, whom := pair(t)
				block := state(whom, who) == 3
				_ = nk.FriendsDelete(ctx, who, name, []string{whom}, nil)
				if state(who, whom) != -1 || block != (state(whom, who) == 3) {
					t.Fatal("a delete left an edge or lifted a foreign block")
				}
			},
			"block": func(t *rapid.T) {
				who, name, whom := pair(t)
				_ = nk.FriendsBlock(ctx, who, name, []string{whom}, nil)
				if state(who, whom) != 3 {
					t.Fatal("a block did not hold")
				}
			},
			"": func(t *rapid.T) {
				mirror := map[int32]int32{0: 0, 1: 2, 2: 1}
				for _, from := range ids {
					list, _, _ := nk.FriendsList(ctx, from, 100, nil, "")
					account, _ := nk.AccountGetId(ctx, from)
					if int(account.User.EdgeCount) != len(list) {
						t.Fatalf("edge_count %d of %d edges", account.User.EdgeCount, len(list))
					}
					for _, f := range list {
						back := state(f.User.Id, from)
						if want, ok := mirror[f.State.Value]; ok && back != want || !ok && back != -1 && back != 3 {
							t.Fatalf("an edge in state %d has %d on the other side", f.State.Value, back)
						}
					}
				}
			},
		})
	})
}
