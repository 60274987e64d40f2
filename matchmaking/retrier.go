package matchmaking

import (
	"context"
	"time"

	"partyline/internal/alarm"
	"partyline/party"
)

const (
	// maxSeatTries is how often a request about a user's seat is tried again. All waits together are longer than
	// [ReservedFor] and than a fleet may take for a slot. The seats of a party that came back are asked to follow until
	// they do.
	maxSeatTries = 3
	// retryFirstWait is the wait before the first of these tries. Each later wait is twice as long, up to
	// retryMaxDoublings times.
	retryFirstWait    = 2 * time.Second
	retryMaxDoublings = 5
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
	r.alarms = alarm.New(now, logger, "match not asked again errand=", r.tryAgain)
	return r
}

// Close stops all timers.
func (r *Retrier) Close() { r.alarms.Close() }

// Seat is [Matches.HoldLateSeat], and tries again for a while after an error. The party hears of a seat got then.
func (r *Retrier) Seat(ctx context.Context, id party.ID, userID string, awaited bool) (string, error) {
	return r.try(ctx, retry{party: id, user: userID, awaited: awaited})
}

// OrderSeat is Seat for a friend who joined while the match was made, and perhaps waited for its server. It uses a seat
// that the party holds there, once the fleet has a slot. It returns at once.
func (r *Retrier) OrderSeat(matchID string, id party.ID, userID string) {
	r.matches.slots.fleets.background("seat of a late friend", func(ctx context.Context) error {
		r.matches.slots.reserveOnce(ctx, matchID, userID) // this may take long; nobody waits for it
		_, _ = r.Seat(ctx, id, userID, true)
		return nil
	})
}

// Follow is [Matches.MoveParty] to the party's current ID. After an error it tries again until the match answers or has
// no seats of the party.
func (r *Retrier) Follow(ctx context.Context, was party.ID) { _, _ = r.try(ctx, retry{party: was}) }

// Release is [Matches.Release]. After an error it tries again for a while, if the user does not come back.
func (r *Retrier) Release(ctx context.Context, id party.ID, userID string) {
	_, _ = r.try(ctx, retry{party: id, user: userID, left: true})
}

// try makes a request. After an error it schedules the next try; e counts the tries before this one.
func (r *Retrier) try(ctx context.Context, e retry) (matchID string, err error) {
	now := r.current(e.party) // the party may have moved, also again
	switch {
	case e.user == "":
		err = r.matches.MoveParty(ctx, e.party, now)
	case e.left:
		if err = r.matches.Release(ctx, e.party, e.user); err == nil && now != e.party { // the seats may have followed the party
			err = r.matches.Release(ctx, now, e.user)
		}
	default:
		matchID, err = r.matches.holdLateSeat(ctx, now, e.user, e.awaited, e.tries > 0)
	}
	if err != nil {
		r.retryAfter(e, err)
	}
	return matchID, err
}

// retryAfter schedules the next try.
func (r *Retrier) retryAfter(e retry, err error) {
	last := e.user != "" && e.tries == maxSeatTries
	if last || e.user == "" {
		r.logger.Warn("match not reached party=%s user=%s left=%v tries=%d error=%v", e.party, e.user, e.left, e.tries+1, err)
	}
	if !last {
		wait := retryFirstWait << min(e.tries, retryMaxDoublings)
		e.tries++
		r.alarms.Set(e, r.now().Add(wait))
	}
}

// tryAgain makes a request again, if the user is still in the party, or has still left it.
func (r *Retrier) tryAgain(e retry) {
	ctx, cancel := context.WithTimeout(context.Background(), signalTimeout)
	defer cancel()
	switch now := r.current(e.party); {
	case e.user == "":
	case e.left:
		v, err := r.matches.members.View(ctx, now)
		if _, in := v.Member(e.user); err == nil && in {
			return
		}
		if err != nil && party.ReasonOf(err) != party.PartyNotFound {
			r.retryAfter(e, err)
			return
		}
	default:
		if left, err := r.matches.members.Left(now, []string{e.user}); err == nil && len(left) > 0 {
			return
		}
	}
	_, _ = r.try(ctx, e)
}
