package party

import (
	"context"
	"slices"

	"github.com/heroiclabs/nakama-common/api"
)

// Friendships tells how one user stands to others; a block shows on the side of
// whoever blocked alone.
type Friendships interface {
	UsersGetFriendStatus(ctx context.Context, userID string, userIDs []string) ([]*api.Friend, error)
}

// Blocks finds blocks over [Friendships].
type Blocks struct{ friendships Friendships }

// NewBlocks makes one.
func NewBlocks(f Friendships) Blocks { return Blocks{f} }

// Among answers those of others who block the user or are blocked by it, in their
// order. It costs one look-up for all of them, and one more for each other who is
// neither friend nor invited: blocking somebody ends what they had on their side, so
// a relation of any other kind proves that there is no block behind it.
func (b Blocks) Among(ctx context.Context, userID string, others []string) ([]string, error) {
	others = slices.DeleteFunc(slices.Clone(others), func(o string) bool { return o == userID })
	if len(others) == 0 {
		return nil, nil
	}
	own, err := b.friendships.UsersGetFriendStatus(ctx, userID, others)
	if err != nil {
		return nil, err
	}
	state := map[string]int32{}
	for _, f := range own {
		state[f.GetUser().GetId()] = f.GetState().GetValue()
	}
	var blocked []string
	for _, other := range others {
		if s, related := state[other]; related {
			if s == int32(api.Friend_BLOCKED) {
				blocked = append(blocked, other)
			}
			continue
		}
		theirs, err := b.friendships.UsersGetFriendStatus(ctx, other, []string{userID})
		if err != nil {
			return nil, err
		}
		if len(theirs) > 0 && theirs[0].GetState().GetValue() == int32(api.Friend_BLOCKED) {
			blocked = append(blocked, other)
		}
	}
	return blocked, nil
}

// MemberStatus is what a member last told of itself.
type MemberStatus struct {
	Stage    string
	Progress *float64 // 0..1; nil where none was set
	Text     string
}

// Statuses answers the statuses of a party's members by session ID.
type Statuses func(ctx context.Context, id ID) (map[string]MemberStatus, error)

// MatchOf answers the match a party is in; empty for none.
type MatchOf func(ctx context.Context, id ID) (string, error)
