package queue

import (
	"slices"
	"sync"
	"time"

	"partyline/party"
)

// Ticket is a party, or a player without one, that waits for a match.
type Ticket struct {
	ID      string
	Queue   string          // "" while the host matches by itself
	Party   party.ID        // zero for a player without one
	Session party.Session   // who asked for it
	Members []party.Session // who is on it
	Since   time.Time       // when the wait began; earlier than the ticket where an age was carried over
	Added   time.Time
}

// Solo reports whether the ticket is one player's own.
func (t Ticket) Solo() bool { return t.Party.IsZero() }

func (t Ticket) has(sessionID string) bool {
	return slices.ContainsFunc(t.Members, func(m party.Session) bool { return m.SessionID == sessionID })
}

func (t Ticket) hasUser(userID string) bool {
	return slices.ContainsFunc(t.Members, func(m party.Session) bool { return m.UserID == userID })
}

const (
	// lateTicket is how long after its ticket an after-hook may run, or the other way
	// round: younger tickets are not missed by a pass, ended ones are remembered longer.
	lateTicket = 5 * time.Second
	// rememberEnded is how long a ticket that has ended is remembered once the host does
	// not have it any more.
	rememberEnded = 2 * time.Minute
	// forgetAfter bounds everything else: no queue lets a ticket wait for longer.
	forgetAfter = 24 * time.Hour
	sweepEvery  = time.Minute
)

// Book is who waits, as far as this process knows: a cache of the host's tickets with
// what the host does not keep. A ticket that has ended stays in it while the host still
// has it, because the host cannot be asked to remove one: it is ignored then. Safe for
// concurrent use.
type Book struct {
	now party.Clock

	mu      sync.Mutex
	rows    map[string]*row
	byParty map[party.ID][]*row // live ones
	byUser  map[string][]*row   // live ones, by every user on the ticket
	ages    map[waiter]age
	waits   int    // live rows
	pass    uint64 // passes so far
	swept   time.Time
}

type row struct {
	Ticket
	seats int       // what it was last known to need; 0 = not known
	ended time.Time // zero while it is live
	seen  time.Time // when a pass last found it in the host's pool
	pass  uint64    // which pass that was
	in    *waiting  // what passes keep of it; nil until one has met it, and once it has ended
}

// waiter is a party in a queue, whose age outlives its ticket.
type waiter struct {
	party party.ID
	queue string
}

type age struct {
	waited time.Duration
	lost   time.Time // when the ticket was lost
}

// NewBook makes an empty book.
func NewBook(now party.Clock) *Book {
	return &Book{
		now: now, rows: map[string]*row{}, byParty: map[party.ID][]*row{}, byUser: map[string][]*row{},
		ages: map[waiter]age{}, swept: now(),
	}
}

// Add notes a ticket the host has accepted. It answers false for one that has ended
// already: hooks and passes run side by side, so the end may be heard of first.
func (b *Book) Add(t Ticket) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	known := b.rows[t.ID]
	switch {
	case t.ID == "": // the host's answer when the party closed meanwhile
		return false
	case known != nil && !known.ended.IsZero():
		return false
	case known != nil: // a pass has met it before its hook
		b.unlink(known)
	}
	delete(b.ages, waiter{t.Party, t.Queue})
	r := &row{Ticket: t}
	if known != nil {
		r.seats, r.seen, r.pass, r.in = known.seats, known.seen, known.pass, known.in
	}
	b.rows[t.ID] = r
	b.link(r)
	return true
}

// End notes that a live ticket has ended and answers it; false for any other.
func (b *Book) End(id string) (Ticket, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.rows[id]
	if r == nil {
		// Its after-hook is still to come, and must not bring it to life.
		b.rows[id] = &row{Ticket: Ticket{ID: id}, ended: b.now()}
		return Ticket{}, false
	}
	if !r.ended.IsZero() {
		return Ticket{}, false
	}
	r.ended, r.in = b.now(), nil
	b.unlink(r)
	return r.Ticket, true
}

// OfParty lists a party's live tickets, the oldest first.
func (b *Book) OfParty(id party.ID) []Ticket {
	b.mu.Lock()
	defer b.mu.Unlock()
	return tickets(b.byParty[id])
}

// OfUser lists the live tickets the user is on, the oldest first.
func (b *Book) OfUser(userID string) []Ticket {
	b.mu.Lock()
	defer b.mu.Unlock()
	return tickets(b.byUser[userID])
}

// OfSession lists the live tickets the session is on, the oldest first.
func (b *Book) OfSession(s party.Session) []Ticket {
	return slices.DeleteFunc(b.OfUser(s.UserID), func(t Ticket) bool { return !t.has(s.SessionID) })
}

func tickets(rows []*row) []Ticket {
	ts := make([]Ticket, len(rows))
	for i, r := range rows {
		ts[i] = r.Ticket
	}
	return ts
}

// Keep remembers how long a party has waited in a queue whose ticket it lost.
func (b *Book) Keep(t Ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.ages[waiter{t.Party, t.Queue}] = age{waited: now.Sub(t.Since), lost: now}
}

// Waited is how long the party waited in the queue before it lost its ticket, if it lost
// one within the given time; 0 otherwise. The next ticket of the party uses it up.
func (b *Book) Waited(id party.ID, queue string, within time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.ages[waiter{id, queue}]
	if !ok || b.now().Sub(a.lost) > within {
		return 0
	}
	return max(0, a.waited)
}

// Forget drops the ages of a party that has ended.
func (b *Book) Forget(id party.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.ages {
		if w.party == id {
			delete(b.ages, w)
		}
	}
}

// Waiting counts the tickets that wait.
func (b *Book) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waits
}

// Seats notes what a ticket was found to need.
func (b *Book) Seats(id string, seats int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.rows[id]; r != nil {
		r.seats = seats
	}
}

// live reports whether the ticket has not ended.
func (b *Book) live(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.rows[id]
	return r != nil && r.ended.IsZero()
}

func (b *Book) link(r *row) {
	b.waits++
	if !r.Solo() {
		b.byParty[r.Party] = append(b.byParty[r.Party], r)
	}
	for _, m := range r.Members {
		if of := b.byUser[m.UserID]; !slices.Contains(of, r) {
			b.byUser[m.UserID] = append(of, r)
		}
	}
}

func (b *Book) unlink(r *row) {
	b.waits--
	drop := func(from []*row) []*row {
		return slices.DeleteFunc(from, func(o *row) bool { return o == r })
	}
	if !r.Solo() {
		if b.byParty[r.Party] = drop(b.byParty[r.Party]); len(b.byParty[r.Party]) == 0 {
			delete(b.byParty, r.Party)
		}
	}
	for _, m := range r.Members {
		if b.byUser[m.UserID] = drop(b.byUser[m.UserID]); len(b.byUser[m.UserID]) == 0 {
			delete(b.byUser, m.UserID)
		}
	}
}

// sweep forgets what nobody will ask about any more, now and then.
func (b *Book) sweep() {
	now := b.now()
	if now.Sub(b.swept) < sweepEvery {
		return
	}
	b.swept = now
	for id, r := range b.rows {
		last := r.ended
		if r.seen.After(last) {
			last = r.seen
		}
		switch {
		case !r.ended.IsZero() && now.Sub(last) > rememberEnded:
			delete(b.rows, id)
		case r.ended.IsZero() && now.Sub(r.Added) > forgetAfter && now.Sub(r.seen) > forgetAfter:
			b.unlink(r)
			delete(b.rows, id)
		}
	}
	for w, a := range b.ages {
		if now.Sub(a.lost) > forgetAfter {
			delete(b.ages, w)
		}
	}
}
