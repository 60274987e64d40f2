package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/caught"
	"partyline/party"
	"partyline/party/reserve"
)

const (
	recordsCollection = "partyline_parties" // key = the party's UUID: its reserve.Record
	awayCollection    = "partyline_away"    // key = the user ID: parties that may keep a seat

	// Older builds stored a record in two objects. They are read if they exist, and the next write merges them into
	// one.
	oldKicksCollection = "partyline_kicks"
	oldSeatsCollection = "partyline_seats"

	writeAttempts = 8               // of a compare-and-set before it fails
	storageWait   = 5 * time.Second // for writes that must happen although their caller is gone
)

// store reads and writes the records of parties in storage. Every write is a compare-and-set, and related objects are
// in one transaction.
type store struct {
	storage party.Storage
	now     party.Clock
	broken  *party.BrokenLog
	queue   changeQueue
	unwritten
}

// awayRecord says which parties may keep a seat for a user. It may list too many: the party's own record decides.
type awayRecord struct {
	Parties map[string]int64 `json:"parties"` // end of each seat in Unix nanoseconds, by party ID
}

// decodeAway returns an empty map beside the error.
func (s *store) decodeAway(o *api.StorageObject) (map[string]int64, error) {
	var r awayRecord
	if err := json.Unmarshal([]byte(o.Value), &r); err != nil {
		return map[string]int64{}, s.broken.Add(o, err)
	}
	if r.Parties == nil {
		r.Parties = map[string]int64{}
	}
	return r.Parties, nil
}

// add adds a stored object to the party's record, or fails with reserve.ErrOther.
func (s *store) add(r reserve.Record, id party.ID, o *api.StorageObject) error {
	err := r.Add(id, o.Value)
	if err != nil && !errors.Is(err, reserve.ErrOther) {
		err = s.broken.Add(o, err)
	}
	return err
}

func recordReads(id party.ID) []*runtime.StorageRead {
	key := id.UUID.String()
	return []*runtime.StorageRead{
		{Collection: recordsCollection, Key: key}, {Collection: oldKicksCollection, Key: key}, {Collection: oldSeatsCollection, Key: key},
	}
}

// load reads a party's record. Keys are UUIDs, so an ID with the name of another node has no record.
func (s *store) load(ctx context.Context, id party.ID) (reserve.Record, error) {
	r := reserve.NewRecord()
	objects, err := s.storage.StorageRead(ctx, recordReads(id))
	if err != nil {
		return r, fmt.Errorf("read party record: %w", err)
	}
	for _, o := range objects {
		if err := s.add(r, id, o); err != nil && !errors.Is(err, reserve.ErrOther) {
			return r, fmt.Errorf("read party record: %w", err)
		}
	}
	s.applyUnwritten(id, r)
	return r, nil
}

// tryChange makes the changes in one transaction. If only one of them fails, only that one gets the error.
func (s *store) tryChange(ctx context.Context, batch []*change) error {
	var reads []*runtime.StorageRead
	for _, c := range batch {
		c.err = nil
		reads = append(reads, recordReads(c.id)...)
		for _, user := range c.users {
			reads = append(reads, &runtime.StorageRead{Collection: awayCollection, Key: user})
		}
	}
	objects, err := s.storage.StorageRead(ctx, reads)
	if err != nil {
		return fmt.Errorf("read party record: %w", err)
	}
	t := transaction{found: map[string]*api.StorageObject{}}
	for _, o := range objects {
		t.found[o.Collection+"/"+o.Key] = o
	}
	for _, c := range batch {
		own := transaction{found: t.found}
		if c.err = s.apply(c, &own); c.err == nil {
			t.writes, t.deletes = append(t.writes, own.writes...), append(t.deletes, own.deletes...)
		}
	}
	err = t.commit(ctx, s.storage)
	for _, c := range batch {
		c.maybeDone = c.maybeDone || t.unsure
	}
	return err
}

// apply applies the change to the objects found, and adds the result to a transaction. It may run in another goroutine
// than the caller of change.
func (s *store) apply(c *change, t *transaction) (err error) {
	defer caught.Recover(&err, "change party record")
	now, record := s.now(), reserve.NewRecord()
	for _, read := range recordReads(c.id) {
		if o := t.found[read.Collection+"/"+read.Key]; o != nil {
			if err := s.add(record, c.id, o); err != nil {
				return fmt.Errorf("read party record: %w", err)
			}
		}
	}
	record.MaybeWritten = c.maybeDone
	doubts := record.EndedDoubts
	c.edit(record)
	record.Purge(now)
	if record.EndedDoubts = doubts; c.endsDoubt {
		record.EndedDoubts++
	}
	value, err := record.Encode(c.id)
	if err != nil {
		return fmt.Errorf("write party record: %w", err)
	}
	found := t.found[recordsCollection+"/"+c.id.UUID.String()] != nil
	t.put(recordsCollection, c.id.UUID.String(), value, record.Empty() && (found || !c.endsDoubt))
	t.put(oldKicksCollection, c.id.UUID.String(), "", true)
	t.put(oldSeatsCollection, c.id.UUID.String(), "", true)
	for _, user := range c.users {
		parties := map[string]int64{}
		if o := t.found[awayCollection+"/"+user]; o != nil {
			parties, _ = s.decodeAway(o) // a broken one is replaced
		}
		maps.DeleteFunc(parties, func(_ string, until int64) bool { return until <= party.Nanos(now) })
		delete(parties, c.id.String())
		if seat, kept := record.Seats[user]; kept {
			parties[c.id.String()] = party.Nanos(seat.Until)
		} else if _, member := record.Members[user]; member {
			parties[c.id.String()] = memberWithoutEnd
		}
		value, err := json.Marshal(awayRecord{parties})
		if err != nil {
			return fmt.Errorf("write kept seats of user: %w", err)
		}
		t.put(awayCollection, user, string(value), len(parties) == 0)
	}
	return nil
}

// transaction is a list of writes and deletes. Each has the condition that its object has not changed since it was
// read.
type transaction struct {
	found   map[string]*api.StorageObject
	writes  []*runtime.StorageWrite
	deletes []*runtime.StorageDelete
	unsure  bool // it failed without an answer, and may have been done
}

// put writes a value, or deletes the object if it is empty. It does nothing if storage has that state already.
func (t *transaction) put(collection, key, value string, empty bool) {
	old := t.found[collection+"/"+key]
	switch {
	case empty && old != nil:
		t.deletes = append(t.deletes, &runtime.StorageDelete{Collection: collection, Key: key, Version: old.Version})
	case empty, old != nil && sameJSON(old.Value, value):
	case old == nil:
		t.writes = append(t.writes, &runtime.StorageWrite{Collection: collection, Key: key, Value: value, Version: party.Absent})
	default:
		t.writes = append(t.writes, &runtime.StorageWrite{Collection: collection, Key: key, Value: value, Version: old.Version})
	}
}

// sameJSON reports whether two texts are equal as JSON: the database changes their format.
func sameJSON(x, y string) bool {
	decode := func(text string) (value any) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		_ = d.Decode(&value)
		return value
	}
	return reflect.DeepEqual(decode(x), decode(y))
}

// deleteRejected is the start of the host's error if an object to delete has changed.
const deleteRejected = "Storage delete rejected"

// memberWithoutEnd stands for a member without a kept seat, in place of an end: a crash may come at any time.
const memberWithoutEnd = math.MaxInt64

// commit does all writes and deletes, or none. The host has no typed error for a delete of a changed object. So any
// failure of a transaction with deletes counts as a lost race, and the next attempt finds out.
func (t *transaction) commit(ctx context.Context, storage party.Storage) error {
	if len(t.writes)+len(t.deletes) == 0 {
		return nil
	}
	_, _, err := storage.MultiUpdate(ctx, nil, t.writes, t.deletes, nil, false)
	if err == nil {
		return nil
	}
	t.unsure = !errors.Is(err, runtime.ErrStorageRejectedVersion) && !strings.HasPrefix(err.Error(), deleteRejected)
	if len(t.deletes) > 0 && ctx.Err() == nil {
		err = errors.Join(err, runtime.ErrStorageRejectedVersion)
	}
	return fmt.Errorf("write party record: %w", err)
}

// partiesKeepingSeat lists the parties that may keep a seat for the user.
func (s *store) partiesKeepingSeat(ctx context.Context, userID string) ([]party.ID, error) {
	var away awayRecord
	if _, err := party.ReadObject(ctx, s.storage, awayCollection, userID, &away); err != nil {
		return nil, fmt.Errorf("read kept seats of user: %w", err)
	}
	now := party.Nanos(s.now())
	var ids []party.ID
	for _, text := range slices.Sorted(maps.Keys(away.Parties)) {
		if id, err := party.ParseID(text); err == nil && away.Parties[text] > now {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
