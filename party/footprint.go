package party

import "context"

// Footprint is how many players a party counts. Everybody who asks, be it a preview, a
// rule, a check or matchmaking, asks for this one number, so that all of them agree.
type Footprint struct {
	Members  int // in the party
	Held     int // seats kept for users who are not in
	InLine   int // those of them that are kept for the line, in which strangers may wait
	Away     int // those of them that are kept for members who lost their connection
	Incoming int // users who told that they are on their way, without a seat kept
	MaxSize  int
}

// OnTheWay counts who is expected but not in: one for each kept seat and each incoming
// user, but no more than the party has room for.
func (f Footprint) OnTheWay() int { return max(0, min(f.Held+f.Incoming, f.MaxSize-f.Members)) }

// Size is the members and those on the way.
func (f Footprint) Size() int { return f.Members + f.OnTheWay() }

// Footprints answers the footprint of a party.
type Footprints func(ctx context.Context, id ID) (Footprint, error)
