package matchmaking

import (
	"context"
	"time"

	"partyline/internal/alarm"
	"partyline/party"
)

// What a match had no time for is tried again, after waits that double.
const (
	// seatTries is how often a late friend's seat is sought again. Together the waits are longer than seats
	// are reserved for ([ReservedFor]), and than a fleet may take for a slot.
	seatTries = 3
	seatFirst = 2 * time.Second
	// The seats of a party that has come back are asked to follow as long as they do not.
	followFirst   = time.Second
	followDoubles = 5
)

// Retrier asks a match again where what is in the way may pass. Safe for concurrent use.
type Retrier struct {
	matches *Matches
	current func(party.ID) party.ID
	logger  party.Logger
	now     party.Clock
	alarms  *alarm.Alarms[errand]
}

// errand is what a match is asked for: a seat for a late friend, or back from who has left. Without a user it is
// that the seats of a party follow it to what it is by now.
type errand struct {
	party   party.ID // as the match knows it
	user    string
	awaited bool
	left    bool
	tries   int // so far in vain
}

// NewRetrier makes one; current says what a party is now that had an ID. Close it when the process ends:
// nothing is tried then any more.
func NewRetrier(matches *Matches, current func(party.ID) party.ID, logger party.Logger, now party.Clock) *Retrier {
	r := &Retrier{matches: matches, current: current, logger: logger, now: now}
	r.alarms = alarm.New(now, logger, "match not asked again errand=", r.again)
	return r
}

// Close ends all timers.
func (r *Retrier) Close() { r.alarms.Close() }

// Seat is [Matches.Late]. After an error it goes on trying for a while; the party hears of a seat that is
// found then.
func (r *Retrier) Seat(ctx context.Context, id party.ID, userID string, awaited bool) (string, error) {
	return r.seat(ctx, errand{party: id, user: userID, awaited: awaited})
}

// OrderSeat is Seat for a friend who came in while the server of a match was awaited, with the seat that the
// party holds there, once the fleet has a slot. It returns at once.
func (r *Retrier) OrderSeat(matchID string, id party.ID, userID string) {
	e := errand{party: id, user: userID, awaited: true}
	r.matches.slots.fleets.background("seat of a late friend", func(ctx context.Context) error {
		if !r.matches.slots.given(ctx, matchID, userID) { // nobody stands still for it, however long it takes
			r.seekLater(e)
			return nil
		}
		_, err := r.seat(ctx, e)
		return err
	})
}

// Follow is [Matches.Moved] to what the party is now. After an error it goes on trying until the match has
// answered, or has no seats of the party.
func (r *Retrier) Follow(ctx context.Context, was party.ID) { r.follow(ctx, errand{party: was}) }

// Release is [Matches.Release]. After an error it goes on trying for a while, if the user stays away.
func (r *Retrier) Release(ctx context.Context, id party.ID, userID string) {
	r.release(ctx, errand{party: id, user: userID, left: true})
}

func (r *Retrier) release(ctx context.Context, e errand) {
	err := r.matches.Release(ctx, e.party, e.user)
	if id := r.current(e.party); err == nil && id != e.party { // its seats may have followed it
		err = r.matches.Release(ctx, id, e.user)
	}
	if err == nil {
		return
	}
	r.logger.Warn("seat in match not released party=%s user=%s error=%v", e.party, e.user, err)
	r.seekLater(e)
}

// seekLater tries again what is about the seat of one user, a few times; false after the last.
func (r *Retrier) seekLater(e errand) bool {
	if e.tries == seatTries {
		return false
	}
	r.later(e, seatFirst<<e.tries)
	return true
}

func (r *Retrier) seat(ctx context.Context, e errand) (string, error) {
	matchID, err := r.matches.Late(ctx, e.party, e.user, e.awaited)
	if err != nil && !r.seekLater(e) {
		r.logger.Warn("no seat for a late friend party=%s user=%s error=%v", e.party, e.user, err)
	}
	return matchID, err
}

func (r *Retrier) follow(ctx context.Context, e errand) {
	id := r.current(e.party) // it may have moved on since
	if err := r.matches.Moved(ctx, e.party, id); err != nil {
		r.logger.Warn("seats in match do not follow yet party=%s was=%s error=%v", id, e.party, err)
		r.later(e, followFirst<<min(e.tries, followDoubles))
	}
}

func (r *Retrier) later(e errand, wait time.Duration) {
	e.tries++
	r.alarms.Set(e, r.now().Add(wait))
}

func (r *Retrier) again(e errand) {
	ctx, cancel := context.WithTimeout(context.Background(), signalWait)
	defer cancel()
	if e.user == "" {
		r.follow(ctx, e)
		return
	}
	if e.left { // whether or not they are online
		v, err := r.matches.members.View(ctx, r.current(e.party))
		_, in := v.Member(e.user)
		switch {
		case err == nil && in:
		case err == nil || party.ReasonOf(err) == party.PartyNotFound:
			r.release(ctx, e)
		default:
			r.seekLater(e)
		}
		return
	}
	e.party = r.current(e.party)
	if left, err := r.matches.members.Left(e.party, []string{e.user}); err == nil && len(left) > 0 {
		return // the seat is for who is still in the party
	}
	_, _ = r.seat(ctx, e)
}
