package admission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

const (
	recordsCollection = "partyline_parties" // key = the party's UUID: its reserve.Record
	awayCollection    = "partyline_away"    // key = the user: where to look for a kept seat

	// Objects of older builds, which had a record's two halves apart. They are read where
	// they are found and moved with the next write.
	oldKicksCollection = "partyline_kicks"
	oldSeatsCollection = "partyline_seats"

	writeAttempts = 8 // of a compare-and-set before giving up
	retryStep     = 5 * time.Millisecond
	storageWait   = 5 * time.Second // for what has to be written although its caller is gone
)

// store is the records of parties in storage. Every write is by compare-and-set, and all
// that belongs together is one transaction.
type store struct {
	storage party.Storage
	now     party.Clock
}

// awayRecord says where seats are kept for a user. It may say too much: what counts is
// the party's own record.
type awayRecord struct {
	Parties map[string]int64 `json:"parties"` // until when, in Unix nanoseconds
}

func decodeAway(value string) (map[string]int64, error) {
	var r awayRecord
	if err := json.Unmarshal([]byte(value), &r); err != nil || r.Parties == nil {
		return map[string]int64{}, err
	}
	return r.Parties, nil
}

func recordReads(id party.ID) []*runtime.StorageRead {
	key := id.UUID.String()
	return []*runtime.StorageRead{
		{Collection: recordsCollection, Key: key}, {Collection: oldKicksCollection, Key: key}, {Collection: oldSeatsCollection, Key: key},
	}
}

// load reads a party's record.
func (s *store) load(ctx context.Context, id party.ID) (reserve.Record, error) {
	r := reserve.NewRecord()
	objects, err := s.storage.StorageRead(ctx, recordReads(id))
	if err != nil {
		return r, fmt.Errorf("read party record: %w", err)
	}
	for _, o := range objects {
		if err := r.Add(id, o.Value); err != nil {
			return r, fmt.Errorf("read party record: %s: %w", o.Collection, err)
		}
	}
	return r, nil
}

// change writes what edit makes of a party's record and, in the same transaction, where
// seats are kept for these users. It tries again for as long as others are faster, and
// refuses with Conflict after too many lost races. It goes on even if ctx is at its end,
// as that of a session is which has just left, but no longer than storageWait.
func (s *store) change(ctx context.Context, id party.ID, users []string, edit func(reserve.Record)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	var err error
	for attempt := range writeAttempts {
		if err = s.tryChange(ctx, id, users, edit); !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			return err
		}
		select { // not in step with the others, such as all parties that a user has just dropped out of
		case <-ctx.Done():
			return fmt.Errorf("write party record: %w", ctx.Err())
		case <-time.After(rand.N(time.Duration(attempt+1) * retryStep)):
		}
	}
	return &party.Error{Reason: party.Conflict, Message: "Too many changes at once, please try again.", Cause: err}
}

func (s *store) tryChange(ctx context.Context, id party.ID, users []string, edit func(reserve.Record)) error {
	reads := recordReads(id)
	users = slices.Compact(slices.Sorted(slices.Values(users))) // the host deletes no object twice in one transaction
	for _, user := range users {
		reads = append(reads, &runtime.StorageRead{Collection: awayCollection, Key: user})
	}
	objects, err := s.storage.StorageRead(ctx, reads)
	if err != nil {
		return fmt.Errorf("read party record: %w", err)
	}
	record, away, found := reserve.NewRecord(), map[string]map[string]int64{}, map[string]*api.StorageObject{}
	for _, o := range objects {
		found[o.Collection+"/"+o.Key] = o
		if o.Collection == awayCollection {
			away[o.Key], err = decodeAway(o.Value)
		} else {
			err = record.Add(id, o.Value)
		}
		if err != nil {
			return fmt.Errorf("read party record: %s: %w", o.Collection, err)
		}
	}
	now := s.now()
	record.Purge(now)
	edit(record)
	t := transaction{found: found}
	value, err := record.Encode(id)
	if err != nil {
		return fmt.Errorf("write party record: %w", err)
	}
	t.put(recordsCollection, id.UUID.String(), value, record.Empty())
	t.put(oldKicksCollection, id.UUID.String(), "", true)
	t.put(oldSeatsCollection, id.UUID.String(), "", true)
	for _, user := range users {
		parties := away[user]
		if parties == nil {
			parties = map[string]int64{}
		}
		maps.DeleteFunc(parties, func(_ string, until int64) bool { return until <= party.Nanos(now) })
		delete(parties, id.String())
		if seat, kept := record.Seats[user]; kept {
			parties[id.String()] = party.Nanos(seat.Until)
		} else if _, member := record.Members[user]; member {
			parties[id.String()] = math.MaxInt64 // a crash may come at any time
		}
		value, err := json.Marshal(awayRecord{parties})
		if err != nil {
			return fmt.Errorf("write kept seats of user: %w", err)
		}
		t.put(awayCollection, user, string(value), len(parties) == 0)
	}
	return t.commit(ctx, s.storage)
}

// transaction is writes and deletes, each on the condition that its object is still what
// was found.
type transaction struct {
	found   map[string]*api.StorageObject
	writes  []*runtime.StorageWrite
	deletes []*runtime.StorageDelete
}

// put writes a value, or takes an empty one's object away. What is already so stays.
func (t *transaction) put(collection, key, value string, empty bool) {
	old := t.found[collection+"/"+key]
	switch {
	case empty && old != nil:
		t.deletes = append(t.deletes, &runtime.StorageDelete{Collection: collection, Key: key, Version: old.Version})
	case empty, old != nil && old.Value == value:
	case old == nil:
		t.writes = append(t.writes, &runtime.StorageWrite{Collection: collection, Key: key, Value: value, Version: "*"})
	default:
		t.writes = append(t.writes, &runtime.StorageWrite{Collection: collection, Key: key, Value: value, Version: old.Version})
	}
}

// commit does all or nothing. The host has no error of its own for a delete whose object
// is another by now, so with deletes any failure counts as that; the next attempt tells.
func (t *transaction) commit(ctx context.Context, storage party.Storage) error {
	if len(t.writes)+len(t.deletes) == 0 {
		return nil
	}
	_, _, err := storage.MultiUpdate(ctx, nil, t.writes, t.deletes, nil, false)
	if err == nil {
		return nil
	}
	if len(t.deletes) > 0 && ctx.Err() == nil {
		err = errors.Join(err, runtime.ErrStorageRejectedVersion)
	}
	return fmt.Errorf("write party record: %w", err)
}

// away lists the parties that may keep a seat for the user.
func (s *store) away(ctx context.Context, userID string) ([]party.ID, error) {
	objects, err := s.storage.StorageRead(ctx, []*runtime.StorageRead{{Collection: awayCollection, Key: userID}})
	if err != nil {
		return nil, fmt.Errorf("read kept seats of user: %w", err)
	}
	if len(objects) == 0 {
		return nil, nil
	}
	away, err := decodeAway(objects[0].Value)
	if err != nil {
		return nil, fmt.Errorf("read kept seats of user: %w", err)
	}
	now := party.Nanos(s.now())
	var ids []party.ID
	for _, text := range slices.Sorted(maps.Keys(away)) {
		if id, err := party.ParseID(text); err == nil && away[text] > now {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
