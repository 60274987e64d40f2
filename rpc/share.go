package rpc

import (
	"context"

	"partyline/party"
	"partyline/party/share"
)

// Sharer makes parties known.
type Sharer interface {
	Share(ctx context.Context, caller party.Caller, request share.Request) (share.Answer, error)
}

// Share is the table of the call that shares a party.
func Share(sharer Sharer) Set {
	return Set{Owner: "share", Rows: []Row{
		{ID: "party_share", Handle: Call(sharer.Share)},
	}}
}
