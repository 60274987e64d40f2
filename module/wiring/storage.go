package wiring

import (
	"context"
	"errors"
	"fmt"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/build"
	"partyline/party"
)

// The format of everything the module stores. A minor version only adds, so that the previous one can read it and a
// rollback works. A module with an older major version does not start.
const (
	storageMajor = 1
	storageMinor = 0
)

// Where the only record of the storage's format is.
const (
	metaCollection = "partyline_meta"
	metaKey        = "storage"
)

type storageFormat struct {
	Major     int    `json:"major"`
	Minor     int    `json:"minor"`
	WrittenBy string `json:"written_by"` // version of the module
}

// claimStorage checks that this module can read the storage. If the module's format is newer, it records it. An
// older module with the same major version can still start.
func claimStorage(ctx context.Context, storage party.Objects) error {
	for range 5 { // nodes that start at the same time write the same record; one wins, the others try again
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
	return errors.New("storage format: other nodes keep changing the record")
}
