package rpc

import (
	"context"

	"partyline/party"
	"partyline/party/attributes"
)

// Attributes keeps what parties and their members share.
type Attributes interface {
	Set(ctx context.Context, caller party.Caller, request attributes.Request) (attributes.Written, error)
	Get(ctx context.Context, caller party.Caller, partyID string) (attributes.Document, error)
}

// Shared is the table of the calls about attributes.
func Shared(a Attributes) Set {
	return Set{Owner: "attributes", Rows: []Row{
		// Writes attributes of the party, of the caller in it, or both.
		{ID: "party_attributes_set", Handle: Call(a.Set)},
		// Gives the attributes of the party and of its members.
		{ID: "party_attributes_get", Handle: Call(func(ctx context.Context, caller party.Caller, r partyRequest) (attributes.Document, error) {
			return a.Get(ctx, caller, r.PartyID)
		})},
	}}
}
