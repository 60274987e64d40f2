package rpc

import (
	"context"

	"partyline/party"
	"partyline/party/status"
)

// StatusBoard takes and lists what players tell while they load.
type StatusBoard interface {
	Set(ctx context.Context, caller party.Caller, report status.Report) error
	List(ctx context.Context, caller party.Caller, partyID string) (status.Listing, error)
}

// Status is the table of the status calls.
func Status(board StatusBoard) Set {
	return Set{Owner: "status", Rows: []Row{
		// Tells how far the caller is, as a member or, by an invite's code, as somebody on the way.
		{ID: "party_status_set", Handle: Call(func(ctx context.Context, caller party.Caller, r status.Report) (empty, error) {
			return empty{}, board.Set(ctx, caller, r)
		})},
		// Lists how far everybody in the party and on the way to it is.
		{ID: "party_status_list", Handle: Call(func(ctx context.Context, caller party.Caller, r partyRequest) (status.Listing, error) {
			return board.List(ctx, caller, r.PartyID)
		})},
	}}
}
