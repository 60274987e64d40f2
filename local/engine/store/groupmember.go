package store

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
)

// JoinGroup makes a user a member of an open group. For a closed group it stores a request and notifies the admins.
// For a user who is in, has asked or is banned, it does nothing and returns no error.
func (s *Store) JoinGroup(id, userID uuid.UUID, username string) error {
	var send outbox
	s.mu.Lock()
	defer func() { s.mu.Unlock(); s.deliver(send) }()
	g := s.groups.byID[id]
	if g == nil {
		return runtime.ErrGroupNotFound
	}
	if g.count >= g.maxCount {
		return runtime.ErrGroupFull
	}
	if g.members[userID] != nil {
		return nil
	}
	if g.open {
		s.groups.setMember(g, userID, &membership{groupMember, s.position()})
		g.count++
		g.updateTime = s.now()
		return nil
	}
	s.groups.setMember(g, userID, &membership{groupRequest, s.position()})
	for _, admin := range g.sortedMembers(func(m *membership) bool { return m.state <= groupAdmin }) {
		send = append(send, s.groupNotification(admin, userID, groupJoinRequestCode,
			"User "+username+" wants to join your group", map[string]string{"group_id": id.String(), "username": username}))
	}
	return s.saveAll(send)
}

// sortedMembers returns the users whose membership want selects, by state and then by age.
func (g *group) sortedMembers(want func(*membership) bool) []uuid.UUID {
	var ids []uuid.UUID
	for id, m := range g.members {
		if want(m) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int {
		ma, mb := g.members[a], g.members[b]
		return cmp.Or(cmp.Compare(ma.state, mb.state), cmp.Compare(ma.position, mb.position))
	})
	return ids
}

// LeaveGroup removes a user, or their request, from a group. The last superadmin cannot leave other members behind.
// If the superadmin is the only member, the group is removed. For a user who is not in, it returns no error.
func (s *Store) LeaveGroup(id, userID uuid.UUID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups.byID[id]
	if g == nil || g.members[userID] == nil || g.members[userID].state == groupBanned {
		return nil
	}
	if g.members[userID].state == groupSuperadmin && g.otherSuperadmins(userID) == 0 {
		if g.count > 1 {
			return runtime.ErrGroupLastSuperadmin
		}
		s.groups.remove(g)
		return nil
	}
	s.dropMember(g, userID)
	return nil
}

// AddGroupUsers makes users members, accepts their requests, and notifies them. It adds all or none: it returns an
// error for a full group or an unknown user. callerID must be an admin, or the zero UUID for the server.
func (s *Store) AddGroupUsers(callerID, id uuid.UUID, userIDs []uuid.UUID) error {
	var send outbox
	s.mu.Lock()
	defer func() { s.mu.Unlock(); s.deliver(send) }()
	g := s.groups.byID[id]
	if !g.permits(callerID, groupAdmin) {
		return runtime.ErrGroupPermissionDenied
	}
	if g == nil {
		return runtime.ErrGroupNotFound
	}
	var enter []uuid.UUID
	for _, userID := range unique(userIDs) {
		if userID == callerID {
			continue
		}
		if s.users.byID[userID] == nil {
			return runtime.ErrGroupUserNotFound
		}
		if m := g.members[userID]; m != nil && m.state != groupRequest {
			continue
		}
		if enter = append(enter, userID); g.count+int32(len(enter)) > g.maxCount {
			return runtime.ErrGroupFull
		}
	}
	for _, userID := range enter {
		if m := g.members[userID]; m != nil {
			m.state = groupMember
		} else {
			s.groups.setMember(g, userID, &membership{groupMember, s.position()})
		}
		g.count++
		g.updateTime = s.now()
		send = append(send, s.groupNotification(userID, callerID, groupAddCode,
			"You've been added to group "+g.name, map[string]string{"group_id": id.String(), "name": g.name}))
	}
	return s.saveAll(send)
}

// KickGroupUsers removes users, requests and bans from a group. Superadmins and the server may kick all except the
// last superadmin. Admins may kick members, requests and bans. It skips users who cannot be kicked.
func (s *Store) KickGroupUsers(callerID, id uuid.UUID, userIDs []uuid.UUID) error {
	return s.eachMember(callerID, id, userIDs, false, func(g *group, userID uuid.UUID, power int32) {
		if g.canRemove(userID, power) {
			s.dropMember(g, userID)
		}
	})
}

// BanGroupUsers kicks users and bans them. Later attempts to join, or to be added, have no effect until an admin or
// the server kicks the banned user. It skips users who are not in.
func (s *Store) BanGroupUsers(callerID, id uuid.UUID, userIDs []uuid.UUID) error {
	return s.eachMember(callerID, id, userIDs, true, func(g *group, userID uuid.UUID, power int32) {
		if g.canRemove(userID, power) {
			s.dropMember(g, userID)
			s.groups.setMember(g, userID, &membership{groupBanned, s.position()})
		}
	})
}

func (g *group) canRemove(userID uuid.UUID, power int32) bool {
	m := g.members[userID]
	if power == groupSuperadmin {
		return m.state != groupSuperadmin || g.otherSuperadmins(userID) > 0
	}
	return m.state > groupAdmin
}

// PromoteGroupUsers moves members and admins one state up, but not above the caller's state. It skips others.
func (s *Store) PromoteGroupUsers(callerID, id uuid.UUID, userIDs []uuid.UUID) error {
	return s.eachMember(callerID, id, userIDs, false, func(g *group, userID uuid.UUID, power int32) {
		if m := g.members[userID]; m.state > power && m.state <= groupMember {
			m.state--
		}
	})
}

// DemoteGroupUsers moves admins and superadmins one state down. It skips users above the caller's state, the last
// superadmin, and others.
func (s *Store) DemoteGroupUsers(callerID, id uuid.UUID, userIDs []uuid.UUID) error {
	return s.eachMember(callerID, id, userIDs, false, func(g *group, userID uuid.UUID, power int32) {
		m := g.members[userID]
		if m.state >= power && m.state < groupMember && (power != groupSuperadmin || g.otherSuperadmins(userID) > 0) {
			m.state++
		}
	})
}

// eachMember calls do for each user with a membership in any state, except the caller. power is the caller's state.
// The server has the power of a superadmin. With missingOK an unknown group is no error.
func (s *Store) eachMember(callerID, id uuid.UUID, userIDs []uuid.UUID, missingOK bool, do func(g *group, userID uuid.UUID, power int32)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups.byID[id]
	if !g.permits(callerID, groupAdmin) {
		return runtime.ErrGroupPermissionDenied
	}
	if g == nil {
		if missingOK {
			return nil
		}
		return runtime.ErrGroupNotFound
	}
	power := groupSuperadmin
	if callerID != uuid.Nil {
		power = g.members[callerID].state
	}
	for _, userID := range userIDs {
		if userID != callerID && g.members[userID] != nil {
			do(g, userID, power)
		}
	}
	return nil
}
