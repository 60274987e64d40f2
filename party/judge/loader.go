package judge

import (
	"context"
	"time"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/internal/cache"
	"partyline/party"
	"partyline/party/rules"
)

// FactTTL is how long accounts and groups may be cached. A rule sees a player's new level after at most that
// time.
const FactTTL = 5 * time.Second

// Host is the part of runtime.NakamaModule that facts are read from.
type Host interface {
	party.Users
	UserGroupsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error)
}

// maxCachedUsers limits the users in the cache of accounts, and in that of groups.
const maxCachedUsers = 20_000

// loader reads facts from the host's database. It caches accounts and groups, which saves reads for a player
// who acts several times in a row. It always reads friends and blocks, because a block has to take effect at
// once.
type loader struct {
	host Host
	party.BlockList
	accounts *cache.Cache[string, rules.Account]
	groups   *cache.Cache[string, []rules.GroupFacts]
}

// NewLoader makes the loader of a judge. It caches accounts and groups for [FactTTL].
func NewLoader(host Host, blocks party.BlockList, now party.Clock) rules.Loader {
	return loader{
		host: host, BlockList: blocks,
		accounts: cache.New[string, rules.Account](now, maxCachedUsers, FactTTL),
		groups:   cache.New[string, []rules.GroupFacts](now, maxCachedUsers, FactTTL),
	}
}

// Accounts reads all users that are not cached in one query. It leaves out deleted ones.
func (l loader) Accounts(ctx context.Context, userIDs []string) (map[string]rules.Account, error) {
	accounts := make(map[string]rules.Account, len(userIDs))
	var missing []string
	for _, id := range userIDs {
		if known, ok := l.accounts.Peek(id); ok {
			accounts[id] = known
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return accounts, nil
	}
	users, err := l.host.UsersGetId(ctx, missing, nil)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		a := rules.Account{DisplayName: u.GetDisplayName(), Metadata: u.GetMetadata(), CreatedAt: u.GetCreateTime().AsTime()}
		accounts[u.GetId()] = a
		l.accounts.Put(u.GetId(), a)
	}
	return accounts, nil
}

const (
	groupsPageSize = 100
	maxGroupPages  = 10 // pages read for one user, at most
)

func (l loader) Groups(ctx context.Context, userID string) ([]rules.GroupFacts, error) {
	return l.groups.Get(ctx, userID, func(ctx context.Context) ([]rules.GroupFacts, error) { return l.readGroups(ctx, userID) })
}

// readGroups reads the user's groups. It leaves out requests to join, which the host lists too.
func (l loader) readGroups(ctx context.Context, userID string) ([]rules.GroupFacts, error) {
	var groups []rules.GroupFacts
	cursor := ""
	for range maxGroupPages {
		list, next, err := l.host.UserGroupsList(ctx, userID, groupsPageSize, nil, cursor)
		if err != nil {
			return nil, err
		}
		for _, g := range list {
			state := api.UserGroupList_UserGroup_State(g.GetState().GetValue())
			if state > api.UserGroupList_UserGroup_MEMBER {
				continue
			}
			groups = append(groups, rules.GroupFacts{
				ID: g.GetGroup().GetId(), Name: g.GetGroup().GetName(), Admin: state <= api.UserGroupList_UserGroup_ADMIN,
			})
		}
		if next == "" {
			break
		}
		cursor = next
	}
	return groups, nil
}

// Blocked reports whether the user blocks one of others, or one of others blocks the user.
func (l loader) Blocked(ctx context.Context, userID string, others []string) (bool, error) {
	blocked, err := l.With(ctx, userID, others)
	return len(blocked) > 0, err
}
