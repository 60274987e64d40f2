package hooks

import (
	"context"
	"errors"

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
	Removing(ctx context.Context, id party.ID, by, target party.Session, cid string) (removed bool, err error)
}

// Grace keeps the seats of members whose connection ends. Its set belongs behind the
// roster's, which hears of leaves first, and behind every other that may refuse a kick.
// The keeper hears of kicks that no hook behind the host's own answer does.
func Grace(sockets Sockets, seats KeptSeats, keeper SeatKeeper) Set {
	g := grace{seats: seats, keeper: keeper}
	return Set{
		Owner: "grace",
		Hooks: []Hook{
			{Message: PartyLeave, Name: "seat", After: g.left},
			{Message: PartyRemove, Name: "seat", Before: g.removing},
		},
		Sessions: []SessionHook{{Name: "seat", Start: sockets.Started, End: sockets.Ended}},
	}
}

type grace struct {
	seats  KeptSeats
	keeper SeatKeeper
}

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
	target := sessionIn(call.In.GetPartyRemove().GetPresence())
	removed, err := g.seats.Removing(ctx, id, call.Session, target, call.In.GetCid())
	if removed {
		err = errors.Join(err, g.keeper.Release(ctx, id, target.UserID))
	}
	return err
}
