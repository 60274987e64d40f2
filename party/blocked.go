package party

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/internal/bounded"
)

// Block is one user's block of another.
type Block struct{ By, Of string }

// Between reports whether the block stands between one of some users and one of others,
// whichever side made it.
func (b Block) Between(some, others []string) bool {
	return slices.Contains(some, b.By) && slices.Contains(others, b.Of) ||
		slices.Contains(some, b.Of) && slices.Contains(others, b.By)
}

// Friendships tells how users stand to others; the host's runtime has it. A block shows on
// the side of the user who blocked alone.
type Friendships interface {
	UsersGetFriendStatus(ctx context.Context, userID string, userIDs []string) ([]*api.Friend, error)
	FriendsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.Friend, string, error)
}

// BlockList reads who blocks whom, for any number of users at once. Safe for concurrent use.
type BlockList struct {
	db      *sql.DB
	friends Friendships
}

// NewBlockList reads the host's database; where the host has none, as the embedded engine,
// it asks the host for one user at a time.
func NewBlockList(db *sql.DB, friends Friendships) BlockList { return BlockList{db, friends} }

const friendsPage = 1000

// mostBlocks bounds a list of blocks: nothing else does.
const mostBlocks = 1000

// By lists blocks that the users made, in one query, mostBlocks at most.
func (b BlockList) By(ctx context.Context, users []string) ([]Block, error) {
	if b.db != nil {
		return b.query(ctx, fmt.Sprintf(`SELECT source_id, destination_id FROM user_edge
			WHERE state = 3 AND source_id = ANY(string_to_array($1, ',')::UUID[]) LIMIT %d`, mostBlocks), users)
	}
	blocks, err := b.list(ctx, users)
	return blocks[:min(len(blocks), mostBlocks)], err
}

// list lists the blocks that the users made without a database.
func (b BlockList) list(ctx context.Context, users []string) (blocks []Block, err error) {
	blocked := int(api.Friend_BLOCKED)
	for _, user := range users {
		for cursor := ""; ; {
			page, next, err := b.friends.FriendsList(ctx, user, friendsPage, &blocked, cursor)
			if err != nil {
				return nil, fmt.Errorf("list whom a user blocks: %w", err)
			}
			for _, f := range page {
				blocks = append(blocks, Block{By: user, Of: f.GetUser().GetId()})
			}
			if cursor = next; cursor == "" {
				break
			}
		}
	}
	return blocks, nil
}

// Among lists the blocks between the users, in one query.
func (b BlockList) Among(ctx context.Context, users []string) ([]Block, error) {
	if b.db != nil {
		return b.query(ctx, `SELECT source_id, destination_id FROM user_edge
			WHERE state = 3 AND source_id = ANY(string_to_array($1, ',')::UUID[])
			AND destination_id = ANY(string_to_array($1, ',')::UUID[])`, users)
	}
	all, err := b.list(ctx, users)
	return slices.DeleteFunc(all, func(block Block) bool { return !slices.Contains(users, block.Of) }), err
}

// With returns those of others who block the user or are blocked by them, in their order. It
// is one query, or what [BlockList.lookUp] costs where there is no database.
func (b BlockList) With(ctx context.Context, userID string, others []string) ([]string, error) {
	others = slices.DeleteFunc(slices.Clone(others), func(o string) bool { return o == userID })
	if len(others) == 0 {
		return nil, nil
	}
	if b.db == nil {
		return b.lookUp(ctx, userID, others)
	}
	blocks, err := b.query(ctx, `SELECT source_id, destination_id FROM user_edge
		WHERE state = 3 AND (source_id = $2::UUID AND destination_id = ANY(string_to_array($1, ',')::UUID[])
		OR destination_id = $2::UUID AND source_id = ANY(string_to_array($1, ',')::UUID[]))`, others, userID)
	if err != nil {
		return nil, err
	}
	free := func(other string) bool {
		return !slices.ContainsFunc(blocks, func(block Block) bool { return block.By == other || block.Of == other })
	}
	return slices.DeleteFunc(others, free), nil
}

// lookUp finds blocks without a database. It costs one look-up for all of the others, and one more
// for each who is neither friend nor invited: blocking somebody ends what they had on their side,
// so a relation of any other kind proves that there is no block behind it.
func (b BlockList) lookUp(ctx context.Context, userID string, others []string) (among []string, err error) {
	own, err := b.friends.UsersGetFriendStatus(ctx, userID, others)
	if err != nil {
		return nil, err
	}
	for _, other := range others {
		relations := slices.DeleteFunc(slices.Clone(own), func(f *api.Friend) bool { return f.GetUser().GetId() != other })
		if len(relations) == 0 {
			if relations, err = b.friends.UsersGetFriendStatus(ctx, other, []string{userID}); err != nil {
				return nil, err
			}
		}
		if slices.ContainsFunc(relations, func(f *api.Friend) bool { return f.GetState().GetValue() == int32(api.Friend_BLOCKED) }) {
			among = append(among, other)
		}
	}
	return among, nil
}

// Friends returns those of others who are friends of the user, both having agreed. It is one
// query.
func (b BlockList) Friends(ctx context.Context, userID string, others []string) (friends []string, err error) {
	if len(others) == 0 {
		return nil, nil
	}
	known, err := b.friends.UsersGetFriendStatus(ctx, userID, others)
	if err != nil {
		return nil, fmt.Errorf("read who is a friend: %w", err)
	}
	for _, f := range known {
		if f.GetState().GetValue() == int32(api.Friend_FRIEND) {
			friends = append(friends, f.GetUser().GetId())
		}
	}
	return friends, nil
}

// Strangers returns those of others who are no friends of the user, in their order.
func (b BlockList) Strangers(ctx context.Context, userID string, others []string) ([]string, error) {
	friends, err := b.Friends(ctx, userID, others)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(others), func(other string) bool { return slices.Contains(friends, other) }), nil
}

// queryTime bounds a query.
const queryTime = 5 * time.Second

func (b BlockList) query(ctx context.Context, query string, users []string, more ...any) (blocks []Block, err error) {
	if len(users) == 0 {
		return nil, nil
	}
	defer func() {
		if err != nil {
			blocks, err = nil, fmt.Errorf("read who blocks whom: %w", err)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := bounded.Whole(ctx, queryTime)
	defer cancel()
	rows, err := b.db.QueryContext(ctx, query, append([]any{strings.Join(users, ",")}, more...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var block Block
		if err := rows.Scan(&block.By, &block.Of); err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
	}
	return blocks, rows.Err()
}
