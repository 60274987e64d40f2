package invite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/bounded"
	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/reserve"
)

// Collections. The system user owns all objects, and no client can read or write them.
const (
	invitesCollection = "partyline_invites"       // key = SHA-256 of the code, value = record
	idsCollection     = "partyline_invite_ids"    // key = the invite's ID, value = pointer
	partyCollection   = "partyline_party_invites" // + "_<party UUID>"; key = the invite's ID, value = pointer
)

const (
	page     = 100
	maxPages = 20 // pages read of one collection: a party's index, or the one of all invites
)

// pointer is an index entry: it leads from an invite's ID to its record.
type pointer struct {
	Key       string `json:"key"`
	By        string `json:"by,omitempty"` // user ID
	Hold      bool   `json:"hold,omitempty"`
	ExpiresAt int64  `json:"expires_at"`
}

// Store keeps invites in Nakama's storage. Safe for concurrent use.
type Store struct {
	storage party.Storage
	now     party.Clock
	cache   *cache.Cache[string, *record] // records as this process last read or wrote them
	turns   keyed.Locks[string]           // by key
	broken  *party.BrokenLog
}

// The cached records expire, because another node of a cluster may write them.
const (
	recordTTL  = 2 * time.Minute
	maxRecords = 20_000 // of about 500 bytes each
)

func NewStore(storage party.Storage, now party.Clock, logger party.Logger) *Store {
	return &Store{storage, now, cache.New[string, *record](now, maxRecords, recordTTL), keyed.NewLocks[string](), &party.BrokenLog{Logger: logger}}
}

func (s *Store) round(collection string) *party.Round {
	return &party.Round{Storage: s.storage, Now: s.now, Collection: collection}
}

// create writes a new invite with its two index entries, all or none. It fails with runtime.ErrStorageRejectedVersion
// if the code is taken.
func (s *Store) create(ctx context.Context, key string, r *record) error {
	value, err := json.Marshal(r)
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
		{Collection: indexCollection(r.partyID()), Key: r.ID, Value: string(ptr), Version: party.Absent},
	})
	if err == nil {
		kept := r.clone()
		kept.version = acks[0].GetVersion()
		s.cache.Put(key, kept)
	}
	return err
}

// read returns the current record from storage. It refuses with InviteNotFound if there is none. The caller must not
// change the record.
func (s *Store) read(ctx context.Context, key string) (*record, error) {
	s.cache.Invalidate(key)
	return s.readCached(ctx, key)
}

// readCached is read, but returns a cached record if this process has read or written it in the last two minutes.
func (s *Store) readCached(ctx context.Context, key string) (*record, error) {
	return s.cache.Get(ctx, key, func(ctx context.Context) (r *record, err error) {
		r = &record{}
		r.version, err = party.ReadObject(ctx, s.storage, invitesCollection, key, r)
		if err != nil {
			return nil, fmt.Errorf("read invite: %w", err)
		}
		if r.version == party.Absent {
			return nil, notFound()
		}
		return r, nil
	})
}

func (s *Store) decode(o *api.StorageObject) (*record, error) {
	r := &record{}
	return r, s.broken.Decode(o, r, &r.ID)
}

func (s *Store) decodePointer(o *api.StorageObject) (p pointer, err error) {
	err = s.broken.Decode(o, &p, &p.Key)
	return p, err
}

// attempts bounds how often a change is tried when another node was faster.
const attempts = 12

// takeTurn waits for the caller's turn with an invite; the caller calls end when done. Writers on this node take turns,
// so that only other nodes can make a compare-and-set fail. Many writers together read the record only once: each of
// them finds what the previous one has written.
func (s *Store) takeTurn(ctx context.Context, key string) (end func(), err error) {
	if end, err = s.turns.Lock(ctx, key); err != nil {
		return nil, fmt.Errorf("wait for the invite: %w", err)
	}
	return end, nil
}

// change is changeInTurn in a turn of its own.
func (s *Store) change(ctx context.Context, key string, change func(*record) error) (*record, error) {
	end, err := s.takeTurn(ctx, key)
	if err != nil {
		return nil, err
	}
	defer end()
	return s.changeInTurn(ctx, key, change)
}

// errUnchanged, returned from a change, means that there is nothing to write.
var errUnchanged = errors.New("nothing to change")

// unsureError wraps the error of a write that may be done all the same.
type unsureError struct{ error }

func (u unsureError) Unwrap() error { return u.error }

// changeInTurn applies a change to the record by compare-and-set. If another node was faster, it tries again on a
// fresh copy. A refusal by the change counts only on a record that was just read. It returns the record as written,
// or the unchanged record for errUnchanged. Errors: the change's own, Conflict, or unsureError around storage's
// error. The caller has the turn.
func (s *Store) changeInTurn(ctx context.Context, key string, change func(*record) error) (*record, error) {
	refused := false
	for attempt := range attempts {
		r, err := s.readCached(ctx, key)
		if err != nil {
			return nil, err
		}
		next := r.clone()
		if err := change(next); errors.Is(err, errUnchanged) {
			return r, nil
		} else if err != nil {
			if refused {
				return nil, err
			}
			refused = true
			s.cache.Invalidate(key)
			continue
		}
		next.version, err = party.WriteObject(ctx, s.storage, invitesCollection, key, next, r.version)
		if err == nil {
			s.cache.Put(key, next)
			return next, nil
		}
		s.cache.Invalidate(key) // the write may be done all the same
		if !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			return nil, unsureError{fmt.Errorf("write invite: %w", err)}
		}
		if err := bounded.Sleep(ctx, time.Duration(rand.Int64N(int64(attempt+1)*int64(time.Millisecond)+1))); err != nil {
			return nil, err
		}
	}
	return nil, errTooManyRaces
}

// errTooManyRaces is the refusal after too many lost races.
var errTooManyRaces = party.Refuse(party.Conflict, "Too many changes at once, please try again.")

// keyOf returns an invite's key by its ID. It refuses with InviteNotFound if there is none.
func (s *Store) keyOf(ctx context.Context, inviteID string) (string, error) {
	var p pointer
	version, err := party.ReadObject(ctx, s.storage, idsCollection, inviteID, &p)
	if version == party.Absent {
		err = notFound()
	}
	return p.Key, err
}

// eachPointer calls f for each index entry of a collection, up to maxPages pages. It omits broken entries. more reports
// that there are further entries.
func (s *Store) eachPointer(ctx context.Context, collection string, f func(inviteID string, p pointer)) (more bool, err error) {
	cursor := ""
	for range maxPages {
		objects, next, err := s.storage.StorageList(ctx, "", party.SystemUser, collection, page, cursor)
		if err != nil {
			return false, err
		}
		for _, o := range objects {
			if p, err := s.decodePointer(o); err == nil {
				f(o.GetKey(), p)
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return cursor != "", nil
}

// partyInvites returns the party's invites that have not expired. If holding is true, it returns only those with held
// seats.
func (s *Store) partyInvites(ctx context.Context, id party.ID, holding bool) ([]*record, error) {
	var keys []string
	_, err := s.eachPointer(ctx, indexCollection(id), func(_ string, p pointer) {
		if s.now().Before(time.Unix(p.ExpiresAt, 0)) && (p.Hold || !holding) {
			keys = append(keys, p.Key)
		}
	})
	if err != nil {
		return nil, err
	}
	return s.records(ctx, keys)
}

// records returns the records of those keys that exist and are not broken, in no order.
func (s *Store) records(ctx context.Context, keys []string) (records []*record, err error) {
	for some := range slices.Chunk(keys, page) {
		var reads []*runtime.StorageRead
		for _, key := range some {
			reads = append(reads, &runtime.StorageRead{Collection: invitesCollection, Key: key})
		}
		objects, err := s.storage.StorageRead(ctx, reads)
		if err != nil {
			return nil, fmt.Errorf("read invites: %w", err)
		}
		for _, o := range objects {
			if r, unread := s.decode(o); unread == nil {
				records = append(records, r)
			}
		}
	}
	return records, nil
}

// Holds returns the seats that invites hold in a party. It has the type of [admission.Deps].Holds.
func (s *Store) Holds(ctx context.Context, id party.ID) ([]reserve.Hold, error) {
	records, err := s.partyInvites(ctx, id, true)
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

// discard deletes invites, by key, with their index entries, all or none. Some may be deleted already.
func (s *Store) discard(ctx context.Context, invites map[string]*record) error {
	var deletes []*runtime.StorageDelete
	for key, r := range invites {
		defer s.cache.Invalidate(key)
		deletes = append(deletes,
			&runtime.StorageDelete{Collection: invitesCollection, Key: key},
			&runtime.StorageDelete{Collection: idsCollection, Key: r.ID},
			&runtime.StorageDelete{Collection: indexCollection(r.partyID()), Key: r.ID})
	}
	return s.storage.StorageDelete(ctx, deletes)
}

func indexCollection(id party.ID) string { return partyCollection + "_" + id.UUID.String() }
