package party

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Objects is the part of [Storage] that reads and writes.
type Objects interface {
	StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error)
	StorageWrite(ctx context.Context, writes []*runtime.StorageWrite) ([]*api.StorageObjectAck, error)
}

// Absent is the version of a missing object: a write with it creates the object.
const Absent = "*"

// ReadObject reads one of the module's own objects into value and returns its version for [WriteObject]. If the object
// cannot be decoded, it returns the version with the error. If there is no object, value does not change and the
// version is [Absent].
func ReadObject(ctx context.Context, storage Objects, collection, key string, value any) (version string, err error) {
	objects, err := storage.StorageRead(ctx, []*runtime.StorageRead{{Collection: collection, Key: key}})
	if err != nil {
		return "", err
	}
	if len(objects) == 0 {
		return Absent, nil
	}
	if err := json.Unmarshal([]byte(objects[0].GetValue()), value); err != nil {
		return objects[0].GetVersion(), fmt.Errorf("the record %s/%s is broken: %w", collection, key, err)
	}
	return objects[0].GetVersion(), nil
}

// WriteObject replaces the given version of an object by value and returns the new version. It fails with
// runtime.ErrStorageRejectedVersion if the object has changed since.
func WriteObject(ctx context.Context, storage Objects, collection, key string, value any, version string) (written string, err error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	acks, err := storage.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: collection, Key: key, Value: string(text), Version: version}})
	if err != nil {
		return "", err
	}
	return acks[0].GetVersion(), nil
}
