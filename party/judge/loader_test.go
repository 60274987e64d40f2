package judge_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/judge"
)

// countingHost counts its reads.
type countingHost struct {
	*partytest.Host
	reads map[string]int
	err   error
}

func (h *countingHost) UsersGetId(ctx context.Context, ids, facebook []string) ([]*api.User, error) {
	h.reads["accounts of "+strings.Join(ids, ",")]++
	if h.err != nil {
		return nil, h.err
	}
	return h.Host.UsersGetId(ctx, ids, facebook)
}

func (h *countingHost) UserGroupsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error) {
	h.reads["groups of "+userID]++
	return h.Host.UserGroupsList(ctx, userID, limit, state, cursor)
}

func (h *countingHost) UsersGetFriendStatus(ctx context.Context, userID string, others []string) ([]*api.Friend, error) {
	h.reads["relations to "+strings.Join(others, ",")]++
	return h.Host.UsersGetFriendStatus(ctx, userID, others)
}

func TestLoad_remembers(t *testing.T) {
	w := newWorld(t, "")
	h := &countingHost{Host: w.host, reads: map[string]int{}}
	p := w.host.Players(3)
	u, v, other := p[0].UserID, p[1].UserID, p[2].UserID
	load := judge.NewLoader(h, party.NewBlockList(nil, h), w.clock.Now)
	ctx := t.Context()
	read := func() {
		t.Helper()
		accounts, err := load.Accounts(ctx, []string{u})
		_, err2 := load.Groups(ctx, u)
		_, err3 := load.Friends(ctx, u, []string{v})
		_, err4 := load.Blocked(ctx, u, []string{v})
		if err := errors.Join(err, err2, err3, err4); err != nil || len(accounts) != 1 {
			t.Fatalf("%v, %+v", err, accounts)
		}
	}
	want := func(account, groups, relations int) {
		t.Helper()
		got := [3]int{h.reads["accounts of "+u], h.reads["groups of "+u], h.reads["relations to "+v]}
		if got != [3]int{account, groups, relations} {
			t.Errorf("read %v times; want %v", got, [3]int{account, groups, relations})
		}
	}
	read()
	read()
	want(1, 1, 4) // friends and blocks are always read
	if _, err := load.Groups(ctx, other); err != nil || h.reads["groups of "+other] != 1 {
		t.Errorf("another user was not read: %v", err)
	}
	if both, err := load.Accounts(ctx, []string{u, v}); err != nil || len(both) != 2 || h.reads["accounts of "+v] != 1 {
		t.Errorf("Accounts of two, one of them remembered = %+v, %v; want both, and one read", both, err)
	}
	w.clock.Advance(judge.FactTTL)
	read()
	want(2, 2, 6)

	w.clock.Advance(judge.FactTTL)
	h.err = errDown
	if _, err := load.Accounts(ctx, []string{u}); !errors.Is(err, errDown) {
		t.Errorf("an old value stands in for an error: %v", err)
	}
	h.err = nil
	read()
	want(4, 3, 8)
}
