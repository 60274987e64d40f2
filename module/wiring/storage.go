package wiring

import (
	"context"
	"errors"
	"fmt"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/build"
	"partyline/party"
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

type storageFormat struct {
	Major     int    `json:"major"`
	Minor     int    `json:"minor"`
	WrittenBy string `json:"written_by"` // version of the module
}

// claimStorage makes sure that this module can read what is stored, and notes its format
// where that is newer. An older module of the same major version stays able to start.
func claimStorage(ctx context.Context, storage party.Objects) error {
	for range 5 { // nodes that start together write the same; one of them wins
		var format storageFormat
		version, err := party.ReadObject(ctx, storage, metaCollection, metaKey, &format)
		switch {
		case err != nil:
			return fmt.Errorf("storage format: read the record: %w", err)
		case format.Major > storageMajor:
			return fmt.Errorf("storage format: the database has format %d.%d, written by Partyline %s; Partyline %s reads format %d. Start Partyline %s or newer, or restore the database from before the upgrade",
				format.Major, format.Minor, format.WrittenBy, build.Version, storageMajor, format.WrittenBy)
		case format.Major == storageMajor && format.Minor >= storageMinor:
			return nil
		}
		_, err = party.WriteObject(ctx, storage, metaCollection, metaKey, storageFormat{storageMajor, storageMinor, build.Version}, version)
		if err == nil {
			return nil
		}
		if !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			return fmt.Errorf("storage format: write the record: %w", err)
		}
	}
	return errors.New("storage format: the record changes all the time")
}
