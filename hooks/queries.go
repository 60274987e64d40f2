package hooks

import (
	"context"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
)

// Queries keeps searches from clients within what the server can bear: those of the lists of
// parties and matches, and those of tickets, also where queues replace them.
func Queries(policy party.Policy) Set {
	check := func(query string) error { return CheckQuery(query, policy().Queries) }
	return Set{
		Owner: "queries",
		Listing: []ListingHook{{Name: "query", Before: func(_ context.Context, request *api.ListPartiesRequest) error {
			return check(request.GetQuery().GetValue())
		}}},
		Matches: []MatchListHook{{Name: "query", Before: func(_ context.Context, request *api.ListMatchesRequest) error {
			return check(request.GetQuery().GetValue())
		}}},
		Hooks: []Hook{
			{Message: MatchmakerAdd, Name: "query", Before: func(_ context.Context, call *Call) error {
				return check(call.In.GetMatchmakerAdd().GetQuery())
			}},
			{Message: PartyMatchmakerAdd, Name: "query", Before: func(_ context.Context, call *Call) error {
				return check(call.In.GetPartyMatchmakerAdd().GetQuery())
			}},
		},
	}
}
