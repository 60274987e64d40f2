package rpc

import (
	"context"

	"partyline/party"
)

// Matches tells members where their party plays.
type Matches interface {
	PartyMatch(ctx context.Context, caller party.Caller, partyID, matchID string) (party.MatchSeats, error)
}

type matchRequest struct {
	PartyID string `json:"party_id,omitempty"`
	MatchID string `json:"match_id,omitempty"` // instead, for a player without a party
}

// Match is the table of the calls about matches.
func Match(matches Matches) Set {
	return Set{Owner: "matches", Rows: []Row{
		// Names the match that the party is in, with its seats.
		{ID: "party_match", Handle: Call(func(ctx context.Context, caller party.Caller, r matchRequest) (party.MatchSeats, error) {
			return matches.PartyMatch(ctx, caller, r.PartyID, r.MatchID)
		})},
	}}
}
