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

// noticesCollection stores who received an invite's notifications. Key = the invite's ID, value = notified. The
// object is deleted when the notifications are.
const noticesCollection = "partyline_invite_notices"

type recipients struct {
	Key   string   `json:"key"` // the invite's
	Users []string `json:"users"`

	Until int64 `json:"until,omitempty"` // Unix seconds; until then the last notifications may still be written
	Twice bool  `json:"twice,omitempty"` // a user was sent a second notification before Until
}

// late reports whether the host may still write notifications that were sent.
func (n *recipients) late(now time.Time) bool { return now.Unix() < n.Until }

const (
	maxRecipients  = 2000 // users that one invite remembers; notifications to earlier users are not deleted
	noticePage     = 1000
	noticePages    = 10 // of one user's notifications, that are searched
	noticeAttempts = 4
	noticeTimeout  = 30 * time.Second
	noticeLate     = time.Minute // how long after a call to send it a notification may still be written
)

// notices tells parties and users about invites. Safe for concurrent use, except sweep.
type notices struct {
	*resolver
	funnel *funnel
	round  *party.Round
}

// Notify sends an invite to users. The host keeps the notifications for offline users, until the invite ends.
func (ns *notices) Notify(ctx context.Context, c party.Caller, inv party.CreatedInvite, users []string) error {
	// Write the users down before sending: a notification that is not written down would never be deleted.
	if err := ns.change(ctx, inv.ID, func(n *recipients) {
		n.Key = Code{inv.Code}.key()
		others := without(n.Users, users)
		n.Twice = n.late(ns.Now()) && (n.Twice || len(others) < len(n.Users))
		n.Until = ns.Now().Add(noticeLate).Unix()
		n.Users = append(others, users...)
		n.Users = n.Users[max(0, len(n.Users)-maxRecipients):]
	}); err != nil {
		return fmt.Errorf("store the recipients of the invite: %w", err)
	}
	notices := make([]*runtime.NotificationSend, len(users))
	for i, user := range users {
		notices[i] = party.NoticeInvite.To(user, c.UserID,
			invitation{PartyID: inv.PartyID, URL: inv.URL, Code: inv.Code, From: c.Username, Message: inv.Message})
	}
	if err := party.Notify(ctx, ns.Notifier, notices...); err != nil {
		return fmt.Errorf("send invite notifications: %w", err)
	}
	return nil
}

// change changes the list of users that an invite's notifications went to, by compare-and-set.
func (ns *notices) change(ctx context.Context, inviteID string, change func(*recipients)) error {
	for range noticeAttempts {
		var n recipients
		version, err := party.ReadObject(ctx, ns.Store.storage, noticesCollection, inviteID, &n)
		if err != nil {
			return err
		}
		change(&n)
		if len(n.Users) == 0 {
			if version == party.Absent {
				return nil
			}
			if ns.Store.storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: noticesCollection, Key: inviteID, Version: version}}) == nil {
				return nil
			}
			continue // a failed delete does not say whether it lost a race
		}
		_, err = party.WriteObject(ctx, ns.Store.storage, noticesCollection, inviteID, n, version)
		if !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			return err
		}
	}
	return errTooManyRaces
}

// withdraw deletes, in the background, the notifications that an invite has sent to a user, or to all users if userID is
// "". If it fails, the sweep repeats it.
func (ns *notices) withdraw(inviteID, userID string) {
	ns.tasks.begin(func() {
		ctx, cancel := context.WithTimeout(ns.tasks.ctx, noticeTimeout)
		defer cancel()
		if err := ns.withdrawNow(ctx, inviteID, userID); err != nil {
			ns.Logger.Warn("invite notifications not deleted yet invite=%s error=%v", inviteID, err)
		}
	})
}

// withdrawNow recovers from a panic, because it may run in its own goroutine, where a panic would end the process.
func (ns *notices) withdrawNow(ctx context.Context, inviteID, userID string) (err error) {
	defer caught.Recover(&err, "delete notifications")
	var n recipients
	if _, err := party.ReadObject(ctx, ns.Store.storage, noticesCollection, inviteID, &n); err != nil {
		return fmt.Errorf("read the recipients of the invite: %w", err)
	}
	if userID != "" {
		n.Users = slices.DeleteFunc(n.Users, func(u string) bool { return u != userID })
	}
	var deletes []*runtime.NotificationDelete
	var done []string
	for _, user := range n.Users {
		found, err := ns.notificationsOf(ctx, user, n.Key)
		if err != nil {
			return fmt.Errorf("list notifications: %w", err)
		}
		deletes = append(deletes, found...)
		if !n.late(ns.Now()) || len(found) > 0 && !n.Twice { // otherwise the host may still write one: the sweep looks again
			done = append(done, user)
		}
	}
	if len(deletes) > 0 {
		if err := ns.Notifier.NotificationsDelete(ctx, deletes); err != nil {
			return fmt.Errorf("delete notifications: %w", err)
		}
	}
	return ns.change(ctx, inviteID, func(now *recipients) { now.Users = without(now.Users, done) })
}

// without returns the users who are not among the others.
func without(users, others []string) []string {
	return slices.DeleteFunc(slices.Clone(users), func(u string) bool { return slices.Contains(others, u) })
}

// notificationsOf finds a user's notifications of one invite. It compares the key of the code in them.
func (ns *notices) notificationsOf(ctx context.Context, user, key string) (found []*runtime.NotificationDelete, err error) {
	cursor := ""
	for range noticePages {
		page, next, err := ns.Notifier.NotificationsList(ctx, user, noticePage, cursor)
		if err != nil {
			return nil, err
		}
		for _, n := range page {
			var content struct{ Code string }
			if party.Notice(n.GetCode()) != party.NoticeInvite || json.Unmarshal([]byte(n.GetContent()), &content) != nil {
				continue
			}
			if (Code{content.Code}).key() == key {
				found = append(found, &runtime.NotificationDelete{UserID: user, NotificationID: n.GetId()})
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return found, nil
}

// sweep deletes the notifications of invites for whose key over returns true.
func (ns *notices) sweep(ctx context.Context, over func(ctx context.Context, key string) (bool, error)) error {
	return ns.round.Go(ctx, sweepBudget, func(o *api.StorageObject) error {
		var n recipients
		if err := ns.Store.broken.Decode(o, &n, &n.Key); err != nil {
			return err
		}
		ended, err := over(ctx, n.Key)
		if err == nil && ended {
			err = ns.withdrawNow(ctx, o.GetKey(), "")
		}
		return err
	})
}
