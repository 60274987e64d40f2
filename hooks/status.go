package hooks

import (
	"context"

	"partyline/party"
)

// QueueWatch hears that a party entered or left the matchmaker by its own doing.
type QueueWatch interface {
	Queued(id party.ID)
	Unqueued(id party.ID)
}

// Status tells what changes statuses besides the players' own word and their coming and
// going: the party's ticket.
func Status(queue QueueWatch) Set {
	watch := func(tell func(party.ID)) func(context.Context, *Call) error {
		return func(_ context.Context, call *Call) error {
			id, err := call.PartyID()
			if err != nil {
				return err
			}
			tell(id)
			return nil
		}
	}
	return Set{
		Owner: "status",
		Hooks: []Hook{
			{Message: PartyMatchmakerAdd, Name: "queued", After: watch(queue.Queued)},
			{Message: PartyMatchmakerRemove, Name: "unqueued", After: watch(queue.Unqueued)},
		},
	}
}
