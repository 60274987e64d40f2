package partytest

import (
	"cmp"
	"context"
	"crypto/md5" // what the server makes versions with
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Storage is Nakama's storage of system-owned objects: a version is the hash of the
// value, a call with several writes is one transaction. Clients' objects are there to be
// overlooked, see [Storage.Plant].
type Storage struct {
	smu     sync.Mutex
	objects map[[2]string]*api.StorageObject // by collection and key
	planted []*api.StorageObject             // of clients
	reads   int
	writes  int

	// BeforeWrite, if set, sees each write call before it is done; an error stops it.
	BeforeWrite func(writes []*runtime.StorageWrite) error
	// AfterWrite, if set, sees it once it is done; an error is what the caller gets,
	// as when the answer of a database is lost.
	AfterWrite func(writes []*runtime.StorageWrite) error
}

// NewStorage makes an empty one.
func NewStorage() *Storage { return &Storage{objects: map[[2]string]*api.StorageObject{}} }

// Calls says how many calls have read and how many have written so far.
func (s *Storage) Calls() (reads, writes int) {
	s.smu.Lock()
	defer s.smu.Unlock()
	return s.reads, s.writes
}

// Objects counts what a collection holds.
func (s *Storage) Objects(collection string) (n int) {
	s.smu.Lock()
	defer s.smu.Unlock()
	for key := range s.objects {
		if key[0] == collection {
			n++
		}
	}
	return n
}

// Values are all values of all collections.
func (s *Storage) Values() []string {
	s.smu.Lock()
	defer s.smu.Unlock()
	var values []string
	for key, o := range s.objects {
		values = append(values, key[0]+" "+key[1]+" "+o.Value)
	}
	return values
}

func (s *Storage) StorageRead(_ context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	s.smu.Lock()
	defer s.smu.Unlock()
	s.reads++
	var found []*api.StorageObject
	for _, r := range reads {
		if o := s.objects[[2]string{r.Collection, r.Key}]; o != nil {
			found = append(found, o)
		}
	}
	return found, nil
}

func (s *Storage) StorageWrite(_ context.Context, writes []*runtime.StorageWrite) ([]*api.StorageObjectAck, error) {
	if s.BeforeWrite != nil {
		if err := s.BeforeWrite(writes); err != nil {
			return nil, err
		}
	}
	acks, err := s.write(writes)
	if err == nil && s.AfterWrite != nil {
		err = s.AfterWrite(writes)
	}
	if err != nil {
		return nil, err
	}
	return acks, nil
}

func (s *Storage) write(writes []*runtime.StorageWrite) ([]*api.StorageObjectAck, error) {
	return s.update(writes, nil)
}

func (s *Storage) update(writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete) ([]*api.StorageObjectAck, error) {
	s.smu.Lock()
	defer s.smu.Unlock()
	s.writes++
	if err := s.checkDeletes(deletes); err != nil {
		return nil, err
	}
	var acks []*api.StorageObjectAck
	done := map[[2]string]*api.StorageObject{}
	for _, w := range writes {
		var object map[string]any
		if json.Unmarshal([]byte(w.Value), &object) != nil {
			return nil, errors.New("value must be a JSON-encoded object")
		}
		key := [2]string{w.Collection, w.Key}
		old := s.objects[key]
		switch {
		case w.Version == "*" && old != nil, w.Version != "" && w.Version != "*" && (old == nil || old.Version != w.Version):
			return nil, runtime.ErrStorageRejectedVersion
		}
		sum := md5.Sum([]byte(w.Value))
		o := &api.StorageObject{
			Collection: w.Collection, Key: w.Key, Value: w.Value, Version: hex.EncodeToString(sum[:]),
			PermissionRead: int32(w.PermissionRead), PermissionWrite: int32(w.PermissionWrite),
		}
		done[key] = o
		acks = append(acks, &api.StorageObjectAck{Collection: w.Collection, Key: w.Key, Version: o.Version})
	}
	for key, o := range done {
		s.objects[key] = o
	}
	for _, d := range deletes {
		delete(s.objects, [2]string{d.Collection, d.Key})
	}
	return acks, nil
}

func (s *Storage) checkDeletes(deletes []*runtime.StorageDelete) error {
	gone := map[[2]string]bool{}
	for _, d := range deletes {
		key := [2]string{d.Collection, d.Key}
		if o := s.objects[key]; d.Version != "" && (o == nil || gone[key] || o.Version != d.Version) {
			return errors.New("Storage delete rejected - not found, version check failed, or permission denied.")
		}
		gone[key] = true
	}
	return nil
}

func (s *Storage) StorageDelete(_ context.Context, deletes []*runtime.StorageDelete) error {
	s.smu.Lock()
	defer s.smu.Unlock()
	if err := s.checkDeletes(deletes); err != nil {
		return err
	}
	for _, d := range deletes {
		delete(s.objects, [2]string{d.Collection, d.Key})
	}
	return nil
}

// MultiUpdate does writes and deletes in one transaction.
func (s *Storage) MultiUpdate(_ context.Context, _ []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, _ []*runtime.WalletUpdate, _ bool) ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error) {
	if s.BeforeWrite != nil {
		if err := s.BeforeWrite(writes); err != nil {
			return nil, nil, err
		}
	}
	acks, err := s.update(writes, deletes)
	if err == nil && s.AfterWrite != nil {
		err = s.AfterWrite(writes)
	}
	if err != nil {
		return nil, nil, err
	}
	return acks, nil, nil
}

// Plant is a client writing an object of its own, which it may do in any collection.
func (s *Storage) Plant(userID, collection, key, value string) {
	s.smu.Lock()
	defer s.smu.Unlock()
	sum := md5.Sum([]byte(value))
	s.planted = append(s.planted, &api.StorageObject{
		Collection: collection, Key: key, UserId: userID, Value: value, Version: hex.EncodeToString(sum[:]), PermissionRead: 2, PermissionWrite: 1,
	})
}

// StorageList lists the objects of a user, or with "" everybody's.
func (s *Storage) StorageList(_ context.Context, _, userID, collection string, limit int, cursor string) ([]*api.StorageObject, string, error) {
	s.smu.Lock()
	defer s.smu.Unlock()
	s.reads++
	var list []*api.StorageObject
	for _, o := range s.objects {
		if o.Collection == collection && o.Key > cursor && (userID == "" || userID == party.SystemUser) {
			list = append(list, o)
		}
	}
	for _, o := range s.planted {
		if o.Collection == collection && o.Key > cursor && (userID == "" || userID == o.UserId) {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *api.StorageObject) int { return cmp.Compare(a.Key, b.Key) })
	if len(list) > limit {
		return list[:limit], list[limit-1].Key, nil
	}
	return list, "", nil
}
