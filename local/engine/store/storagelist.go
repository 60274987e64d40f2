package store

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// objects has all storage objects, and two sorted indexes for lists: by collection, and by owner and collection.
type objects struct {
	byID         map[ObjectID]*object
	byCollection map[string][]*object
	byOwner      map[ownedCollection][]*object
}

type ownedCollection struct {
	owner      uuid.UUID
	collection string
}

func newObjects() objects {
	return objects{
		byID: map[ObjectID]*object{}, byCollection: map[string][]*object{},
		byOwner: map[ownedCollection][]*object{},
	}
}

// compareObjects sorts objects of one collection by read permission, key and owner.
func compareObjects(a, b *object) int {
	return cmp.Or(cmp.Compare(a.read, b.read), cmp.Compare(a.Key, b.Key), compareIDs(a.Owner, b.Owner))
}

// set stores or replaces an object. If o is nil, set removes it.
func (os *objects) set(id ObjectID, o *object) {
	owned := ownedCollection{id.Owner, id.Collection}
	if old := os.byID[id]; old != nil {
		deleteObject(os.byCollection, id.Collection, old)
		deleteObject(os.byOwner, owned, old)
		delete(os.byID, id)
	}
	if o != nil {
		os.byID[id] = o
		insertObject(os.byCollection, id.Collection, o)
		insertObject(os.byOwner, owned, o)
	}
}

func insertObject[K comparable](lists map[K][]*object, key K, o *object) {
	at, _ := slices.BinarySearchFunc(lists[key], o, compareObjects)
	lists[key] = slices.Insert(lists[key], at, o)
}

func deleteObject[K comparable](lists map[K][]*object, key K, o *object) {
	at, _ := slices.BinarySearchFunc(lists[key], o, compareObjects)
	if lists[key] = slices.Delete(lists[key], at, at+1); len(lists[key]) == 0 {
		delete(lists, key)
	}
}

// removeOwner removes all objects of a user.
func (os *objects) removeOwner(owner uuid.UUID) {
	var ids []ObjectID
	for id := range os.byID {
		if id.Owner == owner {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		os.set(id, nil)
	}
}

// objectCursor is the cursor of a list of objects. The list continues after this object.
type objectCursor struct {
	Key   string    `json:"k"`
	Owner uuid.UUID `json:"u"`
	Read  int32     `json:"r"`
}

// ListObjects lists a collection, or one owner's part of it, by read permission, then by key, then by owner. The zero
// UUID as caller is the server, which sees all. A user sees public objects and, in their own part, the objects that
// they may read. A limit of 0 or less lists nothing. The cursor is "" at the end.
func (s *Store) ListObjects(caller uuid.UUID, owner *uuid.UUID, collection string, limit int, cursor string) ([]*api.StorageObject, string, error) {
	list := []*api.StorageObject{}
	if limit <= 0 {
		return list, "", nil
	}
	var after objectCursor
	if cursor != "" && !decodeCursor(cursor, &after) {
		return nil, "", ErrStorageMalformedCursor
	}
	least := ReadPublic
	switch {
	case caller == uuid.Nil:
		least = ReadNobody
	case owner != nil && *owner == caller:
		least = ReadOwner
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := s.objects.byCollection[collection]
	if owner != nil {
		rows = s.objects.byOwner[ownedCollection{*owner, collection}]
	}
	from := &object{read: least}
	if cursor != "" {
		from = &object{ObjectID: ObjectID{Key: after.Key, Owner: after.Owner}, read: max(after.Read, least)}
	}
	at, found := slices.BinarySearchFunc(rows, from, compareObjects)
	if found && cursor != "" {
		at++
	}
	for _, o := range rows[at:] {
		if len(list) == limit {
			last := rows[at+limit-1]
			return list, encodeCursor(objectCursor{last.Key, last.Owner, last.read}), nil
		}
		list = append(list, o.message())
	}
	return list, "", nil
}
