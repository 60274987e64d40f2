package rpc

import (
	"context"

	"partyline/party"
)

// Resumer puts users back into the seats kept for them.
type Resumer interface {
	Resume(ctx context.Context, caller party.Caller) (party.Resumption, error)
}

// Resume is the table of the reconnection calls.
func Resume(resumer Resumer) Set {
	return Set{Owner: "grace", Rows: []Row{
		// Puts the caller back into the seat kept after a dropped connection.
		{ID: "party_resume", Handle: Call(func(ctx context.Context, caller party.Caller, _ empty) (party.Resumption, error) {
			return resumer.Resume(ctx, caller)
		})},
	}}
}
