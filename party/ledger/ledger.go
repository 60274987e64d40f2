// Package ledger keeps what this process knows of each party: its members, its reserved seats, and its record in
// storage. A [Visit] locks one party. It looks at the party, changes its book and its record together, and keeps the
// seats of members whose connection ended.
//
// Lock order: a user's lock, then a party's, then the roster's, then the indexes. All exported functions are safe for
// concurrent use, but only its caller may use a Visit.
package ledger

import (
	"context"
	"fmt"
	"time"

	"partyline/internal/alarm"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
)

// Deps has the dependencies of a Ledger. All are needed.
type Deps struct {
	Roster  *roster.Roster
	Streams party.Streams
	Storage party.Storage
	Policy  party.Policy
	News    *party.News // to which it publishes
	Logger  party.Logger
	Now     party.Clock

	// Ages returns how long a party has waited for a match, by queue.
	Ages func(id party.ID) map[string]party.Age
	// Holds reads the holds of a party from storage.
	Holds func(ctx context.Context, id party.ID) ([]reserve.Hold, error)
}

// Ledger manages all parties. Make one with [New].
type Ledger struct {
	Deps
	records store
	places  *keyed.Map[party.ID, *place]
	started time.Time
	sweeper sweeper
	moves
	keptSeats
	heldSeats

	Recorder        *Recorder
	Waitlists       *Index // users on wait lists
	WaitlistInvites *Index // invites that brought users onto wait lists, in place of users
}

// New makes a ledger. The caller closes it when the process ends.
func New(d Deps) *Ledger {
	l := &Ledger{
		Deps: d, records: store{storage: d.Storage, now: d.Now, broken: &party.BrokenLog{Logger: d.Logger}, queue: changeQueue{busy: map[string]bool{}}, unwritten: unwritten{byParty: map[party.ID][]*change{}}}, started: d.Now(),
		moves: moves{
			current: map[party.ID]party.ID{}, entering: map[party.ID]bool{},
			records: party.Round{Storage: d.Storage, Now: d.Now, Collection: recordsCollection},
		},
		Waitlists: newIndex(), WaitlistInvites: newIndex(),
	}
	l.places = keyed.New(l.newPlace, func(p **place) bool { return (*p).worthKeeping() })
	l.Recorder, l.sweeper.ledger = newRecorder(l), l
	l.keptSeats = keptSeats{l, newIndex()}
	l.heldSeats = heldSeats{l, alarm.New(d.Now, d.Logger, "end of held seats not reported party=", l.holdExpired), newIndex()}
	for _, collection := range []string{recordsCollection, oldKicksCollection, oldSeatsCollection, awayCollection} {
		l.sweeper.rounds = append(l.sweeper.rounds, &party.Round{Storage: d.Storage, Now: d.Now, Collection: collection})
	}
	return l
}

// Close stops the timers of writes to come. What is in storage stays.
func (l *Ledger) Close() {
	l.Recorder.writes.Close()
	l.heldSeats.expiries.Close()
}

// Visit is one operation on a party, under its lock.
type Visit struct {
	*place
	Ctx context.Context
	At  time.Time // the moment that players may have seen: before the wait for the lock, unless the caller knows better
}

// VisitNative locks the party with this native ID and runs do. It publishes the news of do after it has released the
// lock. do reads the host's memory and reads and writes the party's record under the lock, because the next decision
// depends on them. A write takes storageWait at most. Others who wait for the lock give up when their ctx ends.
func (l *Ledger) VisitNative(ctx context.Context, id party.ID, do func(*Visit) error) error {
	at := l.Now()
	locked, unlock, err := l.places.Lock(ctx, id)
	if err != nil {
		return fmt.Errorf("%w: %w", errWait, err)
	}
	p := *locked
	defer func() {
		out := p.outbox
		unlock()
		if !out.Empty() {
			out.Flush(l.News)
			l.places.Prune(id)
		}
	}()
	return do(&Visit{place: p, Ctx: ctx, At: at})
}

// VisitAnyway is VisitNative for what has happened already: it goes on after ctx ends, for storageWait at most.
func (l *Ledger) VisitAnyway(ctx context.Context, id party.ID, do func(*Visit) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	return l.VisitNative(ctx, id, do)
}

// Visit is VisitNative for any native ID that the party had.
func (l *Ledger) Visit(ctx context.Context, id party.ID, do func(*Visit) error) error {
	for {
		err := l.VisitNative(ctx, l.Current(id), do)
		if err != errMoved { //nolint:errorlint // errors.Is treats refusals of one reason as equal
			return err
		}
	}
}

// Briefly is VisitNative for work that needs no storage and cannot fail.
func (l *Ledger) Briefly(id party.ID, do func(*Visit)) {
	_ = l.VisitNative(context.Background(), id, func(v *Visit) error {
		do(v)
		return nil
	})
}

// Look reads a party, given any native ID that it had, and its reserved seats. It refuses with PartyNotFound if the
// party has no members. It refuses with PartyAway if all members have lost their connections: then the look has the
// known facts.
func (l *Ledger) Look(ctx context.Context, id party.ID) (look reserve.Look, err error) {
	err = l.Visit(ctx, id, func(v *Visit) error {
		err := v.Look()
		switch party.ReasonOf(err) {
		case "":
			look = v.Seen()
		case party.PartyAway:
			look = v.seen(party.View{ID: v.ID, Facts: v.Facts})
		}
		return err
	})
	return look, err
}

// Origin returns the party's first ID, its key in storage. It is right only for a party that was looked at before.
func (l *Ledger) Origin(id party.ID) (origin party.ID) {
	l.Briefly(l.Current(id), func(v *Visit) { origin = v.place.Origin })
	return origin
}

// Known lists the parties that this process has dealt with and not yet forgotten.
func (l *Ledger) Known() []party.ID { return l.places.Keys() }
