package party

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/internal/caught"
)

// lookupsAtOnce bounds the look-ups that one call has under way.
const lookupsAtOnce = 8

// lookUp finds blocks without a database. It costs one look-up for all of the others, and one
// more, some at a time, for each who is neither friend nor invited: blocking somebody ends
// what they had on their side, so a relation of any other kind proves that there is no block
// behind it.
func (b BlockList) lookUp(ctx context.Context, userID string, others []string) ([]string, error) {
	own, err := b.friends.UsersGetFriendStatus(ctx, userID, others)
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
func (b BlockList) blocks(ctx context.Context, who, whom string) (is bool, err error) {
	defer caught.As(&err, "look up blocks")
	theirs, err := b.friends.UsersGetFriendStatus(ctx, who, []string{whom})
	return err == nil && slices.ContainsFunc(theirs, isBlock), err
}

func isBlock(f *api.Friend) bool { return f.GetState().GetValue() == int32(api.Friend_BLOCKED) }
