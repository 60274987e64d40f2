// Package rpc is the module's remote procedure calls: tables of {id, who may call, handler}, the guard around every
// call, and the JSON codec between the two. A new call is one function from a request struct to an answer struct, and
// one row. What a client can get wrong before the function runs is refused here. Safe for concurrent use.
package rpc

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

type Row struct {
	ID         string  // lower case, as clients write it
	ServerOnly bool    // for the game's own servers, with the HTTP key; else for signed-in users, over the socket or HTTP
	Handle     Handler // made by [Call]
}

// Parties finds parties by any ID they had.
type Parties interface {
	Current(id party.ID) party.ID // its present ID
	Look(ctx context.Context, id party.ID) (reserve.Look, error)
	Settle(s party.Session) // the session's earlier join is over
}

// Handler turns a payload into an answer on behalf of a caller.
type Handler func(ctx context.Context, caller party.Caller, payload string, parties Parties) (any, error)

// Call makes a handler from a function with a struct as request and a struct as answer. If the request names a party in
// another spelling, or by an earlier native ID, fn gets the party's present ID. If everybody in the party is away, fn
// cannot find a native party; the refusal is PartyAway then.
func Call[Request, Answer any](fn func(context.Context, party.Caller, Request) (Answer, error)) Handler {
	return func(ctx context.Context, caller party.Caller, payload string, parties Parties) (any, error) {
		var request Request
		if err := decode(payload, &request); err != nil {
			return nil, err
		}
		named := reflect.ValueOf(&request).Elem().FieldByName("PartyID")
		if !named.IsValid() {
			return fn(ctx, caller, request)
		}
		id, unreadable := party.ParseID(party.Canonical(named.String()))
		if unreadable == nil {
			named.SetString(parties.Current(id).String())
		}
		answer, err := fn(ctx, caller, request)
		if unreadable == nil && party.ReasonOf(err) == party.PartyNotFound {
			if _, gone := parties.Look(ctx, id); party.ReasonOf(gone) == party.PartyAway {
				return nil, gone
			}
		}
		return answer, err
	}
}

// Registrar is the part of the host's initializer that registers RPCs.
type Registrar interface {
	RegisterRpc(id string, fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, payload string) (string, error)) error
}

var _ Registrar = runtime.Initializer(nil)

// Register registers every row with the host, wrapped in the guard.
func Register(host Registrar, guard Guard, table []Row) error {
	for _, row := range table {
		if err := host.RegisterRpc(row.ID, guard.wrap(row)); err != nil {
			return fmt.Errorf("rpc %s: %w", row.ID, err)
		}
	}
	return nil
}
