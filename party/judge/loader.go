package judge

import (
	"context"
	"time"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/internal/cache"
	"partyline/party"
	"partyline/party/rules"
)

// FactTTL is for how long accounts and groups may be remembered: a player whose level
// has just risen waits no longer than that for a rule to see it.
const FactTTL = 5 * time.Second

// Host is the part of runtime.NakamaModule that facts are read from.
type Host interface {
	party.Users
	UserGroupsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error)
}

// mostRemembered bounds how many users' accounts, and how many users' groups, are remembered.
const mostRemembered = 20_000

// loader reads facts from the host's database. It remembers accounts and groups, which
// spares the reads of a player who acts several times in a row. Friends and blocks are
// always read: a block holds at once.
type loader struct {
	host Host
	party.BlockList
	accounts *cache.Cache[string, rules.Account]
	groups   *cache.Cache[string, []rules.GroupFacts]
}

// Load makes the loader of a judge. Accounts and groups are remembered for [FactTTL].
func Load(host Host, blocks party.BlockList, now party.Clock) rules.Loader {
	return loader{
		host: host, BlockList: blocks,
		accounts: cache.New[string, rules.Account](now, mostRemembered, FactTTL),
		groups:   cache.New[string, []rules.GroupFacts](now, mostRemembered, FactTTL),
	}
}

// Accounts finds users in one query, those apart that are remembered; deleted ones are left out.
func (l loader) Accounts(ctx context.Context, userIDs []string) (map[string]rules.Account, error) {
	accounts := make(map[string]rules.Account, len(userIDs))
	var missing []string
	for _, id := range userIDs {
		if known, ok := l.accounts.Kept(id); ok {
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
	groupsPage = 100
	groupPages = 10 // most pages read of one user's groups
)

// Groups lists the groups the user is in.
func (l loader) Groups(ctx context.Context, userID string) ([]rules.GroupFacts, error) {
	return l.groups.Get(ctx, userID, func(ctx context.Context) ([]rules.GroupFacts, error) { return l.readGroups(ctx, userID) })
}

// readGroups leaves out requests to join, which the host lists as well.
func (l loader) readGroups(ctx context.Context, userID string) ([]rules.GroupFacts, error) {
	var groups []rules.GroupFacts
	cursor := ""
	for range groupPages {
		list, next, err := l.host.UserGroupsList(ctx, userID, groupsPage, nil, cursor)
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

// Blocked looks on both sides.
func (l loader) Blocked(ctx context.Context, userID string, others []string) (bool, error) {
	blocked, err := l.With(ctx, userID, others)
	return len(blocked) > 0, err
}
