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
		// Makes the party known to followers, friends, a group or certain users.
		{ID: "party_share", Handle: Call(sharer.Share)},
		// Gives the party as the presence and invite APIs of platforms take it.
		{ID: "party_activity", Handle: Call(sharer.Activity)},
	}}
}
