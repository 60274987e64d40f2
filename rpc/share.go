package rpc

import (
	"context"

	"partyline/party"
	"partyline/party/share"
)

// Sharer makes parties known.
type Sharer interface {
	Share(ctx context.Context, caller party.Caller, request share.Request) (share.Answer, error)
	Activity(ctx context.Context, caller party.Caller, request share.ActivityRequest) (share.Activity, error)
}

// Share is the table of the calls that make a party known.
func Share(sharer Sharer) Set {
	return Set{Owner: "share", Rows: []Row{
		{ID: "party_share", Handle: Call(sharer.Share)},
		{ID: "party_activity", Handle: Call(sharer.Activity)},
	}}
}
