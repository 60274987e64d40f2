package share_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/share"
)

// queries counts the database queries of a share.
type queries struct {
	*partytest.Host
	party.BlockList
	n int
}

func (q *queries) FriendsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.Friend, string, error) {
	q.n++
	return q.Host.FriendsList(ctx, userID, limit, state, cursor)
}

func (q *queries) GroupUsersList(ctx context.Context, groupID string, limit int, state *int, cursor string) ([]*api.GroupUserList_GroupUser, string, error) {
	q.n++
	return q.Host.GroupUsersList(ctx, groupID, limit, state, cursor)
}

func (q *queries) UserGroupsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error) {
	q.n++
	return q.Host.UserGroupsList(ctx, userID, limit, state, cursor)
}

func (q *queries) UsersGetId(ctx context.Context, ids, facebook []string) ([]*api.User, error) {
	q.n++
	return q.Host.UsersGetId(ctx, ids, facebook)
}

func (q *queries) With(ctx context.Context, userID string, others []string) ([]string, error) {
	q.n++
	return q.BlockList.With(ctx, userID, others)
}

func (q *queries) Strangers(ctx context.Context, userID string, others []string) ([]string, error) {
	if len(others) > 0 {
		q.n++
	}
	return q.BlockList.Strangers(ctx, userID, others)
}

// If the group takes more than one page, the share reads the caller's own groups, unless the first page contains the
// caller.
func TestService_Share_queriesOfALargeGroup(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(1502)
	slices.SortFunc(p, func(a, b party.Session) int { return strings.Compare(a.UserID, b.UserID) }) // the order of the pages
	group := w.host.Group(ids(p[:1501]...)...)
	q := &queries{Host: w.host, BlockList: party.NewBlockList(nil, w.host)}
	w.deps.Social, w.deps.Blocks, w.deps.News = q, q, &party.News{}
	s := share.New(w.deps)
	t.Cleanup(s.Close)
	for _, c := range []struct {
		who    party.Session
		reason party.Reason
		n      int
	}{{p[0], "", 3}, {p[1500], "", 4}, {p[1501], party.NotMember, 2}} {
		id := w.party(4, c.who)
		q.n = 0
		a, err := s.Share(t.Context(), caller(c.who), share.Request{PartyID: id.String(), To: share.To{GroupID: group}})
		if party.ReasonOf(err) != c.reason || q.n != c.n || c.reason == "" && a.Delivered.Group != 200 {
			t.Errorf("Share = %+v, %v with %d queries; want %q and 200 told with %d", a.Delivered, err, q.n, c.reason, c.n)
		}
	}
	if told := len(w.host.Notices()); told != 400 {
		t.Errorf("%d were told; want 400", told)
	}
}

func TestService_Share_queries(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(251)
	id := w.party(4, p[0])
	var named []string
	for i, s := range p[1:] {
		if i < 220 {
			w.host.Befriend(p[0].UserID, s.UserID)
		}
		if i < 100 {
			named = append(named, s.UserID)
		}
	}
	group := w.host.Group(ids(p...)...)
	q := &queries{Host: w.host, BlockList: party.NewBlockList(nil, w.host)}
	w.deps.Social, w.deps.Blocks, w.deps.News = q, q, &party.News{}
	s := share.New(w.deps)
	t.Cleanup(s.Close)
	for _, c := range []struct {
		to   share.To
		want share.Delivered
		most int
	}{
		{share.To{Friends: true}, share.Delivered{Friends: 200}, 2},
		{share.To{UserIDs: named}, share.Delivered{Users: 100}, 3},
		{share.To{GroupID: group}, share.Delivered{Group: 200}, 3},
	} {
		q.n = 0
		a, err := s.Share(t.Context(), caller(p[0]), share.Request{PartyID: id.String(), To: c.to})
		w.must(err)
		if a.Delivered != c.want || q.n > c.most {
			t.Errorf("delivered %+v with %d queries; want %+v with %d at most", a.Delivered, q.n, c.want, c.most)
		}
	}
}
