package rpc

import (
	"context"

	"partyline/party"
)

// Matches tells members where their party plays.
type Matches interface {
	PartyMatch(ctx context.Context, caller party.Caller, partyID string) (party.MatchSeats, error)
}

// Match is the table of the calls about matches.
func Match(matches Matches) Set {
	return Set{Owner: "matches", Rows: []Row{
		// Names the match that the party is in, with its seats.
		{ID: "party_match", Handle: Call(func(ctx context.Context, caller party.Caller, r partyRequest) (party.MatchSeats, error) {
			return matches.PartyMatch(ctx, caller, r.PartyID)
		})},
	}}
}
