package rpc

import (
	"context"

	"partyline/party"
	"partyline/party/finder"
)

// Finder finds open parties.
type Finder interface {
	Find(ctx context.Context, caller party.Caller, request finder.Request) (finder.List, error)
	QuickJoin(ctx context.Context, caller party.Caller, filter finder.Filter) (finder.Joined, error)
}

// Find is the table of the finder's calls.
func Find(f Finder) Set {
	return Set{Owner: "finder", Rows: []Row{
		// Lists open parties that fit, with live counts, the oldest first.
		{ID: "party_find", Handle: Call(f.Find)},
		// Makes the caller a member of an open party that fits, at once.
		{ID: "party_quick_join", Handle: Call(f.QuickJoin)},
	}}
}
