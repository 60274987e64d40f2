package store

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Codes of the notifications that the server itself sends from this package.
const (
	friendRequestCode    int32 = -2
	friendAcceptCode     int32 = -3
	groupAddCode         int32 = -4
	groupJoinRequestCode int32 = -5
	friendRemoveCode     int32 = -9
)

// notification is a stored notification.
type notification struct {
	id       uuid.UUID
	position int64 // nanoseconds: its place in the list and its creation time
	subject  string
	content  string // jsonb text
	code     int32
	sender   uuid.UUID // the zero UUID is the server
}

func (n *notification) message() *api.Notification {
	m := &api.Notification{
		Id: n.id.String(), Subject: n.subject, Content: n.content, Code: n.code, Persistent: true,
		CreateTime: &timestamppb.Timestamp{Seconds: n.position / 1e9},
	}
	if n.sender != uuid.Nil {
		m.SenderId = n.sender.String()
	}
	return m
}

// delivery is one notification for one user.
type delivery struct {
	to      uuid.UUID
	message *api.Notification
}

// outbox collects the notifications of a change. They are sent when the lock is free.
type outbox []delivery

// newNotification makes a notification with an ID and a time. As on the real server, a live notification of the
// server has the zero UUID as its sender.
func (s *Store) newNotification(subject, content string, code int32, sender uuid.UUID, persistent bool) *api.Notification {
	return &api.Notification{
		Id: uuid.NewString(), Subject: subject, Content: content, Code: code,
		SenderId: sender.String(), Persistent: persistent, CreateTime: seconds(s.now()),
	}
}

// sendNotifications stores all persistent notifications or none. Then it delivers all to live sockets, with one call
// of Options.Deliver for each user.
func (s *Store) sendNotifications(send outbox) error {
	s.mu.Lock()
	err := s.saveAll(send)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.deliver(send)
	return nil
}

// saveAll stores all persistent notifications of send or none. The lock must be held for writing.
func (s *Store) saveAll(send outbox) error {
	rows := make([]*notification, len(send))
	for i, d := range send {
		if !d.message.Persistent {
			continue
		}
		if s.users.byID[d.to] == nil {
			return missingUserError("notification", "notification_user_id_fkey")
		}
		if err := checkText(d.message.Subject, 255); err != nil {
			return err
		}
		content, err := formatJSONB(d.message.Content)
		if err != nil {
			return err
		}
		rows[i] = &notification{
			id: uuid.MustParse(d.message.Id), position: s.position(), subject: d.message.Subject, content: content,
			code: d.message.Code, sender: uuid.MustParse(d.message.SenderId),
		}
	}
	for i, row := range rows {
		if row != nil {
			s.notifications[send[i].to] = append(s.notifications[send[i].to], row)
		}
	}
	return nil
}

// deliver sends notifications to live sockets, with one call for each user, in order.
func (s *Store) deliver(send outbox) {
	var order []uuid.UUID
	byUser := map[uuid.UUID][]*api.Notification{}
	for _, d := range send {
		if byUser[d.to] == nil {
			order = append(order, d.to)
		}
		byUser[d.to] = append(byUser[d.to], d.message)
	}
	for _, id := range order {
		s.opts.Deliver(id.String(), byUser[id])
	}
}

// notificationCursor is the cursor of a list of notifications. The list continues after this position. The zero value
// is the start.
type notificationCursor struct {
	Position int64 `json:"p"`
}

// Notifications lists a user's stored notifications, oldest first. limit 0 means all. With cacheable the answer
// always has a cursor, so that a client can ask for newer ones later. Without it, only if there are more.
func (s *Store) Notifications(userID uuid.UUID, limit int, cursor string, cacheable bool) (*api.NotificationList, error) {
	var after notificationCursor
	if cursor != "" && !decodeCursor(cursor, &after) {
		return nil, newError(InvalidArgument, "Malformed cursor was used.")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := s.notifications[userID]
	start, found := slices.BinarySearchFunc(rows, after.Position, func(n *notification, position int64) int {
		return cmp.Compare(n.position, position)
	})
	if found {
		start++
	}
	rows = rows[start:]
	more := limit > 0 && len(rows) > limit
	if more {
		rows = rows[:limit]
	}
	list := &api.NotificationList{}
	for _, row := range rows {
		list.Notifications = append(list.Notifications, row.message())
		after.Position = row.position
	}
	switch {
	case len(rows) == 0 && cacheable && cursor != "":
		list.CacheableCursor = cursor
	case cacheable || more:
		list.CacheableCursor = encodeCursor(after)
	}
	return list, nil
}

// DeleteNotifications removes a user's notifications by ID. It skips unknown IDs.
func (s *Store) DeleteNotifications(userID uuid.UUID, ids []uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notifications[userID] = slices.DeleteFunc(s.notifications[userID], func(n *notification) bool { return slices.Contains(ids, n.id) })
}
