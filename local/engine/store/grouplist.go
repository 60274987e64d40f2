package store

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// GroupUsers lists a group's members by state, then by age. limit 0 means all; state nil means any except banned. An
// unknown group has no users.
func (s *Store) GroupUsers(id uuid.UUID, limit int, state *int32, cursor string) ([]*api.GroupUserList_GroupUser, string, error) {
	var from edgeCursor
	if cursor != "" && (!decodeCursor(cursor, &from) || state != nil && *state != from.State) {
		return nil, "", runtime.ErrGroupUserInvalidCursor
	}
	s.mu.RLock()
	list := []*api.GroupUserList_GroupUser{}
	next := ""
	if g := s.groups.byID[id]; g != nil {
		ids := g.sortedMembers(func(m *membership) bool { return isListed(m, state, cursor, from) })
		if limit > 0 && len(ids) > limit {
			m := g.members[ids[limit]]
			next, ids = encodeCursor(edgeCursor{m.state, m.position}), ids[:limit]
		}
		for _, userID := range ids {
			if u := s.users.byID[userID]; u != nil {
				list = append(list, &api.GroupUserList_GroupUser{User: u.public(false), State: wrapperspb.Int32(g.members[userID].state)})
			}
		}
	}
	s.mu.RUnlock()
	for _, row := range list {
		s.fillOnline(row.User)
	}
	return list, next, nil
}

func isListed(m *membership, state *int32, cursor string, from edgeCursor) bool {
	if state == nil && m.state == groupBanned || state != nil && m.state != *state {
		return false
	}
	return cursor == "" || from.compare(m.state, m.position) <= 0
}

// UserGroups lists the groups that a user is in or asks to join, by state, then by age. limit 0 means all; state nil
// means any. It does not list bans.
func (s *Store) UserGroups(userID uuid.UUID, limit int, state *int32, cursor string) ([]*api.UserGroupList_UserGroup, string, error) {
	var from edgeCursor
	if cursor != "" && (!decodeCursor(cursor, &from) || state != nil && *state != from.State) {
		return nil, "", runtime.ErrUserGroupInvalidCursor
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var rows []*group
	for _, g := range s.groups.byUser[userID] {
		if isListed(g.members[userID], state, cursor, from) {
			rows = append(rows, g)
		}
	}
	slices.SortFunc(rows, func(a, b *group) int {
		ma, mb := a.members[userID], b.members[userID]
		return cmp.Or(cmp.Compare(ma.state, mb.state), cmp.Compare(ma.position, mb.position))
	})
	next := ""
	if limit > 0 && len(rows) > limit {
		m := rows[limit].members[userID]
		next, rows = encodeCursor(edgeCursor{m.state, m.position}), rows[:limit]
	}
	list := make([]*api.UserGroupList_UserGroup, 0, len(rows))
	for _, g := range rows {
		list = append(list, &api.UserGroupList_UserGroup{Group: g.message(), State: wrapperspb.Int32(g.members[userID].state)})
	}
	return list, next, nil
}

// GroupFilter selects groups. The zero value selects all. If Name is set, the other fields are ignored.
type GroupFilter struct {
	Name    string // case-insensitive; % matches any text, _ one character
	LangTag string
	Members *int // the maximum number of members
	Open    *bool
}

// ListGroups lists groups. With Name it sorts by name. With Members, or with LangTag and Open, the largest group
// comes first; with LangTag alone, the smallest. Otherwise the group whose last change is oldest comes first. A
// cursor is valid only with the filter that it came from.
func (s *Store) ListGroups(f GroupFilter, limit int, cursor string) ([]*api.Group, string, error) {
	var after uuid.UUID
	if cursor != "" && !decodeCursor(cursor, &after) {
		return nil, "", newError(InvalidArgument, "Malformed cursor was used.")
	}
	matches, compare := f.match(), f.order()
	s.mu.RLock()
	defer s.mu.RUnlock()
	last := s.groups.byID[after]
	if cursor != "" && last == nil {
		return []*api.Group{}, "", nil // the cursor's group is gone, so its position is unknown
	}
	var rows []*group
	for _, g := range s.groups.byID {
		if matches(g) && (last == nil || compare(g, last) > 0) {
			rows = append(rows, g)
		}
	}
	slices.SortFunc(rows, compare)
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = encodeCursor(rows[limit-1].id)
	}
	return groupMessages(rows), next, nil
}

func (f GroupFilter) match() func(*group) bool {
	if f.Name != "" {
		pattern := likePattern(strings.TrimLeft(f.Name, "% "))
		return func(g *group) bool { return pattern.MatchString(g.name) }
	}
	return func(g *group) bool {
		return (f.LangTag == "" || g.langTag == f.LangTag) && (f.Open == nil || g.open == *f.Open) &&
			(f.Members == nil || int(g.count) <= *f.Members)
	}
}

// likePattern turns an SQL ILIKE pattern into a regular expression.
func likePattern(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?is)^`)
	for _, r := range pattern {
		switch r {
		case '%':
			b.WriteString(`.*`)
		case '_':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString(`$`)
	return regexp.MustCompile(b.String())
}

func (f GroupFilter) order() func(a, b *group) int {
	byCount := func(a, b *group) int { return cmp.Or(cmp.Compare(a.count, b.count), compareIDs(a.id, b.id)) }
	switch {
	case f.Name != "":
		return func(a, b *group) int { return cmp.Compare(a.name, b.name) }
	case f.Members != nil && f.LangTag == "" && f.Open == nil:
		return func(a, b *group) int {
			return cmp.Or(cmp.Compare(b.count, a.count), b.updateTime.Compare(a.updateTime), compareIDs(b.id, a.id))
		}
	case f.Members != nil || f.Open != nil && f.LangTag != "":
		return func(a, b *group) int { return byCount(b, a) }
	case f.LangTag != "":
		return byCount
	default:
		return func(a, b *group) int {
			return cmp.Or(a.updateTime.Compare(b.updateTime), cmp.Compare(a.count, b.count), compareIDs(a.id, b.id))
		}
	}
}
