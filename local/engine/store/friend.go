package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// States of an edge, from its source to its destination.
const (
	friendMutual   int32 = 0
	friendSent     int32 = 1
	friendReceived int32 = 2
	friendBlocked  int32 = 3
)

// edge is one direction between two users. A friendship or a request has two edges. A block has one, or two if both
// users block each other.
type edge struct {
	state      int32
	position   int64
	updateTime time.Time
	metadata   string // jsonb text
}

func (s *Store) setEdge(source, destination uuid.UUID, e *edge) {
	if s.edges[source] == nil {
		s.edges[source] = map[uuid.UUID]*edge{}
	}
	s.edges[source][destination] = e
}

func (s *Store) changeEdgeCount(id uuid.UUID, by int32) {
	if u := s.users.byID[id]; u != nil {
		u.edgeCount += by
		u.updateTime = s.now()
	}
}

// AddFriends sends each friend a friend request or accepts theirs. It skips unknown users, and blocks in either
// direction, without an error. metadata is a JSON object or "". Each friend that it asks or accepts gets a
// notification.
func (s *Store) AddFriends(userID uuid.UUID, username string, friends []uuid.UUID, metadata string) error {
	if metadata == "" {
		metadata = "{}"
	}
	metadata, err := mergeJSONB("{}", metadata)
	if err != nil {
		return err
	}
	var send outbox
	s.mu.Lock()
	defer func() { s.mu.Unlock(); s.deliver(send) }()
	if s.users.byID[userID] == nil {
		return missingUserError("user_edge", "user_edge_source_id_fkey")
	}
	for _, friend := range unique(friends) {
		asked, accepted := s.addFriend(userID, friend, metadata)
		switch {
		case accepted:
			send = append(send, s.friendNotification(friend, userID, username, friendAcceptCode, "%v accepted your friend request"))
		case asked:
			send = append(send, s.friendNotification(friend, userID, username, friendRequestCode, "%v wants to add you as a friend"))
		}
	}
	return s.saveAll(send)
}

func (s *Store) addFriend(userID, friend uuid.UUID, metadata string) (asked, accepted bool) {
	mine, theirs := s.edges[userID][friend], s.edges[friend][userID]
	if mine != nil && mine.state == friendReceived && theirs != nil && theirs.state == friendSent {
		if merged, err := mergeJSONB(mine.metadata, metadata); err == nil { // after UpdateFriendMetadata it may be no object
			mine.metadata = merged
		}
		mine.state, mine.updateTime = friendMutual, s.now()
		theirs.state, theirs.updateTime = friendMutual, s.now()
		return false, true
	}
	if mine != nil || theirs != nil || s.users.byID[friend] == nil {
		return false, false
	}
	position, now := s.position(), s.now()
	s.setEdge(userID, friend, &edge{state: friendSent, position: position, updateTime: now, metadata: metadata})
	s.setEdge(friend, userID, &edge{state: friendReceived, position: position, updateTime: now, metadata: "{}"})
	s.changeEdgeCount(userID, 1)
	s.changeEdgeCount(friend, 1)
	return true, false
}

func (s *Store) friendNotification(to, from uuid.UUID, username string, code int32, subject string) delivery {
	content, _ := json.Marshal(map[string]string{"username": username})
	return delivery{to, s.newNotification(fmt.Sprintf(subject, username), string(content), code, from, true)}
}

// DeleteFriends ends friendships, takes back or declines requests, and removes the user's own blocks. The other side
// of a friendship or request gets a notification.
func (s *Store) DeleteFriends(userID uuid.UUID, username string, friends []uuid.UUID) error {
	var send outbox
	s.mu.Lock()
	defer func() { s.mu.Unlock(); s.deliver(send) }()
	for _, friend := range unique(friends) {
		mine, theirs := s.edges[userID][friend], s.edges[friend][userID]
		if mine != nil {
			delete(s.edges[userID], friend)
			s.changeEdgeCount(userID, -1)
		}
		if theirs == nil || theirs.state == friendBlocked {
			continue
		}
		delete(s.edges[friend], userID)
		s.changeEdgeCount(friend, -1)
		send = append(send, s.friendNotification(friend, userID, username, friendRemoveCode, "%v removed you as a friend"))
	}
	return s.saveAll(send)
}

// BlockFriends blocks users, whatever edge there was before. Nobody gets a notification.
func (s *Store) BlockFriends(userID uuid.UUID, friends []uuid.UUID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, friend := range unique(friends) {
		if mine := s.edges[userID][friend]; mine != nil {
			mine.state, mine.updateTime = friendBlocked, s.now()
		} else {
			if s.users.byID[friend] == nil {
				continue
			}
			if s.users.byID[userID] == nil {
				return missingUserError("user_edge", "user_edge_source_id_fkey")
			}
			s.setEdge(userID, friend, &edge{state: friendBlocked, position: s.position(), updateTime: s.now(), metadata: "{}"})
			s.changeEdgeCount(userID, 1)
		}
		if theirs := s.edges[friend][userID]; theirs != nil && theirs.state != friendBlocked {
			delete(s.edges[friend], userID)
			s.changeEdgeCount(friend, -1)
		}
	}
	return nil
}

// UpdateFriendMetadata replaces a user's metadata about a friend. Without an edge it does nothing.
func (s *Store) UpdateFriendMetadata(userID, friend uuid.UUID, metadata string) error {
	metadata, err := formatJSONB(metadata)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.edges[userID][friend]; e != nil {
		e.metadata = metadata
	}
	return nil
}

// friendRow builds one row of a friend list. As on the real server, the user in it has no edge count.
func (s *Store) friendRow(id uuid.UUID, e *edge) *api.Friend {
	row := &api.Friend{State: wrapperspb.Int32(e.state), UpdateTime: seconds(e.updateTime), Metadata: e.metadata}
	row.User = s.users.byID[id].public(false)
	row.User.EdgeCount = 0
	return row
}

func (s *Store) fillOnlineFriends(friends []*api.Friend) {
	for _, f := range friends {
		s.fillOnline(f.User)
	}
}

// FriendStatus returns the user's edges to the others. It leaves out users without an edge.
func (s *Store) FriendStatus(userID uuid.UUID, others []uuid.UUID) []*api.Friend {
	s.mu.RLock()
	list := make([]*api.Friend, 0, len(others))
	for _, other := range unique(others) {
		if e := s.edges[userID][other]; e != nil {
			list = append(list, s.friendRow(other, e))
		}
	}
	s.mu.RUnlock()
	s.fillOnlineFriends(list)
	return list
}

// Friends lists a user's edges by state, then by age. limit 0 means all; state nil means any. The cursor is that of
// the next page, "" at the end.
func (s *Store) Friends(userID uuid.UUID, limit int, state *int32, cursor string) ([]*api.Friend, string, error) {
	var from edgeCursor
	if cursor != "" && (!decodeCursor(cursor, &from) || state != nil && *state != from.State) {
		return nil, "", runtime.ErrFriendInvalidCursor
	}
	s.mu.RLock()
	var ids []uuid.UUID
	edges := s.edges[userID]
	for id, e := range edges {
		if (state == nil || *state == e.state) && (cursor == "" || from.compare(e.state, e.position) <= 0) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int {
		return edgeCursor{edges[a].state, edges[a].position}.compare(edges[b].state, edges[b].position)
	})
	next := ""
	if limit > 0 && len(ids) > limit {
		e := edges[ids[limit]]
		next, ids = encodeCursor(edgeCursor{e.state, e.position}), ids[:limit]
	}
	list := make([]*api.Friend, 0, len(ids))
	for _, id := range ids {
		list = append(list, s.friendRow(id, edges[id]))
	}
	s.mu.RUnlock()
	s.fillOnlineFriends(list)
	return list, next, nil
}

// unique returns the values in order without duplicates.
func unique[T comparable](values []T) []T {
	seen := make(map[T]struct{}, len(values))
	out := make([]T, 0, len(values))
	for _, v := range values {
		if _, ok := seen[v]; !ok {
			seen[v] = struct{}{}
			out = append(out, v)
		}
	}
	return out
}
