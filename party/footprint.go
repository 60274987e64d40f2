package party

import "context"

// Footprint is how many players a party counts. Previews, rules, checks and matchmaking all use this one number, so
// that they agree.
type Footprint struct {
	Members       int // in the party
	Held          int // seats kept for users who are not in
	WaitlistSeats int // those of Held that are held for the wait list, which strangers may be on
	Away          int // those of Held that are kept for members who lost their connection
	Incoming      int // users who reported that they are on the way, without a kept seat
	MaxSize       int
}

// OnTheWay counts the players who are expected but not in, no more than the party has room for.
func (f Footprint) OnTheWay() int { return max(0, min(f.Held+f.Incoming, f.MaxSize-f.Members)) }

// Size returns the number of members and players on the way.
func (f Footprint) Size() int { return f.Members + f.OnTheWay() }

// Footprints returns the footprint of a party without what is counted for one user; "" counts everybody.
type Footprints func(ctx context.Context, id ID, without string) (Footprint, error)
