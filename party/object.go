package party

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

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

// ReadObject reads one of the module's own objects into value and returns its version for [WriteObject], also if the
// object cannot be decoded. If there is no object, value does not change and the version is [Absent].
func ReadObject(ctx context.Context, storage Objects, collection, key string, value any) (version string, err error) {
	objects, err := storage.StorageRead(ctx, []*runtime.StorageRead{{Collection: collection, Key: key}})
	if err != nil {
		return "", err
	}
	if len(objects) == 0 {
		return Absent, nil
	}
	if err := json.Unmarshal([]byte(objects[0].GetValue()), value); err != nil {
		return objects[0].GetVersion(), broken(objects[0], err)
	}
	return objects[0].GetVersion(), nil
}

var errBroken = errors.New("is broken")

// broken does not wrap the cause: a party_not_found in it is no answer to the caller.
func broken(o *api.StorageObject, cause error) error {
	return fmt.Errorf("the record %s/%s %w: %s", o.GetCollection(), o.GetKey(), errBroken, cause.Error())
}

// IsBroken reports whether the cause of the error is an object that cannot be decoded.
func IsBroken(err error) bool { return errors.Is(err, errBroken) }

// UnlessBroken returns the error, or nil if its cause is an object that cannot be decoded.
func UnlessBroken(err error) error {
	if joined, several := err.(interface{ Unwrap() []error }); several {
		var rest []error
		for _, each := range joined.Unwrap() {
			rest = append(rest, UnlessBroken(each))
		}
		return errors.Join(rest...)
	}
	if IsBroken(err) {
		return nil
	}
	return err
}

// BrokenLog logs objects that cannot be decoded, each once.
type BrokenLog struct {
	Logger Logger
	logged sync.Map // by collection and key
}

// Add logs that an object cannot be decoded, and returns an error that says so.
func (l *BrokenLog) Add(o *api.StorageObject, cause error) error {
	if _, before := l.logged.LoadOrStore([2]string{o.GetCollection(), o.GetKey()}, nil); !before {
		l.Logger.Warn("record not readable collection=%s key=%s error=%v", o.GetCollection(), o.GetKey(), cause)
	}
	return broken(o, cause)
}

// Decode decodes an object into value. The text at required must not be empty afterwards.
func (l *BrokenLog) Decode(o *api.StorageObject, value any, required *string) error {
	err := json.Unmarshal([]byte(o.GetValue()), value)
	if err == nil && *required == "" {
		err = errors.New("it is incomplete")
	}
	if err != nil {
		return l.Add(o, err)
	}
	return nil
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
