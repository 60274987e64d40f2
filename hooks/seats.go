package hooks

import (
	"context"

	"partyline/party"
)

// SeatKeeper holds seats for members in the match their party is in.
type SeatKeeper interface {
	Release(ctx context.Context, id party.ID, userID string) error
}

// Seats gives back the seats that are held for members who left their party or were
// kicked. A member whose connection is lost keeps the seat as long as it is held.
func Seats(keeper SeatKeeper) Set {
	s := seatUpkeep{keeper}
	return Set{Owner: "seats", Hooks: []Hook{
		{Message: PartyLeave, Name: "release", After: s.left},
		{Message: PartyRemove, Name: "release", After: s.kicked},
	}}
}

type seatUpkeep struct{ keeper SeatKeeper }

// left ignores an ID that only the host's more lenient reading understands: the seat
// opens when its time is over.
func (s seatUpkeep) left(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return nil
	}
	return s.keeper.Release(ctx, id, call.Session.UserID)
}

func (s seatUpkeep) kicked(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	return s.keeper.Release(ctx, id, sessionIn(call.In.GetPartyRemove().GetPresence()).UserID)
}
