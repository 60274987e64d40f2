package party

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

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

// lookupsAtOnce bounds the look-ups one call of Among has under way.
const lookupsAtOnce = 8

// Among answers those of others who block the user or are blocked by it, in their
// order. It costs one look-up for all of them, and one more, some at a time, for each
// other who is neither friend nor invited: blocking somebody ends what they had on
// their side, so a relation of any other kind proves that there is no block behind it.
func (b Blocks) Among(ctx context.Context, userID string, others []string) ([]string, error) {
	others = slices.DeleteFunc(slices.Clone(others), func(o string) bool { return o == userID })
	if len(others) == 0 {
		return nil, nil
	}
	own, err := b.friendships.UsersGetFriendStatus(ctx, userID, others)
	if err != nil {
		return nil, err
	}
	blocked := make([]bool, len(others))
	unrelated := make([]bool, len(others))
	for i, other := range others {
		at := slices.IndexFunc(own, func(f *api.Friend) bool { return f.GetUser().GetId() == other })
		unrelated[i] = at < 0
		blocked[i] = at >= 0 && isBlock(own[at])
	}
	errs := make([]error, len(others))
	free := make(chan struct{}, lookupsAtOnce)
	var wg sync.WaitGroup
	for i, other := range others {
		if !unrelated[i] {
			continue
		}
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			blocked[i], errs[i] = b.blocks(ctx, other, userID)
		})
	}
	wg.Wait()
	var among []string
	for i, other := range others {
		if blocked[i] {
			among = append(among, other)
		}
	}
	return among, errors.Join(errs...)
}

// blocks reports whether who blocks whom. It runs in a goroutine of its own, where a
// panic would end the process.
func (b Blocks) blocks(ctx context.Context, who, whom string) (is bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("block look-up panicked: %v", p)
		}
	}()
	theirs, err := b.friendships.UsersGetFriendStatus(ctx, who, []string{whom})
	return err == nil && slices.ContainsFunc(theirs, isBlock), err
}

func isBlock(f *api.Friend) bool { return f.GetState().GetValue() == int32(api.Friend_BLOCKED) }

// MemberStatus is what a member last told of itself.
type MemberStatus struct {
	Stage     string
	Progress  *float64 // 0..1; nil where none was set
	Text      string
	Stalled   bool // no progress for longer than the rules' status.stall
	UpdatedAt time.Time
}

// Statuses answers the statuses of a party's members by session ID.
type Statuses func(ctx context.Context, id ID) (map[string]MemberStatus, error)

// MatchOf answers the match a party is in; empty for none.
type MatchOf func(ctx context.Context, id ID) (string, error)
