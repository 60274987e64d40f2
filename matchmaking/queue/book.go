package queue

import (
	"slices"
	"sync"
	"time"

	"partyline/matchmaking/formation"
	"partyline/party"
)

// Ticket is a party, or a player without one, that waits for a match.
type Ticket struct {
	ID      string
	Queue   string          // "" if the host itself matches
	Party   party.ID        // zero for a player without one
	Session party.Session   // the session that asked for the ticket
	Members []party.Session // the sessions on the ticket
	Late    []party.Session // members who came in by an invite later; the host ends the ticket when they leave
	Since   time.Time       // when the wait began; earlier than the ticket if an age was carried over
	Asked   time.Time       // the host made the ticket between this and Added
	Added   time.Time
}

// Solo reports whether the ticket is of a player without a party.
func (t Ticket) Solo() bool { return t.Party.IsZero() }

// owner returns the ID under which the ticket's age is kept: the party's, or the player's.
func (t Ticket) owner() string {
	if t.Solo() {
		return t.Session.UserID
	}
	return t.Party.String()
}

// indexKeys returns the IDs by which the book finds a live ticket: its users, late ones too, and the party.
func (t Ticket) indexKeys() []string {
	ids := distinctUsers(t.allSessions())
	if !t.Solo() {
		ids = append(ids, t.Party.String())
	}
	return ids
}

// allSessions returns the sessions with which the ticket ends: the host ends it when one of them leaves or closes.
func (t Ticket) allSessions() []party.Session { return slices.Concat(t.Members, t.Late) }

func (t Ticket) hasSession(sessionID string) bool {
	return slices.ContainsFunc(t.allSessions(), func(m party.Session) bool { return m.SessionID == sessionID })
}

// mayBeMadeAt reports whether the host can have made the ticket at that time.
func (t Ticket) mayBeMadeAt(at time.Time) bool { return !at.Before(t.Asked) && !at.After(t.Added) }

// seats reports whether the user gets a seat by the ticket.
func (t Ticket) seats(userID string) bool {
	return slices.ContainsFunc(t.allSessions(), func(m party.Session) bool { return m.UserID == userID })
}

func sessions(v party.View) []party.Session {
	members := make([]party.Session, len(v.Members))
	for i, m := range v.Members {
		members[i] = m.Session
	}
	return members
}

// distinctUsers returns the different users of sessions. A second socket of a user is not a second player.
func distinctUsers(of []party.Session) []string {
	ids := make([]string, 0, len(of))
	for _, s := range of {
		if !slices.Contains(ids, s.UserID) {
			ids = append(ids, s.UserID)
		}
	}
	return ids
}

const (
	// lateTicket is how long before or after its ticket an after-hook may run. A pass that misses a younger ticket does
	// not take it for gone. An ended ticket is remembered for longer.
	lateTicket = 5 * time.Second
	// rememberEnded is how long an ended ticket is remembered after the host last had it.
	rememberEnded = 2 * time.Minute
	// forgetAfter is how long everything else is remembered. No queue lets a ticket wait for longer.
	forgetAfter = 24 * time.Hour
	// sweepEvery is how often the book looks for entries that it can forget.
	sweepEvery = time.Minute
)

// Book lists the waiting tickets that this process knows. It is a cache of the host's tickets. The host cannot be asked
// to remove a ticket, so an ended one stays in the book, ignored, while the host has it. Safe for concurrent use.
type Book struct {
	now party.Clock

	mu        sync.Mutex
	rows      map[string]*row
	live      map[string][]*row         // by user and by party
	ages      map[string]map[string]age // by a ticket's owner and queue
	liveCount int                       // live rows
	pass      uint64                    // passes so far
	lastSweep time.Time
}

type row struct {
	Ticket
	blocked  []party.Block // known blocks that the ticket's users have made
	ended    time.Time     // zero while the ticket is live
	lastSeen time.Time     // when a pass last found the ticket in the host's pool
	pass     uint64        // the number of that pass
	pooled   *poolTicket   // what passes know of the ticket; nil before its first pass and after its end
}

func (r *row) live() bool { return r != nil && r.ended.IsZero() }

// NewBook makes an empty book.
func NewBook(now party.Clock) *Book {
	return &Book{now: now, rows: map[string]*row{}, live: map[string][]*row{}, ages: map[string]map[string]age{}}
}

// Add enters a ticket that the host has accepted. It returns false for a ticket that has already ended. Hooks and
// passes run concurrently, so the book may hear of the end first.
func (b *Book) Add(t Ticket) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	r := b.rows[t.ID]
	switch {
	case t.ID == "", r != nil && !r.live(): // the host answers without an ID if the party closed meanwhile
		return false
	case r != nil: // a pass met the ticket before its hook ran
		b.unlink(r)
	default:
		r = &row{}
		b.rows[t.ID] = r
	}
	delete(b.ages[t.owner()], t.Queue)
	t.Late = r.Late
	r.Ticket = t
	b.link(r)
	return true
}

// End ends a live ticket and returns it. It returns false for any other ticket.
func (b *Book) End(id string) (Ticket, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.rows[id]
	if r == nil { // its after-hook has not run yet, and must not make the ticket live
		b.rows[id] = &row{ended: b.now()}
	}
	if !r.live() {
		return Ticket{}, false
	}
	r.ended, r.pooled = b.now(), nil
	b.unlink(r)
	return r.Ticket, true
}

// AddLateMember adds a session that has come into a party to the party's tickets that do not have it yet.
func (b *Book) AddLateMember(id party.ID, s party.Session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.live[id.String()] {
		if r.hasSession(s.SessionID) {
			continue
		}
		if !slices.Contains(r.indexKeys(), s.UserID) {
			b.live[s.UserID] = append(b.live[s.UserID], r)
		}
		r.Late = append(slices.Clip(r.Late), s) // copies of the ticket share the array
	}
}

// OfParty lists a party's live tickets, the oldest first.
func (b *Book) OfParty(id party.ID) []Ticket { return b.byKey(id.String()) }

// OfUser lists the live tickets with a seat for the user, also those of a party that the user came into late.
func (b *Book) OfUser(userID string) []Ticket { return b.byKey(userID) }

// OfSession lists the live tickets that the session is on, the oldest first.
func (b *Book) OfSession(s party.Session) []Ticket {
	return slices.DeleteFunc(b.OfUser(s.UserID), func(t Ticket) bool {
		return !slices.ContainsFunc(t.Members, func(m party.Session) bool { return m.SessionID == s.SessionID })
	})
}

func (b *Book) byKey(id string) []Ticket {
	b.mu.Lock()
	defer b.mu.Unlock()
	tickets := make([]Ticket, len(b.live[id]))
	for i, r := range b.live[id] {
		tickets[i] = r.Ticket
	}
	return tickets
}

// Waiting counts the live tickets.
func (b *Book) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.liveCount
}

// MadeAt counts the tickets that the host can have made at that time, ended ones included.
func (b *Book) MadeAt(at time.Time) (tickets int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.rows {
		if r.mayBeMadeAt(at) {
			tickets++
		}
	}
	return tickets
}

// Blocked adds known blocks of the ticket's users, each of them once.
func (b *Book) Blocked(id string, blocks []party.Block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.rows[id]; r != nil {
		for _, block := range blocks {
			if !slices.Contains(r.blocked, block) {
				r.blocked = append(r.blocked, block)
			}
		}
	}
}

// Get returns a live ticket.
func (b *Book) Get(id string) (Ticket, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.rows[id]; r.live() {
		return r.Ticket, true
	}
	return Ticket{}, false
}

// liveOf returns the indexes of the tickets that have not ended. It releases the lock every 500 tickets, because hooks
// wait for it.
func (b *Book) liveOf(tickets []formation.Ticket) []int {
	const atOnce = 500
	live := make([]int, 0, len(tickets))
	for from := 0; from < len(tickets); from += atOnce {
		b.mu.Lock()
		for i := from; i < min(from+atOnce, len(tickets)); i++ {
			if b.rows[tickets[i].ID].live() {
				live = append(live, i)
			}
		}
		b.mu.Unlock()
	}
	return live
}

func (b *Book) link(r *row) {
	b.liveCount++
	for _, id := range r.indexKeys() {
		b.live[id] = append(b.live[id], r)
	}
}

func (b *Book) unlink(r *row) {
	b.liveCount--
	for _, id := range r.indexKeys() {
		b.live[id] = slices.DeleteFunc(b.live[id], func(o *row) bool { return o == r })
		if len(b.live[id]) == 0 {
			delete(b.live, id)
		}
	}
}

// sweep deletes the entries that nobody will ask for any more.
func (b *Book) sweep() {
	now := b.now()
	if now.Sub(b.lastSweep) < sweepEvery {
		return
	}
	b.lastSweep = now
	b.sweepAges(now)
	for id, r := range b.rows {
		last, remember := r.ended, rememberEnded
		if r.live() {
			last, remember = r.Added, forgetAfter
		}
		if r.lastSeen.After(last) {
			last = r.lastSeen
		}
		if now.Sub(last) < remember {
			continue
		}
		if r.live() {
			b.unlink(r)
		}
		delete(b.rows, id)
	}
}
