package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

func objectID(collection, key, userID string) (ObjectID, error) {
	if collection == "" {
		return ObjectID{}, errors.New("expects collection to be a non-empty string")
	}
	if key == "" {
		return ObjectID{}, errors.New("expects key to be a non-empty string")
	}
	owner, err := parseOwner(userID, "expects an empty or valid user id")
	return ObjectID{collection, key, owner}, err
}

func objectReads(reads []*runtime.StorageRead) ([]ObjectID, error) {
	ids := make([]ObjectID, 0, len(reads))
	for _, r := range reads {
		id, err := objectID(r.Collection, r.Key, r.UserID)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func objectWrites(writes []*runtime.StorageWrite) ([]ObjectWrite, error) {
	ops := make([]ObjectWrite, 0, len(writes))
	for _, w := range writes {
		id, err := objectID(w.Collection, w.Key, w.UserID)
		if err != nil {
			return nil, err
		}
		if !IsJSONObject(w.Value) {
			return nil, errors.New("value must be a JSON-encoded object")
		}
		ops = append(ops, ObjectWrite{
			ObjectID: id, Value: w.Value, Version: w.Version, Read: int32(w.PermissionRead), Write: int32(w.PermissionWrite),
		})
	}
	return ops, nil
}

func objectDeletes(deletes []*runtime.StorageDelete) ([]ObjectDelete, error) {
	ops := make([]ObjectDelete, 0, len(deletes))
	for _, d := range deletes {
		id, err := objectID(d.Collection, d.Key, d.UserID)
		if err != nil {
			return nil, err
		}
		ops = append(ops, ObjectDelete{id, d.Version})
	}
	return ops, nil
}

// StorageList implements runtime.NakamaModule.
func (m Module) StorageList(_ context.Context, callerID, userID, collection string, limit int, cursor string) ([]*api.StorageObject, string, error) {
	caller, err := parseOwner(callerID, "expects an empty or valid caller id")
	if err != nil {
		return nil, "", err
	}
	var owner *uuid.UUID
	if userID != "" {
		id, err := uuid.Parse(userID)
		if err != nil {
			return nil, "", errors.New("expects an empty or valid user id")
		}
		owner = &id
	}
	if limit < 0 {
		return nil, "", errors.New("limit must not be negative")
	}
	return m.store.ListObjects(caller, owner, collection, limit, cursor)
}

// StorageRead implements runtime.NakamaModule.
func (m Module) StorageRead(_ context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	ids, err := objectReads(reads)
	if err != nil {
		return nil, err
	}
	return m.store.ReadObjects(uuid.Nil, ids), nil
}

// StorageWrite implements runtime.NakamaModule.
func (m Module) StorageWrite(_ context.Context, writes []*runtime.StorageWrite) ([]*api.StorageObjectAck, error) {
	ops, err := objectWrites(writes)
	if err != nil {
		return nil, err
	}
	return m.store.WriteObjects(true, ops)
}

// StorageDelete implements runtime.NakamaModule.
func (m Module) StorageDelete(_ context.Context, deletes []*runtime.StorageDelete) error {
	ops, err := objectDeletes(deletes)
	if err != nil {
		return err
	}
	return m.store.DeleteObjects(true, ops)
}

// MultiUpdate implements runtime.NakamaModule for storage: it makes all changes or none. It does not support accounts
// and wallets.
func (m Module) MultiUpdate(_ context.Context, accountUpdates []*runtime.AccountUpdate, storageWrites []*runtime.StorageWrite, storageDeletes []*runtime.StorageDelete, walletUpdates []*runtime.WalletUpdate, updateLedger bool) ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error) {
	if len(accountUpdates)+len(walletUpdates) > 0 {
		return nil, nil, errors.New("not supported by the embedded engine: MultiUpdate with account or wallet updates")
	}
	if len(storageWrites)+len(storageDeletes) == 0 {
		return nil, nil, nil
	}
	writes, err := objectWrites(storageWrites)
	if err != nil {
		return nil, nil, err
	}
	deletes, err := objectDeletes(storageDeletes)
	if err != nil {
		return nil, nil, err
	}
	rows, err := prepareWrites(writes)
	if err != nil {
		return nil, nil, err
	}
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	b := m.store.newBatch()
	acks, err := b.write(true, rows)
	if err == nil {
		err = b.delete(true, deletes)
	}
	if err != nil {
		return nil, nil, err
	}
	b.commit()
	return acks, nil, nil
}
