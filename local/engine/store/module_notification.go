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

// compose checks a notification of a module and builds the delivery.
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
	if n.Code <= 0 && (n.Code < -2000 || n.Code > -1000) { // -2000 to -1000 is for other services of Heroic Labs
		return delivery{}, errors.New("expects code to number above 0")
	}
	sender, err := parseOwner(n.Sender, "expects sender to either be an empty string or a valid UUID")
	if err != nil {
		return delivery{}, err
	}
	return delivery{to, m.store.newNotification(n.Subject, string(content), int32(n.Code), sender, n.Persistent)}, nil
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
