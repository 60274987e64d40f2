package wiring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/build"
)

// The format of everything the module stores. A minor version adds: what was there stays
// and means the same, so that the previous minor version reads it and rolling back works. A
// major version breaks that; a module of an older one then does not start.
const (
	storageMajor = 1
	storageMinor = 0
)

// Where the one record is that says which format the storage has.
const (
	metaCollection = "partyline_meta"
	metaKey        = "storage"
)

// storageFormat is that record.
type storageFormat struct {
	Major     int    `json:"major"`
	Minor     int    `json:"minor"`
	WrittenBy string `json:"written_by"` // version of the module
}

// objects are the host's calls that claimStorage makes.
type objects interface {
	StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error)
	StorageWrite(ctx context.Context, writes []*runtime.StorageWrite) ([]*api.StorageObjectAck, error)
}

// claimStorage makes sure that this module can read what is stored, and notes its format
// where that is newer. An older module of the same major version stays able to start.
func claimStorage(ctx context.Context, storage objects) error {
	for range 5 { // nodes that start together write the same; one of them wins
		again, err := tryClaim(ctx, storage)
		if !again || err != nil {
			return err
		}
	}
	return errors.New("storage format: the record changes all the time")
}

// tryClaim asks for another try where the record was changed between reading and writing.
func tryClaim(ctx context.Context, storage objects) (again bool, err error) {
	stored, err := storage.StorageRead(ctx, []*runtime.StorageRead{{Collection: metaCollection, Key: metaKey}})
	if err != nil {
		return false, fmt.Errorf("storage format: read the record: %w", err)
	}
	version := "*"
	var format storageFormat
	if len(stored) > 0 {
		version = stored[0].Version
		if err := json.Unmarshal([]byte(stored[0].Value), &format); err != nil {
			return false, fmt.Errorf("storage format: the record %s/%s is broken: %w", metaCollection, metaKey, err)
		}
	}
	switch {
	case format.Major > storageMajor:
		return false, fmt.Errorf("storage format: the database has format %d.%d, written by Partyline %s; Partyline %s reads format %d. Start Partyline %s or newer, or restore the database from before the upgrade",
			format.Major, format.Minor, format.WrittenBy, build.Version, storageMajor, format.WrittenBy)
	case format.Major == storageMajor && format.Minor >= storageMinor:
		return false, nil
	}
	value, err := json.Marshal(storageFormat{storageMajor, storageMinor, build.Version})
	if err != nil {
		return false, fmt.Errorf("storage format: %w", err)
	}
	_, err = storage.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: metaCollection, Key: metaKey, Value: string(value), Version: version}})
	if errors.Is(err, runtime.ErrStorageRejectedVersion) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("storage format: write the record: %w", err)
	}
	return false, nil
}
