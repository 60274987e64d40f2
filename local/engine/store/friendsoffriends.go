package store

import (
	"slices"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

// friendOfFriend is a friend of a friend. Through is the friend between the two.
type friendOfFriend struct {
	Through uuid.UUID `json:"t"`
	User    uuid.UUID `json:"u"`
}

func compareFriendsOfFriends(a, b friendOfFriend) int {
	if c := compareIDs(a.Through, b.Through); c != 0 {
		return c
	}
	return compareIDs(a.User, b.User)
}

// FriendsOfFriends lists the mutual friends of a user's mutual friends. It leaves out mutual friends of the user. A
// user appears once for each friend in common. limit is at least 1.
func (s *Store) FriendsOfFriends(userID uuid.UUID, limit int, cursor string) ([]*api.FriendsOfFriendsList_FriendOfFriend, string, error) {
	var from friendOfFriend
	if cursor != "" && !decodeCursor(cursor, &from) {
		return nil, "", runtime.ErrFriendInvalidCursor
	}
	s.mu.RLock()
	var found []friendOfFriend
	for friend, e := range s.edges[userID] {
		if e.state != friendMutual {
			continue
		}
		for other, f := range s.edges[friend] {
			a := friendOfFriend{friend, other}
			direct := s.edges[userID][other]
			if f.state == friendMutual && other != userID && (direct == nil || direct.state != friendMutual) && compareFriendsOfFriends(a, from) >= 0 {
				found = append(found, a)
			}
		}
	}
	slices.SortFunc(found, compareFriendsOfFriends)
	next := ""
	if len(found) > limit {
		next, found = encodeCursor(found[limit]), found[:limit]
	}
	list := make([]*api.FriendsOfFriendsList_FriendOfFriend, 0, len(found))
	for _, a := range found {
		list = append(list, &api.FriendsOfFriendsList_FriendOfFriend{Referrer: a.Through.String(), User: s.users.byID[a.User].public(false)})
	}
	s.mu.RUnlock()
	for _, row := range list {
		s.fillOnline(row.User)
	}
	return list, next, nil
}
