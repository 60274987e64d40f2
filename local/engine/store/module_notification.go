package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

// compose checks what a module wants to send and makes a notification of it.
func (m Module) compose(n *runtime.NotificationSend) (delivery, error) {
	to, err := uuid.Parse(n.UserID)
	if err != nil {
		return delivery{}, errors.New("expects userID to be a valid UUID")
	}
	if n.Subject == "" {
		return delivery{}, errors.New("expects subject to be a non-empty string")
	}
	content, err := json.Marshal(n.Content)
	if err != nil {
		return delivery{}, fmt.Errorf("failed to convert content: %s", err)
	}
	if n.Code <= 0 && (n.Code < -2000 || n.Code > -1000) { // that range is for other services of the server's makers
		return delivery{}, errors.New("expects code to number above 0")
	}
	sender, err := parseOwner(n.Sender, "expects sender to either be an empty string or a valid UUID")
	if err != nil {
		return delivery{}, err
	}
	return delivery{to, m.store.notice(n.Subject, string(content), int32(n.Code), sender, n.Persistent)}, nil
}

// NotificationSend implements runtime.NakamaModule.
func (m Module) NotificationSend(ctx context.Context, userID, subject string, content map[string]any, code int, sender string, persistent bool) error {
	return m.NotificationsSend(ctx, []*runtime.NotificationSend{{
		UserID: userID, Subject: subject, Content: content, Code: code, Sender: sender, Persistent: persistent,
	}})
}

// NotificationsSend implements runtime.NakamaModule.
func (m Module) NotificationsSend(_ context.Context, notifications []*runtime.NotificationSend) error {
	send := make(outbox, 0, len(notifications))
	for _, n := range notifications {
		d, err := m.compose(n)
		if err != nil {
			return err
		}
		send = append(send, d)
	}
	return m.store.sendNotifications(send)
}

// NotificationSendAll implements runtime.NakamaModule.
func (m Module) NotificationSendAll(_ context.Context, subject string, content map[string]any, code int, persistent bool) error {
	d, err := m.compose(&runtime.NotificationSend{UserID: uuid.Nil.String(), Subject: subject, Content: content, Code: code, Persistent: persistent})
	if err != nil {
		return err
	}
	if code <= 0 {
		return errors.New("expects code to number above 0")
	}
	return m.store.SendNotificationToAll(d.message)
}

// NotificationsList implements runtime.NakamaModule.
func (m Module) NotificationsList(_ context.Context, userID string, limit int, cursor string) ([]*api.Notification, string, error) {
	user, err := uuid.Parse(userID)
	if limit < 0 || limit > 1000 {
		if userID == "" {
			return nil, "", errors.New("expects a valid user id")
		}
		return nil, "", errors.New("expects limit to be 0-100")
	}
	if err != nil {
		return nil, "", errors.New("expects a valid user id")
	}
	list, err := m.store.Notifications(user, limit, cursor, false)
	if err != nil {
		return nil, "", err
	}
	return list.Notifications, list.CacheableCursor, nil
}

// NotificationsDelete implements runtime.NakamaModule.
func (m Module) NotificationsDelete(_ context.Context, notifications []*runtime.NotificationDelete) error {
	byUser := map[uuid.UUID][]uuid.UUID{}
	for _, n := range notifications {
		user, err := uuid.Parse(n.UserID)
		if err != nil {
			return errors.New("expects userID to be a valid UUID")
		}
		id, err := uuid.Parse(n.NotificationID)
		if err != nil {
			return errors.New("expects notificationID to be a valid UUID")
		}
		byUser[user] = append(byUser[user], id)
	}
	for user, ids := range byUser {
		m.store.DeleteNotifications(user, ids)
	}
	return nil
}

// NotificationsGetId implements runtime.NakamaModule.
func (m Module) NotificationsGetId(_ context.Context, userID string, ids []string) ([]*runtime.Notification, error) {
	parsed, user, err := notificationIDs(userID, ids, "expects id to be a valid id string")
	if err != nil {
		return nil, err
	}
	m.store.mu.RLock()
	defer m.store.mu.RUnlock()
	list := make([]*runtime.Notification, 0, len(ids))
	m.store.findNotifications(user, parsed, func(owner uuid.UUID, n *notification) {
		message := n.message()
		row := &runtime.Notification{
			Id: message.Id, UserID: owner.String(), Subject: n.subject, Code: int(n.code), Sender: message.SenderId,
			CreateTime: message.CreateTime, Persistent: true,
		}
		if json.Unmarshal([]byte(n.content), &row.Content) == nil {
			list = append(list, row)
		}
	})
	return list, nil
}

// NotificationsDeleteId implements runtime.NakamaModule.
func (m Module) NotificationsDeleteId(_ context.Context, userID string, ids []string) error {
	parsed, user, err := notificationIDs(userID, ids, "expects id to be a valid uuid")
	if err != nil {
		return err
	}
	if user != nil {
		m.store.DeleteNotifications(*user, parsed)
		return nil
	}
	owners := map[uuid.UUID]bool{}
	m.store.mu.RLock()
	m.store.findNotifications(nil, parsed, func(owner uuid.UUID, _ *notification) { owners[owner] = true })
	m.store.mu.RUnlock()
	for owner := range owners {
		m.store.DeleteNotifications(owner, parsed)
	}
	return nil
}

// notificationIDs reads IDs and whose they are; no user means anybody's.
func notificationIDs(userID string, ids []string, text string) ([]uuid.UUID, *uuid.UUID, error) {
	parsed, err := parseIDs(ids, text)
	if err != nil || userID == "" {
		return parsed, nil, err
	}
	user, err := uuid.Parse(userID)
	if err != nil {
		return nil, nil, errors.New("expects id to be a valid uuid")
	}
	return parsed, &user, nil
}

// NotificationsUpdate implements runtime.NakamaModule. Unknown IDs are passed over.
func (m Module) NotificationsUpdate(_ context.Context, updates ...runtime.NotificationUpdate) error {
	type change struct {
		id      uuid.UUID
		subject *string
		content *string
		sender  *uuid.UUID
	}
	changes := make([]change, 0, len(updates))
	for _, update := range updates {
		c := change{subject: update.Subject}
		var err error
		if c.id, err = uuid.Parse(update.Id); err != nil {
			return errors.New("expects id to be a valid UUID")
		}
		if update.Content != nil {
			text, err := json.Marshal(update.Content)
			if err != nil {
				return fmt.Errorf("failed to update notifications: %s", err)
			}
			content, err := jsonb(string(text))
			if err != nil {
				return fmt.Errorf("failed to update notifications: %s", err)
			}
			c.content = &content
		}
		if update.Sender != nil {
			sender, err := uuid.Parse(*update.Sender)
			if err != nil {
				return fmt.Errorf("failed to update notifications: %s", err)
			}
			c.sender = &sender
		}
		changes = append(changes, c)
	}
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	for _, c := range changes {
		m.store.findNotifications(nil, []uuid.UUID{c.id}, func(_ uuid.UUID, n *notification) {
			if c.subject != nil {
				n.subject = *c.subject
			}
			if c.content != nil {
				n.content = *c.content
			}
			if c.sender != nil {
				n.sender = *c.sender
			}
		})
	}
	return nil
}
