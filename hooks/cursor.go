package hooks

import (
	"context"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
)

// checkCursor refuses cursors of the party list that would end the host's process.
func checkCursor(_ context.Context, request *api.ListPartiesRequest) error {
	var open *bool
	if asked := request.GetOpen(); asked != nil {
		value := asked.GetValue()
		open = &value
	}
	return party.CheckListCursor(request.GetCursor().GetValue(), open)
}
