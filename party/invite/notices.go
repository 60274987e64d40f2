package invite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/caught"
	"partyline/party"
)

// Notifier sends, finds and deletes users' notifications.
type Notifier interface {
	party.Notifier
	NotificationsList(ctx context.Context, userID string, limit int, cursor string) ([]*api.Notification, string, error)
	NotificationsDelete(ctx context.Context, notifications []*runtime.NotificationDelete) error
}

// noticesCollection says whom an invite's notifications went to. Key = the invite's ID,
// value = notified; gone once the notifications are.
const noticesCollection = "partyline_invite_notices"

type notified struct {
	Key   string   `json:"key"` // the invite's
	Users []string `json:"users"`
}

const (
	maxNotified    = 2000 // users one invite remembers; notifications of the first ones stay
	noticePage     = 1000
	noticePages    = 10 // of one user's notifications that are searched
	noticeAttempts = 4
	noticeTimeout  = 30 * time.Second
)

// Notify brings an invite to users. The notifications are kept for users who are offline,
// until the invite ends.
func (s *Service) Notify(ctx context.Context, c party.Caller, inv party.CreatedInvite, users []string) error {
	code, err := ParseCode(inv.Code)
	if err != nil {
		return err
	}
	// Remembered first: what is sent and not remembered would stay for ever.
	if err := s.changeNotified(ctx, inv.ID, func(n *notified) {
		n.Key = code.key()
		n.Users = slices.DeleteFunc(n.Users, func(u string) bool { return slices.Contains(users, u) })
		n.Users = append(n.Users, users...)
		n.Users = n.Users[max(0, len(n.Users)-maxNotified):]
	}); err != nil {
		return fmt.Errorf("remember whom the invite is sent to: %w", err)
	}
	notices := make([]*runtime.NotificationSend, len(users))
	for i, user := range users {
		notices[i] = party.NoticeInvite.To(user, c.UserID,
			invitation{PartyID: inv.PartyID, URL: inv.URL, Code: inv.Code, From: c.Username, Message: inv.Message})
	}
	if err := party.Notify(ctx, s.Notifier, notices...); err != nil {
		return fmt.Errorf("send invite notifications: %w", err)
	}
	return nil
}

// changeNotified changes whom an invite remembers by compare-and-set.
func (s *Service) changeNotified(ctx context.Context, inviteID string, change func(*notified)) error {
	for range noticeAttempts {
		var n notified
		version, err := party.ReadObject(ctx, s.Store.storage, noticesCollection, inviteID, &n)
		if err != nil {
			return err
		}
		change(&n)
		if len(n.Users) == 0 {
			if version == party.Absent {
				return nil
			}
			err = s.Store.storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: noticesCollection, Key: inviteID, Version: version}})
			if err == nil {
				return nil
			}
			continue // one that lost a race has no error of its own
		}
		_, err = party.WriteObject(ctx, s.Store.storage, noticesCollection, inviteID, n, version)
		if !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			return err
		}
	}
	return errCrowded()
}

// withdraw deletes, in the background, the notifications an invite has sent to these users,
// or to everybody. What fails the sweep does again.
func (s *Service) withdraw(inviteID string, users ...string) {
	s.background(func() {
		ctx, cancel := context.WithTimeout(s.ctx, noticeTimeout)
		defer cancel()
		if err := s.withdrawNow(ctx, inviteID, users); err != nil {
			s.Logger.Warn("invite notifications not deleted yet invite=%s error=%v", inviteID, err)
		}
	})
}

// withdrawNow may run in a goroutine of its own, where a panic would end the process.
func (s *Service) withdrawNow(ctx context.Context, inviteID string, users []string) (err error) {
	defer caught.As(&err, "delete notifications")
	var n notified
	if _, err := party.ReadObject(ctx, s.Store.storage, noticesCollection, inviteID, &n); err != nil {
		return fmt.Errorf("read whom it was sent to: %w", err)
	}
	if len(users) == 0 {
		users = n.Users
	}
	var deletes []*runtime.NotificationDelete
	for _, user := range users {
		if !slices.Contains(n.Users, user) {
			continue
		}
		found, err := s.noticesOf(ctx, user, n.Key)
		if err != nil {
			return fmt.Errorf("list notifications: %w", err)
		}
		deletes = append(deletes, found...)
	}
	if len(deletes) > 0 {
		if err := s.Notifier.NotificationsDelete(ctx, deletes); err != nil {
			return fmt.Errorf("delete notifications: %w", err)
		}
	}
	return s.changeNotified(ctx, inviteID, func(n *notified) {
		n.Users = slices.DeleteFunc(n.Users, func(u string) bool { return slices.Contains(users, u) })
	})
}

// noticesOf finds a user's notifications of one invite by the key of the code in them.
func (s *Service) noticesOf(ctx context.Context, user, key string) (found []*runtime.NotificationDelete, err error) {
	cursor := ""
	for range noticePages {
		page, next, err := s.Notifier.NotificationsList(ctx, user, noticePage, cursor)
		if err != nil {
			return nil, err
		}
		for _, n := range page {
			var content struct{ Code string }
			if party.Notice(n.GetCode()) != party.NoticeInvite || json.Unmarshal([]byte(n.GetContent()), &content) != nil {
				continue
			}
			if code, err := ParseCode(content.Code); err == nil && code.key() == key {
				found = append(found, &runtime.NotificationDelete{UserID: user, NotificationID: n.GetId()})
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return found, nil
}

// sweepNotices deletes the notifications of invites that have ended.
func (s *Service) sweepNotices(ctx context.Context) error {
	return s.notices.Go(ctx, sweepBudget, func(o *api.StorageObject) error {
		var n notified
		if err := json.Unmarshal([]byte(o.GetValue()), &n); err != nil {
			return fmt.Errorf("invite's recipients not read: %w", err)
		}
		over, err := s.over(ctx, n.Key)
		if err == nil && over {
			err = s.withdrawNow(ctx, o.GetKey(), nil)
		}
		return err
	})
}

// over reports whether nobody new can use an invite any more.
func (s *Service) over(ctx context.Context, key string) (bool, error) {
	f, err := s.Store.lately(ctx, key)
	switch {
	case party.ReasonOf(err) == party.InviteNotFound:
		return true, nil
	case err != nil:
		return false, err
	case f.rec.ended(s.Now()) || f.rec.spent():
		return true, nil
	}
	return s.leadsNowhere(ctx, f.rec)
}
