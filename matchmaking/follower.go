package matchmaking

import (
	"context"
	"time"

	"partyline/internal/alarm"
	"partyline/party"
)

// The seats of a party that has come back are asked to follow again after waits that double.
const (
	followFirst   = time.Second
	followDoubles = 5
)

// Follower has the seats of parties follow them to new native parties, however long a match is too busy
// to answer. Safe for concurrent use.
type Follower struct {
	matches *Matches
	current func(party.ID) party.ID
	logger  party.Logger
	now     party.Clock
	alarms  *alarm.Alarms[following]
}

// following is a party by the ID that its match knows, and how often the match was asked in vain.
type following struct {
	was   party.ID
	tries int
}

// NewFollower makes one; current says what a party is now that had an ID. Close it when the process ends:
// nothing follows then any more.
func NewFollower(matches *Matches, current func(party.ID) party.ID, logger party.Logger, now party.Clock) *Follower {
	f := &Follower{matches: matches, current: current, logger: logger, now: now}
	f.alarms = alarm.New(now, logger, "seats in match do not follow party=", f.again)
	return f
}

// Close ends all timers.
func (f *Follower) Close() { f.alarms.Close() }

// Follow is [Matches.Moved] to what the party is now. After an error it goes on trying until the match has
// answered, or has no seats of the party.
func (f *Follower) Follow(ctx context.Context, was party.ID) { f.follow(ctx, following{was: was}) }

func (f *Follower) follow(ctx context.Context, p following) {
	id := f.current(p.was) // it may have moved on since
	if err := f.matches.Moved(ctx, p.was, id); err != nil {
		f.logger.Warn("seats in match do not follow yet party=%s was=%s error=%v", id, p.was, err)
		f.alarms.Set(following{p.was, p.tries + 1}, f.now().Add(followFirst<<min(p.tries, followDoubles)))
	}
}

func (f *Follower) again(p following) {
	ctx, cancel := context.WithTimeout(context.Background(), signalWait)
	defer cancel()
	f.follow(ctx, p)
}
