package matchmaking

import (
	"context"
	"time"

	"partyline/internal/alarm"
	"partyline/party"
)

// A late friend's seat is sought again so often, after waits that double. Together that is longer than seats
// are reserved for ([ReservedFor]), and than a fleet may take for a slot.
const (
	lateTries = 3
	lateFirst = 2 * time.Second
)

// Latecomers seek seats for late friends, and seek again where what is in the way may pass. Safe for
// concurrent use.
type Latecomers struct {
	matches *Matches
	current func(party.ID) party.ID
	logger  party.Logger
	now     party.Clock
	alarms  *alarm.Alarms[latecomer]
}

// latecomer is a late friend, and how often their seat has been sought again.
type latecomer struct {
	party   party.ID
	user    string
	awaited bool
	tries   int
}

// NewLatecomers makes them; current says what a party is now that had an ID. Close them when the process
// ends: nothing is sought then any more.
func NewLatecomers(matches *Matches, current func(party.ID) party.ID, logger party.Logger, now party.Clock) *Latecomers {
	l := &Latecomers{matches: matches, current: current, logger: logger, now: now}
	l.alarms = alarm.New(now, logger, "no seat for a late friend friend=", l.again)
	return l
}

// Close ends all timers.
func (l *Latecomers) Close() { l.alarms.Close() }

// Seat is [Matches.Late]. After an error it goes on trying for a while; the party hears of a seat that is
// found then.
func (l *Latecomers) Seat(ctx context.Context, id party.ID, userID string, awaited bool) (string, error) {
	return l.seek(ctx, latecomer{id, userID, awaited, 0})
}

func (l *Latecomers) seek(ctx context.Context, f latecomer) (string, error) {
	matchID, err := l.matches.Late(ctx, f.party, f.user, f.awaited)
	switch {
	case err == nil:
	case f.tries == lateTries:
		l.logger.Warn("no seat for a late friend party=%s user=%s error=%v", f.party, f.user, err)
	default:
		wait := lateFirst << f.tries
		f.tries++
		l.alarms.Set(f, l.now().Add(wait))
	}
	return matchID, err
}

// again seeks a seat for who is still in the party.
func (l *Latecomers) again(f latecomer) {
	ctx, cancel := context.WithTimeout(context.Background(), signalWait)
	defer cancel()
	f.party = l.current(f.party)
	if left, err := l.matches.members.Left(f.party, []string{f.user}); err == nil && len(left) > 0 {
		return
	}
	_, _ = l.seek(ctx, f)
}
