package share

import (
	"context"
	"fmt"
	"slices"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
)

const (
	peoplePage = 1000
	groupsPage = 100
	groupPages = 20 // pages of the caller's own groups that are searched at most
)

type audience struct {
	service       *Service
	caller        string
	maxRecipients int
	known         map[string]int // users seen so far, by their index in candidates; -1: do not notify
	candidates    []candidate
	users         []string // users to notify
	delivered     Delivered
}

type candidate struct {
	id      string
	count   *int
	friend  bool // of the caller
	group   bool // is in the group
	blocked bool // there is a block between them and the caller
}

// audience collects the users to notify, in the order: named users, friends, group. It reads blocks and friends once
// for all of them. It uses up no rate limit.
func (s *Service) audience(ctx context.Context, c party.Caller, v party.View, to To) (*audience, error) {
	a := &audience{service: s, caller: c.UserID, maxRecipients: s.Policy().Limits.ShareRecipients, known: map[string]int{c.UserID: -1}}
	for _, m := range v.Members {
		a.known[m.UserID] = -1
	}
	if err := party.CheckUsers(ctx, "to.user_ids", s.Social, to.UserIDs); err != nil {
		return nil, err
	}
	a.add(to.UserIDs, candidate{count: &a.delivered.Users})
	if to.Friends {
		if err := a.addFriends(ctx); err != nil {
			return nil, err
		}
	}
	if to.GroupID != "" {
		if err := a.addGroup(ctx, to.GroupID); err != nil {
			return nil, err
		}
	}
	return a, a.readRelations(ctx)
}

// add adds users that are not known yet as candidates.
func (a *audience) add(ids []string, c candidate) {
	for _, id := range ids {
		at, known := a.known[id]
		switch {
		case !known:
			c.id, a.known[id] = id, len(a.candidates)
			a.candidates = append(a.candidates, c)
		case at >= 0:
			a.candidates[at].group = a.candidates[at].group || c.group
		}
	}
}

// readRelations finds out which candidates the caller has a block with, and which are friends.
func (a *audience) readRelations(ctx context.Context) error {
	var all, others []string
	for _, c := range a.candidates {
		all = append(all, c.id)
		if !c.friend {
			others = append(others, c.id)
		}
	}
	blocked, err := a.service.Blocks.With(ctx, a.caller, all)
	if err != nil {
		return err
	}
	strangers, err := a.service.Blocks.Strangers(ctx, a.caller, others)
	if err != nil {
		return err
	}
	for i := range a.candidates {
		c := &a.candidates[i]
		c.blocked, c.friend = slices.Contains(blocked, c.id), !slices.Contains(strangers, c.id)
	}
	return nil
}

// choose selects the users to notify, in order, up to the limit. Those who are not friends count against the rate
// limits of invites between strangers, so call it last.
func (a *audience) choose() {
	limits := a.service.Limits
	may := func(c candidate) bool {
		switch {
		case c.blocked || len(a.users) >= a.maxRecipients:
			return false
		case c.friend:
			return true
		case c.group:
			return limits.Received(c.id)
		}
		return limits.Stranger(a.caller, c.id)
	}
	for _, c := range a.candidates {
		if may(c) {
			a.users = append(a.users, c.id)
			*c.count++
		}
	}
}

// full reports whether there are enough candidates. It leaves room for candidates with a block.
func (a *audience) full() bool { return len(a.candidates) >= a.maxRecipients+100 }

func (a *audience) addFriends(ctx context.Context) error {
	mutual := int(api.Friend_FRIEND)
	for cursor := ""; !a.full(); {
		friends, next, err := a.service.Social.FriendsList(ctx, a.caller, peoplePage, &mutual, cursor)
		if err != nil {
			return err
		}
		var ids []string
		for _, f := range friends {
			ids = append(ids, f.GetUser().GetId())
		}
		a.add(ids, candidate{count: &a.delivered.Friends, friend: true})
		if cursor = next; cursor == "" {
			break
		}
	}
	return nil
}

// addGroup adds the members of a group, without users who only asked to join it. It refuses a caller who is not a
// member. In a group of usual size, its first page shows that they are.
func (a *audience) addGroup(ctx context.Context, groupID string) error {
	for cursor := ""; ; {
		people, next, err := a.service.Social.GroupUsersList(ctx, groupID, peoplePage, nil, cursor)
		if err != nil {
			return fmt.Errorf("list users of group: %w", err)
		}
		var ids []string
		for _, p := range people {
			if p.GetState().GetValue() <= int32(api.GroupUserList_GroupUser_MEMBER) {
				ids = append(ids, p.GetUser().GetId())
			}
		}
		if cursor == "" && !slices.Contains(ids, a.caller) {
			if err := a.service.inGroup(ctx, a.caller, groupID); err != nil {
				return err
			}
		}
		a.add(ids, candidate{count: &a.delivered.Group, group: true})
		if cursor = next; cursor == "" || a.full() {
			return nil
		}
	}
}

// inGroup refuses users who are not members of the group. A group that does not exist has no members.
func (s *Service) inGroup(ctx context.Context, userID, groupID string) error {
	cursor := ""
	for range groupPages {
		groups, next, err := s.Social.UserGroupsList(ctx, userID, groupsPage, nil, cursor)
		if err != nil {
			return err
		}
		for _, g := range groups {
			if g.GetGroup().GetId() == groupID && g.GetState().GetValue() <= int32(api.UserGroupList_UserGroup_MEMBER) {
				return nil
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return party.Refuse(party.NotMember, "to.group_id: you are not in this group.")
}
