package hooks

import (
	"context"

	"partyline/party"
)

// Sessions is the part of the roster that follows members whose connection ends.
type Sessions interface {
	SessionEnded(session party.Session)
}

// QueueWatch hears that a party entered or left the matchmaker by its own doing.
type QueueWatch interface {
	Queued(id party.ID)
	Unqueued(id party.ID)
}

// Status tells what changes statuses besides the players' own word: a connection that
// ends, and the party's ticket coming and going.
func Status(sessions Sessions, queue QueueWatch) Set {
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
		Sessions: []SessionHook{{Name: "dropped", End: func(_ context.Context, session party.Session) error {
			sessions.SessionEnded(session)
			return nil
		}}},
	}
}
