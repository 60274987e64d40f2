package matchmaking

import (
	"context"
	"time"

	"partyline/internal/alarm"
	"partyline/party"
)

// Waits between tries double.
const (
	// maxSeatTries is how often the seat of a late friend is tried again. All waits together are longer than
	// [ReservedFor] and than a fleet may take for a slot.
	maxSeatTries  = 3
	seatFirstWait = 2 * time.Second
	// The seats of a party that came back are asked to follow until they do.
	followFirstWait    = time.Second
	followMaxDoublings = 5
)

// Retrier repeats requests to a match that failed for a reason that may pass. Safe for concurrent use.
type Retrier struct {
	matches *Matches
	current func(party.ID) party.ID
	logger  party.Logger
	now     party.Clock
	alarms  *alarm.Alarms[retry]
}

// retry is a request to a match: hold a seat for a late friend, or with left release the seat of a user who left.
// Without a user it asks the match to give the party's seats to the party's current ID.
type retry struct {
	party   party.ID // the ID that the match has
	user    string
	awaited bool
	left    bool
	tries   int // failed tries so far
}

// NewRetrier makes a Retrier. current returns the present ID of a party that had another ID before. Close the
// Retrier when the process ends; it tries nothing after that.
func NewRetrier(matches *Matches, current func(party.ID) party.ID, logger party.Logger, now party.Clock) *Retrier {
	r := &Retrier{matches: matches, current: current, logger: logger, now: now}
	r.alarms = alarm.New(now, logger, "match not asked again errand=", r.runRetry)
	return r
}

// Close stops all timers.
func (r *Retrier) Close() { r.alarms.Close() }

// Seat is [Matches.HoldLateSeat], and tries again for a while after an error. The party hears of a seat got then.
func (r *Retrier) Seat(ctx context.Context, id party.ID, userID string, awaited bool) (string, error) {
	return r.seat(ctx, retry{party: id, user: userID, awaited: awaited})
}

// OrderSeat is Seat for a friend who joined while the match waited for its server. It uses the seat that the party
// holds there, once the fleet has a slot. It returns at once.
func (r *Retrier) OrderSeat(matchID string, id party.ID, userID string) {
	e := retry{party: id, user: userID, awaited: true}
	r.matches.slots.fleets.background("seat of a late friend", func(ctx context.Context) error {
		r.matches.slots.reserveOnce(ctx, matchID, userID) // this may take long; nobody waits for it
		_, err := r.seat(ctx, e)
		return err
	})
}

// Follow is [Matches.MoveParty] to the party's current ID. After an error it tries again until the match answers or has
// no seats of the party.
func (r *Retrier) Follow(ctx context.Context, was party.ID) { r.follow(ctx, retry{party: was}) }

// Release is [Matches.Release]. After an error it tries again for a while, if the user does not come back.
func (r *Retrier) Release(ctx context.Context, id party.ID, userID string) {
	r.release(ctx, retry{party: id, user: userID, left: true})
}

func (r *Retrier) release(ctx context.Context, e retry) {
	err := r.matches.Release(ctx, e.party, e.user)
	if id := r.current(e.party); err == nil && id != e.party { // the seats may have followed the party
		err = r.matches.Release(ctx, id, e.user)
	}
	if err == nil {
		return
	}
	r.logger.Warn("seat in match not released party=%s user=%s error=%v", e.party, e.user, err)
	r.retrySeat(e)
}

// retrySeat schedules the next try for a user's seat. It reports false after the last one.
func (r *Retrier) retrySeat(e retry) bool {
	if e.tries == maxSeatTries {
		return false
	}
	r.schedule(e, seatFirstWait<<e.tries)
	return true
}

func (r *Retrier) seat(ctx context.Context, e retry) (string, error) {
	matchID, err := r.matches.HoldLateSeat(ctx, e.party, e.user, e.awaited)
	if err != nil && !r.retrySeat(e) {
		r.logger.Warn("no seat for a late friend party=%s user=%s error=%v", e.party, e.user, err)
	}
	return matchID, err
}

func (r *Retrier) follow(ctx context.Context, e retry) {
	id := r.current(e.party) // the party may have moved again
	if err := r.matches.MoveParty(ctx, e.party, id); err != nil {
		r.logger.Warn("seats in match not moved to the party's new ID yet party=%s was=%s error=%v", id, e.party, err)
		r.schedule(e, followFirstWait<<min(e.tries, followMaxDoublings))
	}
}

func (r *Retrier) schedule(e retry, wait time.Duration) {
	e.tries++
	r.alarms.Set(e, r.now().Add(wait))
}

func (r *Retrier) runRetry(e retry) {
	ctx, cancel := context.WithTimeout(context.Background(), signalTimeout)
	defer cancel()
	if e.user == "" {
		r.follow(ctx, e)
		return
	}
	if e.left { // View includes members who are not online
		v, err := r.matches.members.View(ctx, r.current(e.party))
		_, in := v.Member(e.user)
		switch {
		case err == nil && in:
		case err == nil || party.ReasonOf(err) == party.PartyNotFound:
			r.release(ctx, e)
		default:
			r.retrySeat(e)
		}
		return
	}
	e.party = r.current(e.party)
	if left, err := r.matches.members.Left(e.party, []string{e.user}); err == nil && len(left) > 0 {
		return // only users who are still in the party get the seat
	}
	_, _ = r.seat(ctx, e)
}
