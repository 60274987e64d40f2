package partytest

import (
	"context"
	"sync"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/store"
)

// Storage is the engine's store. It counts calls, and tests can intercept its writes.
type Storage struct {
	store.Module
	data *store.Store

	countMu     sync.Mutex
	reads       int
	writes      int
	collections map[string]bool // that were ever written to

	// BeforeWrite, if set, runs before each write call; an error prevents the write.
	BeforeWrite func(writes []*runtime.StorageWrite) error
	// AfterWrite, if set, runs after each write call. The caller gets its error, as when the
	// answer of a database is lost.
	AfterWrite func(writes []*runtime.StorageWrite) error
}

// NewStorage returns an empty store.
func NewStorage() *Storage {
	data := store.New(store.Options{})
	return &Storage{Module: data.Module(), data: data, collections: map[string]bool{}}
}

// Calls returns how many calls have read and how many have written so far.
func (s *Storage) Calls() (reads, writes int) {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	return s.reads, s.writes
}

// Objects counts the objects in a collection that belong to the server.
func (s *Storage) Objects(collection string) int { return len(s.objects(collection)) }

func (s *Storage) objects(collection string) []*api.StorageObject {
	const all = 1 << 20
	list, _, err := s.data.ListObjects(uuid.Nil, &uuid.Nil, collection, all, "")
	if err != nil {
		panic(err) // only for a bad cursor
	}
	return list
}

// Values returns all values of all collections, each after its collection and key.
func (s *Storage) Values() []string {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	var values []string
	for collection := range s.collections {
		for _, o := range s.objects(collection) {
			values = append(values, collection+" "+o.Key+" "+o.Value)
		}
	}
	return values
}

func (s *Storage) count(calls *int, writes ...*runtime.StorageWrite) {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	*calls++
	for _, w := range writes {
		s.collections[w.Collection] = true
	}
}

func (s *Storage) StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	s.count(&s.reads)
	return s.Module.StorageRead(ctx, reads)
}

func (s *Storage) StorageList(ctx context.Context, callerID, userID, collection string, limit int, cursor string) ([]*api.StorageObject, string, error) {
	s.count(&s.reads)
	return s.Module.StorageList(ctx, callerID, userID, collection, limit, cursor)
}

func (s *Storage) StorageWrite(ctx context.Context, writes []*runtime.StorageWrite) ([]*api.StorageObjectAck, error) {
	acks, _, err := s.MultiUpdate(ctx, nil, writes, nil, nil, false)
	return acks, err
}

func (s *Storage) MultiUpdate(ctx context.Context, accounts []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, wallets []*runtime.WalletUpdate, ledger bool) ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error) {
	if s.BeforeWrite != nil {
		if err := s.BeforeWrite(writes); err != nil {
			return nil, nil, err
		}
	}
	s.count(&s.writes, writes...)
	acks, _, err := s.Module.MultiUpdate(ctx, accounts, writes, deletes, wallets, ledger)
	if err == nil && s.AfterWrite != nil {
		err = s.AfterWrite(writes)
	}
	if err != nil {
		return nil, nil, err
	}
	return acks, nil, nil
}

// Break replaces the server's own object, or adds it, by one that no build can decode.
func (s *Storage) Break(collection, key string) {
	_, err := s.Module.StorageWrite(context.Background(), []*runtime.StorageWrite{{
		Collection: collection, Key: key, Value: `{"id":[],"key":[],"party_id":[],"parties":[],"versions":7}`,
	}})
	if err != nil {
		panic(err)
	}
}

// WriteAsClient writes an object as a client does for its own user, which is possible in any collection.
func (s *Storage) WriteAsClient(userID, collection, key, value string) {
	_, err := s.Module.StorageWrite(context.Background(), []*runtime.StorageWrite{{
		Collection: collection, Key: key, UserID: userID, Value: value, PermissionRead: 2, PermissionWrite: 1,
	}})
	if err != nil {
		panic(err)
	}
}
