package judge

import (
	"context"
	"time"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
	"partyline/party/rules"
)

// FactTTL is for how long accounts and groups may be remembered: a player whose level
// has just risen waits no longer than that for a rule to see it.
const FactTTL = 5 * time.Second

// Host is the part of runtime.NakamaModule that facts are read from.
type Host interface {
	UsersGetFriendStatus(ctx context.Context, userID string, userIDs []string) ([]*api.Friend, error)
	UsersGetId(ctx context.Context, userIDs, facebookIDs []string) ([]*api.User, error)
	UserGroupsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error)
}

// loader reads facts from the host's database.
type loader struct {
	host   Host
	blocks party.BlockList
}

var _ rules.Loader = loader{}

// Load makes the loader of a judge. Accounts and groups are remembered for [FactTTL].
func Load(host Host, blocks party.BlockList, now party.Clock) rules.Loader {
	return rules.Cached(loader{host: host, blocks: blocks}, FactTTL, now)
}

// Accounts finds users in one query; deleted ones are left out.
func (l loader) Accounts(ctx context.Context, userIDs []string) (map[string]rules.Account, error) {
	users, err := l.host.UsersGetId(ctx, userIDs, nil)
	if err != nil {
		return nil, err
	}
	accounts := make(map[string]rules.Account, len(users))
	for _, u := range users {
		accounts[u.GetId()] = rules.Account{DisplayName: u.GetDisplayName(), Metadata: u.GetMetadata(), CreatedAt: u.GetCreateTime().AsTime()}
	}
	return accounts, nil
}

const (
	groupsPage = 100
	groupPages = 10 // most pages read of one user's groups
)

// Groups lists the groups the user is in. The host tells of requests to join as well.
func (l loader) Groups(ctx context.Context, userID string) ([]rules.GroupFacts, error) {
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

// Friends lists those of others who are friends of the user, both having agreed.
func (l loader) Friends(ctx context.Context, userID string, others []string) ([]string, error) {
	relations, err := l.host.UsersGetFriendStatus(ctx, userID, others)
	if err != nil {
		return nil, err
	}
	var friends []string
	for _, r := range relations {
		if r.GetState().GetValue() == int32(api.Friend_FRIEND) {
			friends = append(friends, r.GetUser().GetId())
		}
	}
	return friends, nil
}

// Blocked looks on both sides.
func (l loader) Blocked(ctx context.Context, userID string, others []string) (bool, error) {
	blocked, err := l.blocks.With(ctx, userID, others)
	return len(blocked) > 0, err
}
