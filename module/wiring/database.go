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

// databaseTime limits one request of the module to the host's database.
const databaseTime = 5 * time.Second

// uncancelled runs a request that the host answers from its database, unless the caller has gone. It is not cancelled.
func uncancelled(ctx context.Context, ask func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := bounded.Uncancelled(ctx, databaseTime)
	defer cancel()
	return ask(ctx)
}

func (w *countingHost) countStorage(count *atomic.Uint64, err error) {
	count.Add(1)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
	case errors.Is(err, runtime.ErrStorageRejectedVersion):
		w.conflicts.Add(1)
	default:
		w.errors.Add(1)
	}
}

func (w *countingHost) StorageRead(ctx context.Context, reads []*runtime.StorageRead) (objects []*api.StorageObject, err error) {
	err = uncancelled(ctx, func(ctx context.Context) (err error) {
		objects, err = w.NakamaModule.StorageRead(ctx, reads)
		return err
	})
	w.countStorage(&w.reads, err)
	return objects, err
}

func (w *countingHost) StorageList(ctx context.Context, callerID, userID, collection string, limit int, cursor string) (objects []*api.StorageObject, next string, err error) {
	err = uncancelled(ctx, func(ctx context.Context) (err error) {
		objects, next, err = w.NakamaModule.StorageList(ctx, callerID, userID, collection, limit, cursor)
		return err
	})
	w.countStorage(&w.reads, err)
	return objects, next, err
}

func (w *countingHost) StorageWrite(ctx context.Context, writes []*runtime.StorageWrite) (acks []*api.StorageObjectAck, err error) {
	err = uncancelled(ctx, func(ctx context.Context) (err error) {
		acks, err = w.NakamaModule.StorageWrite(ctx, writes)
		return err
	})
	w.countStorage(&w.writes, err)
	return acks, err
}

// StorageDelete fails alike for another version, which is likely if one was named, and if the database is down.
func (w *countingHost) StorageDelete(ctx context.Context, deletes []*runtime.StorageDelete) error {
	err := uncancelled(ctx, func(ctx context.Context) error { return w.NakamaModule.StorageDelete(ctx, deletes) })
	counted := err
	if err != nil && len(deletes) > 0 && deletes[0].Version != "" {
		counted = runtime.ErrStorageRejectedVersion
	}
	w.countStorage(&w.writes, counted)
	return err
}

func (w *countingHost) MultiUpdate(ctx context.Context, accounts []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, wallets []*runtime.WalletUpdate, ledger bool) (acks []*api.StorageObjectAck, results []*runtime.WalletUpdateResult, err error) {
	err = uncancelled(ctx, func(ctx context.Context) (err error) {
		acks, results, err = w.NakamaModule.MultiUpdate(ctx, accounts, writes, deletes, wallets, ledger)
		return err
	})
	w.countStorage(&w.writes, err)
	return acks, results, err
}

// findUsers is uncancelled for a call that finds users by their IDs.
func findUsers[By, T any](ctx context.Context, ask func(context.Context, By, []string) ([]T, error), by By, ids []string) (found []T, err error) {
	err = uncancelled(ctx, func(ctx context.Context) (err error) {
		found, err = ask(ctx, by, ids)
		return err
	})
	return found, err
}

func (w *countingHost) AccountsGetId(ctx context.Context, userIDs, facebookIDs []string) ([]*api.Account, error) {
	return findUsers(ctx, w.NakamaModule.AccountsGetId, userIDs, facebookIDs)
}

func (w *countingHost) UsersGetId(ctx context.Context, userIDs, facebookIDs []string) ([]*api.User, error) {
	return findUsers(ctx, w.NakamaModule.UsersGetId, userIDs, facebookIDs)
}

func (w *countingHost) UsersGetFriendStatus(ctx context.Context, userID string, userIDs []string) ([]*api.Friend, error) {
	return findUsers(ctx, w.NakamaModule.UsersGetFriendStatus, userID, userIDs)
}

// listPage is uncancelled for a page of a user's friends or groups, or of a group's users.
func listPage[T any](ctx context.Context, ask func(context.Context, string, int, *int, string) ([]T, string, error), id string, limit int, state *int, cursor string) (page []T, next string, err error) {
	err = uncancelled(ctx, func(ctx context.Context) (err error) {
		page, next, err = ask(ctx, id, limit, state, cursor)
		return err
	})
	return page, next, err
}

func (w *countingHost) FriendsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.Friend, string, error) {
	return listPage(ctx, w.NakamaModule.FriendsList, userID, limit, state, cursor)
}

func (w *countingHost) GroupUsersList(ctx context.Context, id string, limit int, state *int, cursor string) ([]*api.GroupUserList_GroupUser, string, error) {
	return listPage(ctx, w.NakamaModule.GroupUsersList, id, limit, state, cursor)
}

func (w *countingHost) UserGroupsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error) {
	return listPage(ctx, w.NakamaModule.UserGroupsList, userID, limit, state, cursor)
}

func (w *countingHost) NotificationsList(ctx context.Context, userID string, limit int, cursor string) (notifications []*api.Notification, next string, err error) {
	err = uncancelled(ctx, func(ctx context.Context) (err error) {
		notifications, next, err = w.NakamaModule.NotificationsList(ctx, userID, limit, cursor)
		return err
	})
	return notifications, next, err
}

func (w *countingHost) NotificationsSend(ctx context.Context, notifications []*runtime.NotificationSend) error {
	return uncancelled(ctx, func(ctx context.Context) error { return w.NakamaModule.NotificationsSend(ctx, notifications) })
}

func (w *countingHost) NotificationsDelete(ctx context.Context, notifications []*runtime.NotificationDelete) error {
	return uncancelled(ctx, func(ctx context.Context) error { return w.NakamaModule.NotificationsDelete(ctx, notifications) })
}
