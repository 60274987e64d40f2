package hooks

import (
	"context"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
	"partyline/party/rules"
)

// Queries keeps searches of tickets from clients within what the server can bear, also where
// queues replace them. Those of lists of parties and matches are checked by [Register].
func Queries(policy party.Policy) []Hook {
	return []Hook{
		{Message: MatchmakerAdd, Name: "query", Before: func(_ context.Context, call *Call) error {
			return CheckQuery(call.In.GetMatchmakerAdd().GetQuery(), policy().Queries)
		}},
		{Message: PartyMatchmakerAdd, Name: "query", Before: func(_ context.Context, call *Call) error {
			return CheckQuery(call.In.GetPartyMatchmakerAdd().GetQuery(), policy().Queries)
		}},
	}
}

// checkPartyList refuses cursors that would end the host's process, and queries.
func checkPartyList(request *api.ListPartiesRequest, bounds rules.Queries) error {
	var open *bool
	if asked := request.GetOpen(); asked != nil {
		open = new(asked.GetValue())
	}
	if err := party.CheckListCursor(request.GetCursor().GetValue(), open); err != nil {
		return err
	}
	return CheckQuery(request.GetQuery().GetValue(), bounds)
}
