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

// Block says that the user By blocks the user Of.
type Block struct{ By, Of string }

// Between reports whether the block is between a user of some and a user of others, in either direction.
func (b Block) Between(some, others []string) bool {
	return slices.Contains(some, b.By) && slices.Contains(others, b.Of) ||
		slices.Contains(some, b.Of) && slices.Contains(others, b.By)
}

// Friendships reads the relations between users. A block shows only in those of the user who made it.
type Friendships interface {
	UsersGetFriendStatus(ctx context.Context, userID string, userIDs []string) ([]*api.Friend, error)
	FriendsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.Friend, string, error)
}

// BlockList reads blocks between any number of users at once. Safe for concurrent use.
type BlockList struct {
	db      *sql.DB
	friends Friendships
}

// NewBlockList reads the host's database, or asks the host for one user at a time if there is none (embedded engine).
func NewBlockList(db *sql.DB, friends Friendships) BlockList { return BlockList{db, friends} }

const friendsPage = 1000

// mostBlocks bounds a list of blocks, because nothing else does.
const mostBlocks = 1000

// By lists the blocks that the users made, mostBlocks at most, in one query.
func (b BlockList) By(ctx context.Context, users []string) ([]Block, error) {
	if b.db != nil {
		return b.query(ctx, fmt.Sprintf(`SELECT source_id, destination_id FROM user_edge
			WHERE state = 3 AND source_id = ANY(string_to_array($1, ',')::UUID[]) LIMIT %d`, mostBlocks), users)
	}
	blocks, err := b.list(ctx, users)
	return blocks[:min(len(blocks), mostBlocks)], err
}

// list is By without a database.
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

// With returns those of others who block the user or are blocked by them, in the order of others, in one query.
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

// lookUp finds blocks without a database, in one call and one more for each user without a relation. A user who blocks
// somebody ends that person's relation to them. So any other relation proves that there is no block.
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

// Friends returns those of others who are friends of the user, with both sides' consent, in one query.
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

// Strangers returns those of others who are not friends of the user, in the order of others.
func (b BlockList) Strangers(ctx context.Context, userID string, others []string) ([]string, error) {
	friends, err := b.Friends(ctx, userID, others)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(others), func(other string) bool { return slices.Contains(friends, other) }), nil
}

// queryTime is the longest time for a query.
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
	ctx, cancel := bounded.Uncancelled(ctx, queryTime)
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
