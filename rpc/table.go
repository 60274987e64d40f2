package rpc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Who says who may call an RPC. The zero value lets signed-in users in and nobody
// else, so that a row which forgets the field is never open to the world.
type Who uint8

const (
	SignedIn   Who = iota // a user's session, over the socket or over HTTP
	ServerOnly            // the game's own servers, with the HTTP key; no user may call
)

// String names who may call, for messages and documentation.
func (w Who) String() string {
	switch w {
	case SignedIn:
		return "signed-in users"
	case ServerOnly:
		return "servers with the HTTP key"
	}
	return fmt.Sprintf("Who(%d)", uint8(w))
}

// Row is one RPC.
type Row struct {
	ID     string // lower case, as clients write it
	Who    Who
	Handle Handler // made by [Call]
}

// Set is the rows of one owner; the owner's name appears in boot errors.
type Set struct {
	Owner string
	Rows  []Row
}

// Handler turns a payload into an answer on behalf of a caller. The zero Handler is
// a boot error.
type Handler struct {
	run    func(ctx context.Context, caller party.Caller, payload string, current func(party.ID) party.ID) (any, error)
	answer reflect.Type
}

// Call makes a handler of a function whose request and answer are structs. The
// request is decoded as [decode] says, the answer is encoded as a JSON object. A party that
// the request names in another spelling, or by a native ID it had before, is named by its
// present one.
func Call[Request, Answer any](fn func(context.Context, party.Caller, Request) (Answer, error)) Handler {
	return Handler{
		run: func(ctx context.Context, caller party.Caller, payload string, current func(party.ID) party.ID) (any, error) {
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
		},
		answer: reflect.TypeFor[Answer](),
	}
}

// Registrar is the part of the host's initializer that takes RPCs.
type Registrar interface {
	RegisterRpc(id string, fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, payload string) (string, error)) error
}

var _ Registrar = runtime.Initializer(nil)

// idForm is what an RPC ID looks like: the host lower-cases IDs and takes anything,
// so an odd spelling would register and never be found.
var idForm = regexp.MustCompile(`^party(_[a-z0-9]+)+$`)

// Register checks the sets as a whole, then gives every row, guarded, to the host.
// All problems are reported in one error and then nothing is registered.
func Register(host Registrar, guard *Guard, sets ...Set) error {
	if err := Check(sets...); err != nil {
		return err
	}
	for _, set := range sets {
		for _, row := range set.Rows {
			if err := host.RegisterRpc(row.ID, guard.wrap(row)); err != nil {
				return fmt.Errorf("rpc %s of %s: %w", row.ID, set.Owner, err)
			}
		}
	}
	return nil
}

// Check finds what is wrong with the sets: malformed IDs, IDs taken twice (in any
// case, since the host would silently keep the last), rows without a handler or with
// an answer that is no JSON object. The error lists everything; nil means nothing.
func Check(sets ...Set) error {
	var problems []error
	owners := map[string]string{}
	for _, set := range sets {
		for _, row := range set.Rows {
			problem := func(format string, args ...any) {
				problems = append(problems, fmt.Errorf("rpc %q of %s: "+format, append([]any{row.ID, set.Owner}, args...)...))
			}
			if !idForm.MatchString(row.ID) {
				problem("an ID is party_ and lower-case words joined by underscores")
			}
			key := strings.ToLower(row.ID)
			if other, taken := owners[key]; taken {
				problem("the ID is already taken by %s", other)
			} else {
				owners[key] = set.Owner
			}
			if row.Who > ServerOnly {
				problem("%s is nobody", row.Who)
			}
			switch {
			case row.Handle.run == nil:
				problem("it has no handler")
			case row.Handle.answer.Kind() != reflect.Struct:
				problem("its answer is a %s; answers are JSON objects", row.Handle.answer)
			}
		}
	}
	return errors.Join(problems...)
}
