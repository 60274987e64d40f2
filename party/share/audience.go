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
	*Service
	caller     string
	known      map[string]*candidate // users seen so far; nil: do not notify
	candidates []*candidate
	delivered  Delivered
}

type candidate struct {
	id     string
	count  *int
	friend bool // of the caller
	group  bool // is in the group
}

// audience collects the users who may be notified, in the order: named users, friends, group. It reads blocks and
// friends once for all of them. It uses up no rate limit.
func (s *Service) audience(ctx context.Context, c party.Caller, v party.View, to To) (*audience, error) {
	a := &audience{Service: s, caller: c.UserID, known: map[string]*candidate{c.UserID: nil}}
	for _, m := range v.Members {
		a.known[m.UserID] = nil
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
		if known, seen := a.known[id]; !seen {
			added := c
			added.id = id
			a.known[id] = &added
			a.candidates = append(a.candidates, &added)
		} else if known != nil {
			known.group = known.group || c.group
		}
	}
}

// readRelations finds out which candidates are friends, and removes those with whom the caller has a block.
func (a *audience) readRelations(ctx context.Context) error {
	var all, others []string
	for _, c := range a.candidates {
		all = append(all, c.id)
		if !c.friend {
			others = append(others, c.id)
		}
	}
	blocked, err := a.Blocks.With(ctx, a.caller, all)
	if err != nil {
		return err
	}
	strangers, err := a.Blocks.Strangers(ctx, a.caller, others)
	if err != nil {
		return err
	}
	a.candidates = slices.DeleteFunc(a.candidates, func(c *candidate) bool { return slices.Contains(blocked, c.id) })
	for _, c := range a.candidates {
		c.friend = !slices.Contains(strangers, c.id)
	}
	return nil
}

// choose returns the users to notify, in order, up to the limit. Those who are not friends count against the rate limits
// of invites between strangers, so call it last.
func (a *audience) choose() (users []string) {
	for _, c := range a.candidates {
		switch {
		case len(users) >= a.Policy().Limits.ShareRecipients:
			return users
		case c.friend:
		case c.group && !a.Limits.Received(c.id):
			continue
		case !c.group && !a.Limits.Stranger(a.caller, c.id):
			continue
		}
		users = append(users, c.id)
		*c.count++
	}
	return users
}

// full reports whether there are enough candidates. It leaves room for candidates with a block.
func (a *audience) full() bool { return len(a.candidates) >= a.Policy().Limits.ShareRecipients+100 }

func (a *audience) addFriends(ctx context.Context) error {
	mutual := int(api.Friend_FRIEND)
	for cursor := ""; !a.full(); {
		friends, next, err := a.Social.FriendsList(ctx, a.caller, peoplePage, &mutual, cursor)
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
		people, next, err := a.Social.GroupUsersList(ctx, groupID, peoplePage, nil, cursor)
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
			if err := a.inGroup(ctx, a.caller, groupID); err != nil {
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
