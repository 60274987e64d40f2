package api

import (
	"errors"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/local/engine/store"
)

func readStorage(c *call, in *api.ReadStorageObjectsRequest) (proto.Message, error) {
	ids := make([]store.ObjectID, 0, len(in.ObjectIds))
	for _, id := range in.ObjectIds {
		if id.Collection == "" || id.Key == "" {
			return nil, errNoCollection
		}
		owner := uuid.Nil
		if id.UserId != "" {
			var err error
			if owner, err = uuid.Parse(id.UserId); err != nil || owner == uuid.Nil {
				return nil, errBadOwner
			}
		}
		ids = append(ids, store.ObjectID{Collection: id.Collection, Key: id.Key, Owner: owner})
	}
	return &api.StorageObjects{Objects: c.opts.Store.ReadObjects(c.user, ids)}, nil
}

var (
	errNoCollection = invalidArgument("Invalid collection or key value supplied. They must be set.")
	errBadOwner     = invalidArgument("Invalid user ID - make sure user ID is a valid UUID.")
)

func writeStorage(c *call, in *api.WriteStorageObjectsRequest) (proto.Message, error) {
	writes := make([]store.ObjectWrite, 0, len(in.Objects))
	for _, o := range in.Objects {
		read, write := permission(o.PermissionRead), permission(o.PermissionWrite)
		switch {
		case o.Collection == "" || o.Key == "" || o.Value == "":
			return nil, errNoCollection
		case read < store.ReadNobody || read > store.ReadPublic:
			return nil, invalidArgument("Invalid Read permission supplied. It must be either 0, 1 or 2.")
		case write < store.WriteNobody || write > store.WriteOwner:
			return nil, invalidArgument("Invalid Write permission supplied. It must be either 0 or 1.")
		case !store.IsJSONObject(o.Value):
			return nil, invalidArgument("Value must be a JSON object.")
		}
		writes = append(writes, store.ObjectWrite{
			ObjectID: store.ObjectID{Collection: o.Collection, Key: o.Key, Owner: c.user},
			Value:    o.Value, Version: o.Version, Read: read, Write: write,
		})
	}
	acks, err := c.opts.Store.WriteObjects(false, writes)
	switch {
	case errors.Is(err, runtime.ErrStorageRejectedVersion), errors.Is(err, runtime.ErrStorageRejectedPermission):
		return nil, invalidArgument(err.Error())
	case err != nil:
		return nil, internalError("Error writing storage objects.")
	}
	return &api.StorageObjectAcks{Acks: acks}, nil
}

// permission returns the requested permission of a write, or 1 (the owner only).
func permission(asked *wrapperspb.Int32Value) int32 {
	if asked == nil {
		return store.ReadOwner
	}
	return asked.Value
}

func deleteStorage(c *call, in *api.DeleteStorageObjectsRequest) (proto.Message, error) {
	deletes := make([]store.ObjectDelete, 0, len(in.ObjectIds))
	for _, id := range in.ObjectIds {
		if id.Collection == "" || id.Key == "" {
			return nil, errNoCollection
		}
		deletes = append(deletes, store.ObjectDelete{
			ObjectID: store.ObjectID{Collection: id.Collection, Key: id.Key, Owner: c.user}, Version: id.Version,
		})
	}
	if err := c.opts.Store.DeleteObjects(false, deletes); err != nil { // only a condition can fail
		return nil, invalidArgument(err.Error())
	}
	return emptyReply()
}

func listStorage(c *call, in *api.ListStorageObjectsRequest) (proto.Message, error) {
	limit, err := parseLimit(in.Limit, 1, 100)
	if err != nil {
		return nil, err
	}
	var owner *uuid.UUID
	if in.UserId != "" {
		id, err := uuid.Parse(in.UserId)
		if err != nil {
			return nil, errBadOwner
		}
		owner = &id
	}
	objects, cursor, err := c.opts.Store.ListObjects(c.user, owner, in.Collection, limit, in.Cursor)
	if err != nil {
		return nil, invalidArgument(err.Error()) // the only possible error is a malformed cursor
	}
	return &api.StorageObjectList{Objects: objects, Cursor: cursor}, nil
}
