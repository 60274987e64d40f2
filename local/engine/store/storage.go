package store

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Read and write permissions of an object.
const (
	ReadNobody  int32 = 0 // the server only
	ReadOwner   int32 = 1
	ReadPublic  int32 = 2
	WriteNobody int32 = 0 // the server only
	WriteOwner  int32 = 1
)

// Errors of the server for which the runtime has no names.
var (
	ErrStorageDeleteRejected  = errors.New("Storage delete rejected - not found, version check failed, or permission denied.") // the server's text
	ErrStorageMalformedCursor = errors.New("Malformed cursor was used.")                                                       // the server's text
)

// ObjectID identifies one storage object. The zero UUID owns the server's objects.
type ObjectID struct {
	Collection string
	Key        string
	Owner      uuid.UUID
}

// object is one stored object. It never changes: a write replaces it.
type object struct {
	ObjectID
	value      string // jsonb text
	version    string // made from the text as it was written
	read       int32
	write      int32
	createTime time.Time
	updateTime time.Time
}

func (o *object) message() *api.StorageObject {
	return &api.StorageObject{
		Collection: o.Collection, Key: o.Key, UserId: o.Owner.String(), Value: o.value, Version: o.version,
		PermissionRead: o.read, PermissionWrite: o.write, CreateTime: seconds(o.createTime), UpdateTime: seconds(o.updateTime),
	}
}

func (o *object) ack() *api.StorageObjectAck {
	return &api.StorageObjectAck{
		Collection: o.Collection, Key: o.Key, UserId: o.Owner.String(), Version: o.version,
		CreateTime: timestamppb.New(o.createTime), UpdateTime: timestamppb.New(o.updateTime),
	}
}

// ObjectVersion returns the version of an object with this value: the MD5 of its text.
func ObjectVersion(value string) string {
	sum := md5.Sum([]byte(value))
	return hex.EncodeToString(sum[:])
}

// IsJSONObject reports whether a value may be stored: it must be JSON text of an object.
func IsJSONObject(value string) bool {
	text := []byte(value)
	return json.Valid(text) && bytes.TrimSpace(text)[0] == '{'
}

// ObjectWrite is one write. Version "" always writes, "*" only creates, any other value only replaces the object of
// that version.
type ObjectWrite struct {
	ObjectID
	Value   string // JSON text of an object
	Version string
	Read    int32
	Write   int32
}

// ObjectDelete is one delete. Version "" always deletes, any other value only the object of that version.
type ObjectDelete struct {
	ObjectID
	Version string
}

// ReadObjects returns the existing objects that the caller may read, each once, in the order of ids. The zero UUID is
// the server, which may read all.
func (s *Store) ReadObjects(caller uuid.UUID, ids []ObjectID) []*api.StorageObject {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]*api.StorageObject, 0, len(ids))
	for _, id := range unique(ids) {
		o := s.objects.byID[id]
		if o != nil && (caller == uuid.Nil || o.read == ReadPublic || o.read == ReadOwner && o.Owner == caller) {
			list = append(list, o.message())
		}
	}
	return list
}

// WriteObjects makes all writes or none. authoritative means that the server writes and permissions do not apply. The
// acknowledgements are in the order of the writes. If the object already has this content, the write changes nothing,
// not even the update time.
//
// If a condition fails, it returns runtime.ErrStorageRejectedVersion or runtime.ErrStorageRejectedPermission.
func (s *Store) WriteObjects(authoritative bool, writes []ObjectWrite) ([]*api.StorageObjectAck, error) {
	rows, err := prepareWrites(writes)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.newBatch()
	acks, err := b.write(authoritative, rows)
	if err != nil {
		return nil, err
	}
	b.commit()
	return acks, nil
}

// preparedWrite is a prepared write: the object to store, and its condition.
type preparedWrite struct {
	object
	condition string
}

// prepareWrites does the work that needs no stored data, so that the lock is held for a shorter time.
func prepareWrites(writes []ObjectWrite) ([]preparedWrite, error) {
	rows := make([]preparedWrite, len(writes))
	for i, w := range writes {
		if err := errors.Join(checkText(w.Collection, 128), checkText(w.Key, 128)); err != nil {
			return nil, err
		}
		if w.Read < 0 || w.Write < 0 {
			return nil, newDatabaseError("new row for relation %q violates check constraint (SQLSTATE 23514)", "storage")
		}
		value, err := formatJSONB(w.Value)
		if err != nil {
			return nil, err
		}
		rows[i] = preparedWrite{object{ObjectID: w.ObjectID, value: value, version: ObjectVersion(w.Value), read: w.Read, write: w.Write}, w.Version}
	}
	return rows, nil
}

// DeleteObjects makes all deletes or none. authoritative means that the server deletes: permissions do not apply, and
// a missing object is an error only if the delete has a version.
func (s *Store) DeleteObjects(authoritative bool, deletes []ObjectDelete) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.newBatch()
	if err := b.delete(authoritative, deletes); err != nil {
		return err
	}
	b.commit()
	return nil
}

// batch is a set of object changes. Until commit, only the batch itself sees them. The store's lock must be held for
// writing all the time.
type batch struct {
	store  *Store
	now    time.Time
	staged map[ObjectID]*object // nil means deleted
}

func (s *Store) newBatch() *batch {
	return &batch{store: s, now: s.now(), staged: map[ObjectID]*object{}}
}

func (b *batch) get(id ObjectID) *object {
	if o, ok := b.staged[id]; ok {
		return o
	}
	return b.store.objects.byID[id]
}

func (b *batch) commit() {
	for id, o := range b.staged {
		b.store.objects.set(id, o)
	}
}

// write stages writes in the order of their IDs, as the real server does. So if several conditions fail, it reports
// the same one.
func (b *batch) write(authoritative bool, rows []preparedWrite) ([]*api.StorageObjectAck, error) {
	acks := make([]*api.StorageObjectAck, len(rows))
	for _, i := range sortedIDs(rows, func(r preparedWrite) ObjectID { return r.ObjectID }) {
		o, err := b.writeOne(authoritative, rows[i])
		if err != nil {
			return nil, err
		}
		acks[i] = o.ack()
	}
	return acks, nil
}

func (b *batch) writeOne(authoritative bool, r preparedWrite) (*object, error) {
	if b.store.users.byID[r.Owner] == nil {
		return nil, missingUserError("storage", "storage_user_id_fkey")
	}
	old := b.get(r.ObjectID)
	switch {
	case old == nil && r.condition != "" && r.condition != "*":
		return nil, runtime.ErrStorageRejectedVersion
	case old == nil:
		r.createTime = b.now
	case r.condition == "*":
		return nil, runtime.ErrStorageRejectedVersion
	case !authoritative && old.write != WriteOwner:
		return nil, runtime.ErrStorageRejectedPermission
	case r.condition != "" && r.condition != old.version:
		return nil, runtime.ErrStorageRejectedVersion
	case r.condition == "" && old.version == r.version && old.read == r.read && old.write == r.write:
		return old, nil
	default:
		r.createTime = old.createTime
	}
	r.updateTime = b.now
	o := r.object
	b.staged[r.ObjectID] = &o
	return &o, nil
}

func (b *batch) delete(authoritative bool, deletes []ObjectDelete) error {
	for _, i := range sortedIDs(deletes, func(d ObjectDelete) ObjectID { return d.ObjectID }) {
		d := deletes[i]
		old := b.get(d.ObjectID)
		missing := old == nil || !authoritative && old.write == WriteNobody || d.Version != "" && d.Version != old.version
		if !missing {
			b.staged[d.ObjectID] = nil
			continue
		}
		if !authoritative || d.Version != "" {
			return ErrStorageDeleteRejected
		}
	}
	return nil
}

// sortedIDs returns the indexes of ops, sorted by collection, key and owner.
func sortedIDs[T any](ops []T, id func(T) ObjectID) []int {
	order := make([]int, len(ops))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := id(ops[i]), id(ops[j])
		return cmp.Or(cmp.Compare(a.Collection, b.Collection), cmp.Compare(a.Key, b.Key), compareIDs(a.Owner, b.Owner))
	})
	return order
}
