// Package ledger keeps what this process knows of each party: who is in it, what is reserved
// in it, and its record in storage. A [Visit] has one party to itself: it looks at the party,
// changes its book and its record together, and keeps the seats of members whose connection ended.
//
// Lock order: a user's lock, then a party's, then the roster's, then the indexes. Everything
// exported is safe for concurrent use, but a Visit is its caller's alone.
package ledger

import (
	"context"
	"fmt"
	"time"

	"partyline/internal/alarm"
	"partyline/internal/bounded"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
)

// Deps is what a Ledger works with. All are needed.
type Deps struct {
	Roster  *roster.Roster
	Streams party.Streams
	Storage party.Storage
	Policy  party.Policy
	News    *party.News // that it publishes
	Logger  party.Logger
	Now     party.Clock

	// Ages says how long a party has waited for a match, by queue.
	Ages func(id party.ID) map[string]party.Age
	// Holds reads the holds of a party this process has not seen.
	Holds func(ctx context.Context, id party.ID) ([]reserve.Hold, error)
}

// Ledger is all parties. Make one with [New].
type Ledger struct {
	Deps
	records store
	places  *keyed.Map[party.ID, *place]
	started time.Time
	sweeper sweeper
	moves
	keptSeats
	heldSeats

	Recorder *Recorder
	Lines    *Index // those who wait for a seat
	Ways     *Index // in place of users, the invites by which they wait
}

// New makes a ledger. Close it when the process ends.
func New(d Deps) *Ledger {
	l := &Ledger{
		Deps: d, records: store{storage: d.Storage, now: d.Now, line: changes{busy: map[string]bool{}}, debts: debts{of: map[party.ID][]*change{}}}, started: d.Now(),
		moves: moves{
			to: map[party.ID]party.ID{}, entering: map[party.ID]bool{},
			records: party.Round{Storage: d.Storage, Now: d.Now, Collection: recordsCollection},
		},
		Lines: newIndex(), Ways: newIndex(),
	}
	l.places = keyed.New(l.newPlace, func(p **place) bool { return (*p).worthKeeping() })
	l.Recorder, l.sweeper.ledger = newRecorder(l), l
	l.keptSeats = keptSeats{l, newIndex()}
	l.heldSeats = heldSeats{l, alarm.New(d.Now, d.Logger, "end of held seats not told party=", l.holdOver), newIndex()}
	for _, collection := range []string{recordsCollection, oldKicksCollection, oldSeatsCollection, awayCollection} {
		l.sweeper.rounds = append(l.sweeper.rounds, &party.Round{Storage: d.Storage, Now: d.Now, Collection: collection})
	}
	return l
}

// Close ends what is still to be written. What storage has stays.
func (l *Ledger) Close() {
	l.Recorder.later.Close()
	l.heldSeats.ends.Close()
}

// Visit is one operation on a party, under its lock.
type Visit struct {
	*place
	Ctx context.Context
	At  time.Time // when players may have seen what it is about: before it waited for the lock, if nobody knows better
}

// VisitNative locks the party that has this native ID now for do, and lets the news of what
// do changed go once the lock is released. The host's memory, and the party's record, are read and
// written under the lock: what is decided next has to know them. A write takes storageWait at
// most; who waits meanwhile gives up with their ctx.
func (l *Ledger) VisitNative(ctx context.Context, id party.ID, do func(*Visit) error) error {
	at := l.Now()
	locked, unlock, err := l.places.Lock(ctx, id)
	if err != nil {
		return fmt.Errorf("wait for party: %w", err)
	}
	p := *locked
	defer func() {
		out := p.out
		unlock()
		if !out.Empty() {
			out.Flush(l.News)
			l.places.Forget(id)
		}
	}()
	return do(&Visit{place: p, Ctx: ctx, At: at})
}

// VisitAnyway is VisitNative for what has happened already: it goes on, for storageWait at most, if ctx
// is at its end.
func (l *Ledger) VisitAnyway(ctx context.Context, id party.ID, do func(*Visit) error) error {
	ctx, cancel := bounded.Context(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	return l.VisitNative(ctx, id, do)
}

// Visit is VisitNative given any native ID that the party had.
func (l *Ledger) Visit(ctx context.Context, id party.ID, do func(*Visit) error) error {
	for {
		err := l.VisitNative(ctx, l.Current(id), do)
		if err != errMoved { //nolint:errorlint // refusals of one reason are alike
			return err
		}
	}
}

// Briefly is VisitNative for what needs no storage and cannot fail.
func (l *Ledger) Briefly(id party.ID, do func(*Visit)) {
	_ = l.VisitNative(context.Background(), id, func(v *Visit) error {
		do(v)
		return nil
	})
}

// Look reads a party, given any native ID that it had, and what is reserved in it. It
// refuses with PartyNotFound if nobody is in it, and with PartyAway if its members have all
// lost their connections; then the look has what is known of it.
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

// Origin is the party's ID at its beginning, under which storage knows it. It is right for
// a party that was looked at before.
func (l *Ledger) Origin(id party.ID) (origin party.ID) {
	l.Briefly(l.Current(id), func(v *Visit) { origin = v.place.Origin })
	return origin
}

// Known lists the parties this process has dealt with and not yet forgotten.
func (l *Ledger) Known() []party.ID { return l.places.Keys() }
