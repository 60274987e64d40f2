package rpc

import (
	"context"

	"partyline/party"
	"partyline/party/waitlist"
)

// Waiter gives players seats of full parties in turn.
type Waiter interface {
	Wait(ctx context.Context, caller party.Caller, request waitlist.Request) (waitlist.Place, error)
}

// Wait is the table of the wait list's call.
func Wait(w Waiter) Set {
	return Set{Owner: "wait list", Rows: []Row{
		// Puts the caller into the line for a seat of a full party, or takes them out of it.
		{ID: "party_wait", Handle: Call(w.Wait)},
	}}
}
