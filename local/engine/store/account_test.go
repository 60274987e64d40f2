package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
	"pgregory.net/rapid"

	"partyline/local/engine/store"
)

// clock stands still until a test moves it.
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
	f.must(f.EndSession(id, one.Token, ""))
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
	f.must(f.EndSession(id, "", ""))
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

func TestAccount_Delete(t *testing.T) {
	f := newFixture(t, store.Options{})
	a, b := f.user("ada"), f.user("bob")
	f.must(f.BlockFriends(uuid.MustParse(b), []uuid.UUID{uuid.MustParse(a)}))
	f.must(f.nk.NotificationsSend(ctx, []*runtime.NotificationSend{{UserID: a, Subject: "s", Code: 1, Persistent: true}}))
	f.must(f.DeleteAccount(uuid.MustParse(a)))
	f.must(f.DeleteAccount(uuid.MustParse(a))) // an unknown account is no error
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
	if users, _ := f.nk.UsersGetId(ctx, []string{uuid.Nil.String(), b}, nil); len(users) != 2 {
		t.Errorf("users = %v; want the system user and bob", users)
	}
}

// TestStore_Race lets many clients do everything at once. It checks only that there are no races and that one device
// makes one account.
func TestStore_Race(t *testing.T) {
	f := newFixture(t, store.Options{})
	s := store.New(store.Options{})
	nk := s.Module()
	var wg sync.WaitGroup
	ids := make([]uuid.UUID, 64)
	for i := range ids {
		wg.Go(func() {
			id, _, _, err := nk.AuthenticateDevice(ctx, fmt.Sprintf("device-%06d", i/2), "", true)
			if err != nil {
				t.Error(err)
			}
			ids[i] = uuid.MustParse(id)
		})
	}
	wg.Wait()
	for i := 0; i < len(ids); i += 2 {
		if ids[i] != ids[i+1] {
			t.Fatalf("one device has the accounts %s and %s", ids[i], ids[i+1])
		}
	}
	group, err := s.CreateGroup(ids[0], uuid.Nil, store.NewGroup{Name: "crew", Open: true, MaxCount: 20})
	f.must(err)
	crew := uuid.MustParse(group.Id)
	for i, id := range ids {
		wg.Go(func() {
			other := ids[(i+2)%len(ids)]
			_ = s.AddFriends(id, "x", []uuid.UUID{other}, "")
			_ = s.JoinGroup(crew, id, "x")
			_ = nk.NotificationsSend(ctx, []*runtime.NotificationSend{{UserID: other.String(), Subject: "s", Code: 1, Sender: id.String(), Persistent: true}})
			_ = s.UpdateAccount(id, store.AccountChange{DisplayName: new(fmt.Sprint(i))})
			_, _, _ = s.Friends(id, 10, nil, "")
			_, _, _ = s.GroupUsers(crew, 100, nil, "")
			_, _ = s.Account(other)
			_, _ = s.Notifications(id, 0, "", false)
			tokens := s.StartSession(id, "x", nil)
			_, _ = s.ParseSession(tokens.Token)
			_ = s.EndSession(id, tokens.Token, tokens.Refresh)
			_ = s.DeleteFriends(id, "x", []uuid.UUID{other})
			_ = s.LeaveGroup(crew, id)
		})
	}
	wg.Wait()
}

// TestFriends_Invariants makes random changes among a few users. Then it checks that counts match and that the two
// sides of an edge agree.
func TestFriends_Invariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := store.New(store.Options{})
		ids := make([]uuid.UUID, 4)
		for i := range ids {
			login, err := s.AuthenticateDevice(fmt.Sprintf("device-%03d", i), fmt.Sprintf("user%d", i), true)
			if err != nil {
				t.Fatal(err)
			}
			ids[i] = uuid.MustParse(login.UserID)
		}
		pair := func(t *rapid.T) (uuid.UUID, string, uuid.UUID) {
			i := rapid.IntRange(0, len(ids)-1).Draw(t, "who")
			j := (i + rapid.IntRange(1, len(ids)-1).Draw(t, "whom")) % len(ids)
			return ids[i], fmt.Sprintf("user%d", i), ids[j]
		}
		state := func(from, to uuid.UUID) int32 {
			list := s.FriendStatus(from, []uuid.UUID{to})
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
				_ = s.AddFriends(who, name, []uuid.UUID{whom}, "")
				if blocked && state(who, whom) != before {
					t.Fatal("asking went through a block")
				}
			},
			"delete": func(t *rapid.T) {
				who, name, whom := pair(t)
				block := state(whom, who) == 3
				_ = s.DeleteFriends(who, name, []uuid.UUID{whom})
				if state(who, whom) != -1 || block != (state(whom, who) == 3) {
					t.Fatal("a delete left an edge or lifted a foreign block")
				}
			},
			"block": func(t *rapid.T) {
				who, _, whom := pair(t)
				_ = s.BlockFriends(who, []uuid.UUID{whom})
				if state(who, whom) != 3 {
					t.Fatal("a block did not hold")
				}
			},
			"": func(t *rapid.T) {
				mirror := map[int32]int32{0: 0, 1: 2, 2: 1}
				for _, from := range ids {
					list, _, _ := s.Friends(from, 100, nil, "")
					account, _ := s.Account(from)
					if int(account.User.EdgeCount) != len(list) {
						t.Fatalf("edge_count %d of %d edges", account.User.EdgeCount, len(list))
					}
					for _, f := range list {
						back := state(uuid.MustParse(f.User.Id), from)
						if want, ok := mirror[f.State.Value]; ok && back != want || !ok && back != -1 && back != 3 {
							t.Fatalf("an edge in state %d has %d on the other side", f.State.Value, back)
						}
					}
				}
			},
		})
	})
}
