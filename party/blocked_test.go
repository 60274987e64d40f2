package party_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strconv"
	"testing"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/local/partytest"
	"partyline/party"
)

func TestBlockList_With(t *testing.T) {
	h := partytest.NewHost()
	me, friend, stranger, blocks, blocked := h.User("me"), h.User("friend"), h.User("stranger"), h.User("blocks"), h.User("blocked")
	h.Befriend(me, friend)
	h.Block(blocks, me)
	h.Block(me, blocked)
	b := party.NewBlockList(nil, h)
	for _, c := range []struct {
		others, want []string
		lookups      int
	}{
		{nil, nil, 0},
		{[]string{me}, nil, 0},
		{[]string{friend, me}, nil, 1},
		{[]string{stranger}, nil, 2},
		{[]string{blocked}, []string{blocked}, 1},
		{[]string{friend, stranger, blocked, blocks}, []string{blocked, blocks}, 3},
	} {
		before := h.FriendLookups()
		got, err := b.With(t.Context(), me, c.others)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("With(%v) = %v, %v; want %v", c.others, got, err, c.want)
		}
		if n := h.FriendLookups() - before; n != c.lookups {
			t.Errorf("With(%v) costs %d look-ups; want %d", c.others, n, c.lookups)
		}
	}
}

// blocksMany is a user who has blocked three pages of others.
type blocksMany struct{ party.Friendships }

func (blocksMany) FriendsList(_ context.Context, _ string, limit int, _ *int, cursor string) (page []*api.Friend, next string, err error) {
	for i := range limit {
		page = append(page, &api.Friend{User: &api.User{Id: cursor + strconv.Itoa(i)}})
	}
	if next = cursor + "x"; next == "xxx" {
		next = ""
	}
	return page, next, nil
}

// A list has at most a thousand blocks of one user. Between two users each block counts.
func TestBlockList_OfWhoBlocksMany(t *testing.T) {
	b := party.NewBlockList(nil, blocksMany{})
	if got, err := b.By(t.Context(), []string{"me"}); len(got) != 1000 || err != nil {
		t.Errorf("By lists %d, %v; want 1000", len(got), err)
	}
	if got, err := b.Among(t.Context(), []string{"me", "xx999"}); !slices.Contains(got, party.Block{By: "me", Of: "xx999"}) || err != nil {
		t.Errorf("Among = %v, %v; want the last block", got, err)
	}
}

// waitingDB is a database with one query, which returns one block. It waits until the test lets it continue.
type waitingDB struct{ arrived, goes chan struct{} }

func (w waitingDB) Connect(context.Context) (driver.Conn, error) { return w, nil }
func (w waitingDB) Driver() driver.Driver                        { return nil }
func (waitingDB) Prepare(string) (driver.Stmt, error)            { return nil, errors.ErrUnsupported }
func (waitingDB) Begin() (driver.Tx, error)                      { return nil, errors.ErrUnsupported }
func (waitingDB) Close() error                                   { return nil }

func (w waitingDB) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	close(w.arrived)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.goes:
		return &oneBlock{}, nil
	}
}

type oneBlock struct{ read bool }

func (*oneBlock) Columns() []string { return []string{"source_id", "destination_id"} }
func (*oneBlock) Close() error      { return nil }

func (o *oneBlock) Next(row []driver.Value) error {
	if o.read {
		return io.EOF
	}
	o.read, row[0], row[1] = true, "a", "b"
	return nil
}

// A query does not end when the caller's connection ends, because the pool would lose a connection. It does not start
// for a caller who has gone already.
func TestBlockList_QueryOutlivesItsCaller(t *testing.T) {
	w := waitingDB{make(chan struct{}), make(chan struct{})}
	db := sql.OpenDB(w)
	defer db.Close()
	b := party.NewBlockList(db, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-w.arrived
		cancel()
		close(w.goes)
	}()
	if got, err := b.Among(ctx, []string{"a", "b"}); err != nil || !slices.Equal(got, []party.Block{{By: "a", Of: "b"}}) {
		t.Errorf("Among = %v, %v", got, err)
	}
	if _, err := b.Among(ctx, []string{"a", "b"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Among of a caller that has gone: %v", err)
	}
}
