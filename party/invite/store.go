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

	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/reserve"
)

// Collections. All objects are the system's, and no client can read or write them.
const (
	invitesCollection = "partyline_invites"       // key = SHA-256 of the code, value = record
	idsCollection     = "partyline_invite_ids"    // key = the invite's ID, value = pointer
	partyCollection   = "partyline_party_invites" // + "_<party UUID>"; key = the invite's ID, value = pointer
)

const (
	page       = 100
	indexPages = 20 // most pages of one party's index that are read
)

// pointer leads from an invite's ID to its record.
type pointer struct {
	Key       string `json:"key"`
	By        string `json:"by,omitempty"` // user
	Hold      bool   `json:"hold,omitempty"`
	ExpiresAt int64  `json:"expires_at"`
}

// Store is invites in Nakama's storage. Safe for concurrent use.
type Store struct {
	storage party.Storage
	now     party.Clock
	kept    *cache.Cache[string, found] // as this process last read or wrote them
	turns   keyed.Locks[string]         // by key
}

// found is a record as storage had it.
type found struct {
	rec     *record
	version string
}

// Another node of a cluster may write a record that is kept, so these expire.
const (
	recordTTL  = 2 * time.Minute
	maxRecords = 20_000 // of some 500 bytes
)

// NewStore makes a store.
func NewStore(storage party.Storage, now party.Clock) *Store {
	return &Store{storage, now, cache.New[string, found](now, maxRecords, recordTTL), keyed.NewLocks[string]()}
}

// round passes over a whole collection.
func (s *Store) round(collection string) *party.Round {
	return &party.Round{Storage: s.storage, Now: s.now, Collection: collection}
}

// errLost means that somebody else wrote the record first.
var errLost = errors.New("invite record changed meanwhile")

// create writes a new invite with its two index entries, all or none. It answers
// errLost if the code is taken.
func (s *Store) create(ctx context.Context, key string, r *record) error {
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	id, err := r.partyID()
	if err != nil {
		return err
	}
	ptr, err := json.Marshal(pointer{Key: key, By: r.By, Hold: r.Hold, ExpiresAt: r.ExpiresAt})
	if err != nil {
		return err
	}
	acks, err := s.storage.StorageWrite(ctx, []*runtime.StorageWrite{
		{Collection: invitesCollection, Key: key, Value: string(value), Version: party.Absent},
		{Collection: idsCollection, Key: r.ID, Value: string(ptr), Version: party.Absent},
		{Collection: indexOf(id), Key: r.ID, Value: string(ptr), Version: party.Absent},
	})
	if errors.Is(err, runtime.ErrStorageRejectedVersion) {
		return errLost
	}
	if err == nil {
		s.kept.Put(key, found{r.clone(), acks[0].GetVersion()})
	}
	return err
}

// read finds a record as storage has it now; InviteNotFound if there is none. The caller must
// not change it.
func (s *Store) read(ctx context.Context, key string) (found, error) {
	s.kept.Drop(key)
	return s.lately(ctx, key)
}

// lately is read where this process has not read or written the record within the last minutes.
func (s *Store) lately(ctx context.Context, key string) (found, error) {
	return s.kept.Get(ctx, key, func(ctx context.Context) (found, error) { return s.load(ctx, key) })
}

func (s *Store) load(ctx context.Context, key string) (found, error) {
	objects, err := s.storage.StorageRead(ctx, []*runtime.StorageRead{{Collection: invitesCollection, Key: key}})
	if err != nil {
		return found{}, fmt.Errorf("read invite: %w", err)
	}
	if len(objects) == 0 {
		return found{}, notFound()
	}
	r, err := decode(objects[0])
	return found{r, objects[0].Version}, err
}

func decode(o *api.StorageObject) (*record, error) {
	r := &record{}
	if err := json.Unmarshal([]byte(o.GetValue()), r); err != nil {
		return nil, fmt.Errorf("read invite: %w", err)
	}
	return r, nil
}

// write replaces a record by compare-and-set; errLost if it is not at the version named. The
// caller must not change the record afterwards.
func (s *Store) write(ctx context.Context, key string, r *record, version string) error {
	write := func() (string, error) {
		defer s.kept.Drop(key) // also if it fails, or panics: it may have been done all the same
		return party.WriteObject(ctx, s.storage, invitesCollection, key, r, version)
	}
	next, err := write()
	if errors.Is(err, runtime.ErrStorageRejectedVersion) {
		return errLost
	}
	if err != nil {
		return fmt.Errorf("write invite: %w", err)
	}
	s.kept.Put(key, found{r, next})
	return nil
}

// keyOf finds an invite's key by its ID; InviteNotFound if there is none.
func (s *Store) keyOf(ctx context.Context, inviteID string) (string, error) {
	var p pointer
	version, err := party.ReadObject(ctx, s.storage, idsCollection, inviteID, &p)
	if version == party.Absent {
		err = notFound()
	}
	return p.Key, err
}

// eachIndexed passes the party's index to f, as far as it is read.
func (s *Store) eachIndexed(ctx context.Context, id party.ID, f func(inviteID string, p pointer)) error {
	cursor := ""
	for range indexPages {
		index, next, err := s.storage.StorageList(ctx, "", party.SystemUser, indexOf(id), page, cursor)
		if err != nil {
			return err
		}
		for _, o := range index {
			var p pointer
			if err := json.Unmarshal([]byte(o.Value), &p); err != nil {
				return err
			}
			f(o.Key, p)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return nil
}

// ofParty reads the party's invites that have not expired, only those with held seats
// if holding says so.
func (s *Store) ofParty(ctx context.Context, id party.ID, holding bool) ([]*record, error) {
	var keys []string
	err := s.eachIndexed(ctx, id, func(_ string, p pointer) {
		if s.now().Before(time.Unix(p.ExpiresAt, 0)) && (p.Hold || !holding) {
			keys = append(keys, p.Key)
		}
	})
	if err != nil {
		return nil, err
	}
	var all []*record
	for some := range slices.Chunk(keys, page) {
		records, err := s.records(ctx, some)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}

// records reads those there are, in no order.
func (s *Store) records(ctx context.Context, keys []string) ([]*record, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	reads := make([]*runtime.StorageRead, len(keys))
	for i, key := range keys {
		reads[i] = &runtime.StorageRead{Collection: invitesCollection, Key: key}
	}
	objects, err := s.storage.StorageRead(ctx, reads)
	if err != nil {
		return nil, fmt.Errorf("read invites: %w", err)
	}
	records := make([]*record, len(objects))
	for i, o := range objects {
		if records[i], err = decode(o); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// Holds reads the seats that invites keep in a party; it is what
// [admission.Deps].Holds wants.
func (s *Store) Holds(ctx context.Context, id party.ID) ([]reserve.Hold, error) {
	records, err := s.ofParty(ctx, id, true)
	if err != nil {
		return nil, err
	}
	var holds []reserve.Hold
	for _, r := range records {
		if h, ok := r.hold(s.now()); ok {
			holds = append(holds, h)
		}
	}
	return holds, nil
}

// discard deletes invites, by key, with their index entries, all or none; some may be gone already.
func (s *Store) discard(ctx context.Context, invites map[string]*record) error {
	var deletes []*runtime.StorageDelete
	for key, r := range invites {
		defer s.kept.Drop(key)
		deletes = append(deletes, &runtime.StorageDelete{Collection: invitesCollection, Key: key}, &runtime.StorageDelete{Collection: idsCollection, Key: r.ID})
		if id, err := r.partyID(); err == nil {
			deletes = append(deletes, &runtime.StorageDelete{Collection: indexOf(id), Key: r.ID})
		}
	}
	return s.storage.StorageDelete(ctx, deletes)
}

func indexOf(id party.ID) string { return partyCollection + "_" + id.UUID.String() }
