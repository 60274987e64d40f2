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
	groupPages = 20 // most pages of the caller's own groups that are searched
)

// audience is the users one call notifies.
type audience struct {
	service    *Service
	caller     string
	most       int
	known      map[string]struct{} // who needs no telling, or has been looked at
	users      []string            // who is told
	candidates []candidate
	delivered  Delivered
}

// audience gathers whom to tell, in the order named users, friends, group. Blocks are looked
// up at once for all of them.
func (s *Service) audience(ctx context.Context, c party.Caller, v party.View, to To) (*audience, error) {
	a := &audience{service: s, caller: c.UserID, most: s.Policy().Limits.ShareRecipients, known: map[string]struct{}{c.UserID: {}}}
	for _, m := range v.Members {
		a.known[m.UserID] = struct{}{}
	}
	if err := party.CheckUsers(ctx, "to.user_ids", s.Social, to.UserIDs); err != nil {
		return nil, err
	}
	strangers, err := s.Blocks.Strangers(ctx, c.UserID, to.UserIDs)
	if err != nil {
		return nil, err
	}
	a.add(&a.delivered.Users, to.UserIDs, func(id string) bool { return !slices.Contains(strangers, id) || s.Limits.Stranger(c.UserID, id) })
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
	return a, a.choose(ctx)
}

// candidate is somebody who may be told, if no block is between.
type candidate struct {
	id    string
	count *int
	may   func(id string) bool // within the rate; asked only of those who would be told
}

// add takes those in who have not been looked at yet.
func (a *audience) add(count *int, ids []string, may func(string) bool) {
	for _, id := range ids {
		if _, known := a.known[id]; !known {
			a.known[id] = struct{}{}
			a.candidates = append(a.candidates, candidate{id, count, may})
		}
	}
}

// choose tells the first of the candidates, for as long as there is room.
func (a *audience) choose(ctx context.Context) error {
	ids := make([]string, len(a.candidates))
	for i, c := range a.candidates {
		ids[i] = c.id
	}
	blocked, err := a.service.Blocks.With(ctx, a.caller, ids)
	if err != nil {
		return err
	}
	for _, c := range a.candidates {
		if len(a.users) < a.most && !slices.Contains(blocked, c.id) && c.may(c.id) {
			a.users = append(a.users, c.id)
			*c.count++
		}
	}
	return nil
}

// full leaves some room for those with a block between.
func (a *audience) full() bool { return len(a.candidates) >= a.most+100 }

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
		a.add(&a.delivered.Friends, ids, func(string) bool { return true })
		if cursor = next; cursor == "" {
			break
		}
	}
	return nil
}

// addGroup takes in who is a member, not who only asked to be one. It refuses a caller who is no
// member of the group, which in a group of a usual size its first page shows.
func (a *audience) addGroup(ctx context.Context, groupID string) error {
	checked := false
	for cursor := ""; !checked || !a.full(); {
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
		switch {
		case checked, slices.Contains(ids, a.caller):
		case next == "":
			return notInGroup()
		default:
			if err := a.service.inGroup(ctx, a.caller, groupID); err != nil {
				return err
			}
		}
		checked = true
		a.add(&a.delivered.Group, ids, a.service.Limits.Received)
		if cursor = next; cursor == "" {
			break
		}
	}
	return nil
}

// inGroup refuses users who are no members of the group. A group that does not exist has none.
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
	return notInGroup()
}

func notInGroup() error {
	return party.Refuse(party.NotMember, "to.group_id: you are not in this group.")
}
