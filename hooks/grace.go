package hooks

import (
	"context"

	"partyline/party"
)

// Sockets is the part of reconnection that is told of sockets.
type Sockets interface {
	Started(ctx context.Context, session party.Session) error
	Ended(ctx context.Context, session party.Session) error
}

// KeptSeats is the part of reconnection that is told who gives a kept seat up, or takes
// it from somebody who is away.
type KeptSeats interface {
	Left(ctx context.Context, id party.ID, session party.Session)
	Removing(ctx context.Context, id party.ID, by, target party.Session, cid string) error
}

// Grace keeps the seats of members whose connection ends. Its set belongs behind the
// roster's, which hears of leaves first, and behind every other that may refuse a kick.
func Grace(sockets Sockets, seats KeptSeats) Set {
	g := grace{seats: seats}
	return Set{
		Owner: "grace",
		Hooks: []Hook{
			{Message: PartyLeave, Name: "seat", After: g.left},
			{Message: PartyRemove, Name: "seat", Before: g.removing},
		},
		Sessions: []SessionHook{{Name: "seat", Start: sockets.Started, End: sockets.Ended}},
	}
}

type grace struct{ seats KeptSeats }

func (g grace) left(ctx context.Context, call *Call) error {
	if id, err := call.PartyID(); err == nil {
		g.seats.Left(ctx, id, call.Session)
	}
	return nil
}

// removing never refuses for somebody who is not away: the host decides then.
func (g grace) removing(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	return g.seats.Removing(ctx, id, call.Session, sessionIn(call.In.GetPartyRemove().GetPresence()), call.In.GetCid())
}
