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
	Queue   string          // "" while the host matches by itself
	Party   party.ID        // zero for a player without one
	Session party.Session   // who asked for it
	Members []party.Session // who is on it
	Late    []party.Session // who came in by an invite since: the host ends it when they go
	Since   time.Time       // when the wait began; earlier than the ticket where an age was carried over
	Asked   time.Time       // the host made it between this and Added
	Added   time.Time
}

// Solo reports whether the ticket is one player's own.
func (t Ticket) Solo() bool { return t.Party.IsZero() }

// owner is whose age the ticket carries on: the party's, or the player's.
func (t Ticket) owner() string {
	if t.Solo() {
		return t.Session.UserID
	}
	return t.Party.String()
}

// holders are those the host counts the ticket against: its sessions, and the party.
func (t Ticket) holders() []string {
	var ids []string
	for _, m := range t.Members {
		ids = append(ids, m.SessionID)
	}
	if !t.Solo() {
		ids = append(ids, t.Party.String())
	}
	return ids
}

// finders are those by whom the book finds the ticket while it is live: whom it seats, and the party.
func (t Ticket) finders() []string {
	ids := users(t.endsWith())
	if !t.Solo() {
		ids = append(ids, t.Party.String())
	}
	return ids
}

// endsWith are those with whom the host ends the ticket.
func (t Ticket) endsWith() []party.Session { return slices.Concat(t.Members, t.Late) }

func (t Ticket) has(sessionID string) bool {
	return slices.ContainsFunc(t.endsWith(), func(m party.Session) bool { return m.SessionID == sessionID })
}

// made reports whether the host can have made the ticket at that time.
func (t Ticket) made(at time.Time) bool { return !at.Before(t.Asked) && !at.After(t.Added) }

func (t Ticket) hasUser(userID string) bool {
	return slices.ContainsFunc(t.Members, func(m party.Session) bool { return m.UserID == userID })
}

func sessions(v party.View) []party.Session {
	members := make([]party.Session, len(v.Members))
	for i, m := range v.Members {
		members[i] = m.Session
	}
	return members
}

// users are the different users of some sessions: a second socket is no second player.
func users(of []party.Session) []string {
	ids := make([]string, 0, len(of))
	for _, s := range of {
		if !slices.Contains(ids, s.UserID) {
			ids = append(ids, s.UserID)
		}
	}
	return ids
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
	// sweepEvery is how often all of the book is looked through for what can be forgotten.
	sweepEvery = time.Minute
)

// Book is who waits, as far as this process knows: a cache of the host's tickets. The host cannot be
// asked to remove one, so one that has ended stays, ignored, while the host has it. Safe for
// concurrent use.
type Book struct {
	now party.Clock

	mu    sync.Mutex
	rows  map[string]*row
	live  map[string][]*row         // by user, and by party
	ages  map[string]map[string]age // by a ticket's owner and queue
	stale map[string][]string       // by session, and by party: dropped tickets that are still the host's
	waits int                       // live rows
	pass  uint64                    // passes so far
	swept time.Time
}

type row struct {
	Ticket
	blocked []party.Block // that the people on it are known to have made
	ended   time.Time     // zero while it is live
	seen    time.Time     // when a pass last found it in the host's pool
	pass    uint64        // which pass that was
	in      *waiting      // what passes keep of it; nil until one has met it, and once it has ended
}

func (r *row) live() bool { return r != nil && r.ended.IsZero() }

// NewBook makes an empty book.
func NewBook(now party.Clock) *Book {
	return &Book{now: now, rows: map[string]*row{}, live: map[string][]*row{}, ages: map[string]map[string]age{}, stale: map[string][]string{}}
}

// Add notes a ticket the host has accepted. It answers false for one that has ended
// already: hooks and passes run side by side, so the end may be heard of first.
func (b *Book) Add(t Ticket) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	r := b.rows[t.ID]
	switch {
	case t.ID == "", r != nil && !r.live(): // the host answers without an ID when the party closed meanwhile
		return false
	case r != nil: // a pass has met it before its hook
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

// End notes that a live ticket has ended and answers it; false for any other.
func (b *Book) End(id string) (Ticket, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.rows[id]
	if r == nil { // its after-hook is still to come, and must not bring it to life
		b.rows[id] = &row{ended: b.now()}
	}
	if !r.live() {
		return Ticket{}, false
	}
	r.ended, r.in = b.now(), nil
	b.unlink(r)
	return r.Ticket, true
}

// Drop is End for a ticket that the host keeps until its client removes it.
func (b *Book) Drop(id string) (Ticket, bool) {
	t, live := b.End(id)
	if live {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, owner := range t.holders() {
			b.stale[owner] = append(b.stale[owner], id)
		}
	}
	return t, live
}

// Removed notes that the host does not have the ticket any more.
func (b *Book) Removed(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.removed(id)
}

// Gone forgets the dropped tickets that the host had of a session or a party, by its ID: it has
// removed them because the session has ended, or somebody left the party or came to it.
func (b *Book) Gone(holder string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range slices.Clone(b.stale[holder]) {
		b.removed(id)
	}
}

func (b *Book) removed(id string) {
	if r := b.rows[id]; r != nil {
		dropFrom(b.stale, r.holders(), id)
	}
}

// dropFrom takes one out of the lists of these names; a list that is empty then costs no memory.
func dropFrom[T comparable](lists map[string][]T, names []string, one T) {
	for _, name := range names {
		lists[name] = slices.DeleteFunc(lists[name], func(o T) bool { return o == one })
		if len(lists[name]) == 0 {
			delete(lists, name)
		}
	}
}

// Load is how many tickets the host has of a session, as far as this process knows, and
// which of them were dropped.
func (b *Book) Load(s party.Session) (tickets int, stale []string) {
	live := len(b.OfSession(s))
	b.mu.Lock()
	defer b.mu.Unlock()
	stale = slices.Clone(b.stale[s.SessionID])
	return live + len(stale), stale
}

// Late notes that somebody has come into a party, for its tickets that they are not on.
func (b *Book) Late(id party.ID, s party.Session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.live[id.String()] {
		if r.has(s.SessionID) {
			continue
		}
		if !slices.Contains(r.finders(), s.UserID) {
			b.live[s.UserID] = append(b.live[s.UserID], r)
		}
		r.Late = append(slices.Clip(r.Late), s) // copies of the ticket share the rest
	}
}

// OfParty lists a party's live tickets, the oldest first.
func (b *Book) OfParty(id party.ID) []Ticket { return b.foundBy(id.String()) }

// OfUser lists the live tickets that seat the user, who may not be on them but have come in late.
func (b *Book) OfUser(userID string) []Ticket { return b.foundBy(userID) }

// OfSession lists the live tickets the session is on, the oldest first.
func (b *Book) OfSession(s party.Session) []Ticket {
	return slices.DeleteFunc(b.OfUser(s.UserID), func(t Ticket) bool {
		return !slices.ContainsFunc(t.Members, func(m party.Session) bool { return m.SessionID == s.SessionID })
	})
}

func (b *Book) foundBy(id string) []Ticket {
	b.mu.Lock()
	defer b.mu.Unlock()
	tickets := make([]Ticket, len(b.live[id]))
	for i, r := range b.live[id] {
		tickets[i] = r.Ticket
	}
	return tickets
}

// Waiting counts the tickets that wait.
func (b *Book) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waits
}

// MadeAt counts the tickets, ended ones included, that the host can have made at that time.
func (b *Book) MadeAt(at time.Time) (tickets int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.rows {
		if r.made(at) {
			tickets++
		}
	}
	return tickets
}

// Blocked notes blocks of the people on a ticket, each of them once.
func (b *Book) Blocked(id string, blocks []party.Block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.rows[id]; r != nil {
		fresh := slices.DeleteFunc(blocks, func(block party.Block) bool { return slices.Contains(r.blocked, block) })
		r.blocked = append(r.blocked, fresh...)
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

// eachLive passes the indexes of those tickets to f that have not ended. f runs under the book's lock,
// which is let go now and then: hooks wait for it.
func (b *Book) eachLive(of []formation.Ticket, f func(i int)) {
	const atOnce = 500
	for from := 0; from < len(of); from += atOnce {
		b.mu.Lock()
		for i := from; i < min(from+atOnce, len(of)); i++ {
			if b.rows[of[i].ID].live() {
				f(i)
			}
		}
		b.mu.Unlock()
	}
}

func (b *Book) link(r *row) {
	b.waits++
	for _, id := range r.finders() {
		b.live[id] = append(b.live[id], r)
	}
}

func (b *Book) unlink(r *row) {
	b.waits--
	dropFrom(b.live, r.finders(), r)
}

// sweep forgets what nobody will ask about any more.
func (b *Book) sweep() {
	now := b.now()
	if now.Sub(b.swept) < sweepEvery {
		return
	}
	b.swept = now
	b.sweepAges(now)
	for id, r := range b.rows {
		last, remember := r.ended, rememberEnded
		if r.live() {
			last, remember = r.Added, forgetAfter
		}
		if r.seen.After(last) {
			last = r.seen
		}
		if now.Sub(last) < remember {
			continue
		}
		if r.live() {
			b.unlink(r)
		} else {
			b.removed(id)
		}
		delete(b.rows, id)
	}
}
