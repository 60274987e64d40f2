package hooks

import (
	"context"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
)

// Queries keeps searches from clients within what the server can bear: those of the lists of
// parties and matches, and those of tickets where the host matches by itself (native). With
// queues a ticket's query is not used.
func Queries(policy party.Policy, native bool) Set {
	check := func(query string) error { return CheckQuery(query, policy().Queries) }
	set := Set{
		Owner: "queries",
		Listing: []ListingHook{{Name: "query", Before: func(_ context.Context, request *api.ListPartiesRequest) error {
			return check(request.GetQuery().GetValue())
		}}},
		Matches: []MatchListHook{{Name: "query", Before: func(_ context.Context, request *api.ListMatchesRequest) error {
			return check(request.GetQuery().GetValue())
		}}},
	}
	if native {
		set.Hooks = []Hook{
			{Message: MatchmakerAdd, Name: "query", Before: func(_ context.Context, call *Call) error {
				return check(call.In.GetMatchmakerAdd().GetQuery())
			}},
			{Message: PartyMatchmakerAdd, Name: "query", Before: func(_ context.Context, call *Call) error {
				return check(call.In.GetPartyMatchmakerAdd().GetQuery())
			}},
		}
	}
	return set
}
