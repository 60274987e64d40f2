package admission

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
)

// place is what this process knows of one party: a cache of what storage says is reserved
// in it, and what is under way. Its fields belong to whoever holds its lock.
type place struct {
	id       party.ID
	origin   party.ID    // the party's ID at its beginning, under which storage knows it
	facts    party.Facts // as last seen
	leading  string      // the leader's user, as last seen
	away     bool        // everybody has lost the connection
	fresh    bool        // and storage has not heard of that yet
	saved    reserve.Standing
	known    bool  // what storage says has been read, or the party began here without anything
	state    int64 // revision of the party's mirror up to which it is known
	recorded bool  // storage may have a record of the party, if only of what is over
	book     reserve.Book
	last     roster.Snapshot // the last look; zero where the mirror has changed since
	turns    uint64          // how often something changed since the place was made
	out      party.Outbox
}

func newPlace(id party.ID) *place { return &place{id: id, origin: id, book: reserve.NewBook()} }

// worthKeeping is for a party nobody deals with at the moment. One that is not known has
// nothing but what is under way.
func (p *place) worthKeeping() bool { return p.known || !p.book.Idle() || !p.out.Empty() }

// visit is one operation on a party, under its lock.
type visit struct {
	*Admission
	*place
	ctx context.Context
}

// visit locks a party for do, and lets the news of what do changed go once the lock is
// released. Reads of the host's memory are done under the lock, and so are reads and
// writes of the party's record: what is decided next has to know them. A write takes
// storageWait at most; whoever waits meanwhile gives up with its own ctx.
func (a *Admission) visit(ctx context.Context, id party.ID, do func(*visit) error) error {
	locked, unlock, err := a.places.Lock(ctx, id)
	if err != nil {
		return fmt.Errorf("wait for party: %w", err)
	}
	p := *locked
	defer func() {
		unlock()
		if !p.out.Empty() {
			p.out.Flush(a.news)
			a.places.Forget(id)
		}
	}()
	return do(&visit{a, p, ctx})
}

// now is a visit that needs no waiting for storage and cannot fail.
func (a *Admission) briefly(id party.ID, do func(*visit)) {
	_ = a.visit(context.Background(), id, func(v *visit) error {
		do(v)
		return nil
	})
}

// changed notes that looks taken before are out of date.
func (v *visit) changed() { v.turns++ }

// look reads the party, and makes what is reserved in it known and current.
func (v *visit) look() error {
	snapshot, err := v.roster.Look(v.ctx, v.id)
	if party.ReasonOf(err) == party.PartyNotFound {
		return v.lookAway(err)
	}
	if err != nil {
		return err
	}
	v.last, v.facts = snapshot, snapshot.Facts
	v.away, v.fresh = false, false
	err = v.open()
	v.leading = v.last.Leader().UserID
	return err
}

// lives is look for whoever also cleans up: false, and the party is forgotten, if it has
// ended. One in which everybody is away lives.
func (v *visit) lives() (bool, error) {
	err := v.look()
	switch party.ReasonOf(err) {
	case party.PartyAway:
		return true, nil
	case party.PartyNotFound:
		if v.endIfEmpty() {
			for _, p := range v.book.Overdue(v.now()) {
				delete(v.book.Pending, p.Session.SessionID)
			}
		}
		return false, nil
	}
	return err == nil, err
}

// lookAfter is look, but for whoever has just looked and is still right.
func (v *visit) lookAfter(l *Look) error {
	if l != nil && l.ID == v.id && l.turns == v.turns && v.last.ID == v.id && v.known {
		v.endOverdue()
		v.book.Purge(v.now())
		return nil
	}
	return v.look()
}

// open reads what is reserved in a party this process has not seen, and again when another
// node says that it changed it; a party that began here costs no read.
func (v *visit) open() error {
	if !v.known || v.last.Revision() > v.state {
		if err := v.load(); err != nil {
			return err
		}
	}
	v.endOverdue()
	v.book.Purge(v.now())
	return v.observe()
}

func (v *visit) load() error {
	v.origin = v.last.Origin()
	holds, err := v.holds(v.ctx, v.origin)
	if err != nil {
		return fmt.Errorf("read holds: %w", err)
	}
	record, err := v.store.load(v.ctx, v.origin)
	if err != nil {
		return err
	}
	v.moves.set(v.origin, v.id)
	v.recorded = v.recorded || !record.Empty()
	settled := v.book.SetHolds(holds)
	v.merge(record)
	v.known = true
	if settled {
		v.state = v.last.Revision()
	}
	v.changed()
	return nil
}

// merge makes the book what storage says.
func (v *visit) merge(record reserve.Record) {
	ended, found := v.book.Merge(record)
	for _, seat := range ended {
		v.index.setAway(seat.Member.UserID, v.id, false)
		v.out.Add(party.Change{Kind: party.SeatEnded, ID: v.id, Seat: seat})
	}
	for _, user := range found {
		v.index.setAway(user, v.id, true)
	}
	v.lined()
}

// announce tells the other nodes of a change this node has made. A change of theirs that
// it has not read yet it will still read.
func (v *visit) announce() {
	if before, after := v.roster.Announce(v.id); before <= v.state {
		v.state = after
	}
	v.last = roster.Snapshot{}
	v.changed()
}

// index finds parties by session and by user.
type index struct {
	mu    sync.Mutex // a leaf: nothing else is locked while it is held
	begun map[string]begun
	away  map[string][]party.ID        // where seats are kept, by user
	lines map[party.ID][]string        // who waits in line
	waits map[string]map[party.ID]bool // in which lines a user waits
}

// begun is the native join or request a session has under way.
type begun struct {
	id     party.ID
	joiner party.Session
	until  time.Time
}

func newIndex() index {
	return index{begun: map[string]begun{}, away: map[string][]party.ID{}, lines: map[party.ID][]string{}, waits: map[string]map[party.ID]bool{}}
}

func (x *index) begin(session string, b begun) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.begun[session] = b
}

// end forgets what the session has under way and returns it.
func (x *index) end(session string) (begun, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	b, ok := x.begun[session]
	delete(x.begun, session)
	return b, ok
}

// joining reports whether a native join of the user into another party is under way.
func (x *index) joining(userID string, other party.ID, now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, b := range x.begun {
		if b.joiner.UserID == userID && b.id != other && now.Before(b.until) {
			return true
		}
	}
	return false
}

func (x *index) expire(now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	maps.DeleteFunc(x.begun, func(_ string, b begun) bool { return !now.Before(b.until) })
}

// setAway notes whether a seat is kept for the user.
func (x *index) setAway(userID string, id party.ID, away bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	ids := slices.DeleteFunc(x.away[userID], func(known party.ID) bool { return known == id })
	if away {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		delete(x.away, userID)
		return
	}
	x.away[userID] = ids
}

func (x *index) awayFrom(userID string) []party.ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.away[userID])
}
