package wiring

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/bounded"
)

// databaseTime bounds what the module asks of the host's database.
const databaseTime = 5 * time.Second

// whole asks the host for something that it reads from its database, or writes there. It does not begin
// for a caller who has gone, and ends as a whole.
func whole(ctx context.Context, ask func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := bounded.Whole(ctx, databaseTime)
	defer cancel()
	return ask(ctx)
}

func (w *watched) storage(count *atomic.Uint64, err error) {
	count.Add(1)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
	case errors.Is(err, runtime.ErrStorageRejectedVersion):
		w.conflicts.Add(1)
	default:
		w.errors.Add(1)
	}
}

func (w *watched) StorageRead(ctx context.Context, reads []*runtime.StorageRead) (objects []*api.StorageObject, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		objects, err = w.NakamaModule.StorageRead(ctx, reads)
		return err
	})
	w.storage(&w.reads, err)
	return objects, err
}

func (w *watched) StorageList(ctx context.Context, callerID, userID, collection string, limit int, cursor string) (objects []*api.StorageObject, next string, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		objects, next, err = w.NakamaModule.StorageList(ctx, callerID, userID, collection, limit, cursor)
		return err
	})
	w.storage(&w.reads, err)
	return objects, next, err
}

func (w *watched) StorageWrite(ctx context.Context, writes []*runtime.StorageWrite) (acks []*api.StorageObjectAck, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		acks, err = w.NakamaModule.StorageWrite(ctx, writes)
		return err
	})
	w.storage(&w.writes, err)
	return acks, err
}

// StorageDelete fails in one way only, whether the version was another or the database is
// down. With a version the former is far more likely.
func (w *watched) StorageDelete(ctx context.Context, deletes []*runtime.StorageDelete) error {
	err := whole(ctx, func(ctx context.Context) error { return w.NakamaModule.StorageDelete(ctx, deletes) })
	counted := err
	if err != nil && len(deletes) > 0 && deletes[0].Version != "" {
		counted = runtime.ErrStorageRejectedVersion
	}
	w.storage(&w.writes, counted)
	return err
}

func (w *watched) MultiUpdate(ctx context.Context, accounts []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, wallets []*runtime.WalletUpdate, ledger bool) (acks []*api.StorageObjectAck, results []*runtime.WalletUpdateResult, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		acks, results, err = w.NakamaModule.MultiUpdate(ctx, accounts, writes, deletes, wallets, ledger)
		return err
	})
	w.storage(&w.writes, err)
	return acks, results, err
}

func (w *watched) AccountsGetId(ctx context.Context, userIDs, facebookIDs []string) (found []*api.Account, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		found, err = w.NakamaModule.AccountsGetId(ctx, userIDs, facebookIDs)
		return err
	})
	return found, err
}

func (w *watched) UsersGetId(ctx context.Context, userIDs, facebookIDs []string) (found []*api.User, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		found, err = w.NakamaModule.UsersGetId(ctx, userIDs, facebookIDs)
		return err
	})
	return found, err
}

func (w *watched) UsersGetFriendStatus(ctx context.Context, userID string, userIDs []string) (found []*api.Friend, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		found, err = w.NakamaModule.UsersGetFriendStatus(ctx, userID, userIDs)
		return err
	})
	return found, err
}

func (w *watched) FriendsList(ctx context.Context, userID string, limit int, state *int, cursor string) (friends []*api.Friend, next string, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		friends, next, err = w.NakamaModule.FriendsList(ctx, userID, limit, state, cursor)
		return err
	})
	return friends, next, err
}

func (w *watched) GroupUsersList(ctx context.Context, id string, limit int, state *int, cursor string) (members []*api.GroupUserList_GroupUser, next string, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		members, next, err = w.NakamaModule.GroupUsersList(ctx, id, limit, state, cursor)
		return err
	})
	return members, next, err
}

func (w *watched) UserGroupsList(ctx context.Context, userID string, limit int, state *int, cursor string) (groups []*api.UserGroupList_UserGroup, next string, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		groups, next, err = w.NakamaModule.UserGroupsList(ctx, userID, limit, state, cursor)
		return err
	})
	return groups, next, err
}

func (w *watched) NotificationsList(ctx context.Context, userID string, limit int, cursor string) (notifications []*api.Notification, next string, err error) {
	err = whole(ctx, func(ctx context.Context) (err error) {
		notifications, next, err = w.NakamaModule.NotificationsList(ctx, userID, limit, cursor)
		return err
	})
	return notifications, next, err
}

func (w *watched) NotificationsSend(ctx context.Context, notifications []*runtime.NotificationSend) error {
	return whole(ctx, func(ctx context.Context) error { return w.NakamaModule.NotificationsSend(ctx, notifications) })
}

func (w *watched) NotificationsDelete(ctx context.Context, notifications []*runtime.NotificationDelete) error {
	return whole(ctx, func(ctx context.Context) error { return w.NakamaModule.NotificationsDelete(ctx, notifications) })
}
