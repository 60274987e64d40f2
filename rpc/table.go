package rpc

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Row is one RPC.
type Row struct {
	ID         string  // lower case, as clients write it
	ServerOnly bool    // for the game's own servers, with the HTTP key; else for signed-in users, over the socket or HTTP
	Handle     Handler // made by [Call]
}

// Handler turns a payload into an answer on behalf of a caller. current is the present ID of a
// party, given any it had.
type Handler func(ctx context.Context, caller party.Caller, payload string, current func(party.ID) party.ID) (any, error)

// Call makes a handler of a function whose request and answer are structs. The
// request is decoded as [decode] says, the answer is encoded as a JSON object. A party that
// the request names in another spelling, or by a native ID it had before, is named by its
// present one.
func Call[Request, Answer any](fn func(context.Context, party.Caller, Request) (Answer, error)) Handler {
	return func(ctx context.Context, caller party.Caller, payload string, current func(party.ID) party.ID) (any, error) {
		var request Request
		if err := decode(payload, &request); err != nil {
			return nil, err
		}
		named := reflect.ValueOf(&request).Elem().FieldByName("PartyID")
		if named.IsValid() {
			if id, err := party.ParseID(party.Canonical(named.String())); err == nil {
				named.SetString(current(id).String())
			}
		}
		return fn(ctx, caller, request)
	}
}

// Registrar is the part of the host's initializer that takes RPCs.
type Registrar interface {
	RegisterRpc(id string, fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, payload string) (string, error)) error
}

var _ Registrar = runtime.Initializer(nil)

// Register gives every row, guarded, to the host.
func Register(host Registrar, guard Guard, table []Row) error {
	for _, row := range table {
		if err := host.RegisterRpc(row.ID, guard.wrap(row)); err != nil {
			return fmt.Errorf("rpc %s: %w", row.ID, err)
		}
	}
	return nil
}
