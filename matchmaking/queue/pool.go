package queue

import (
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/formation"
	"partyline/party"
)

// waiting is a ticket in the host's pool.
type waiting struct {
	id      string
	party   string // as the host writes it; "" for a player without one
	queue   string
	created time.Time
	entries []runtime.MatchmakerEntry // the host's own values: it takes back nothing else

	edition int // of the queues under which the properties were read; 0 = not yet
	unfit   error
	key     string
	standing

	blocked []party.Block // that the people on it are known to have made

	seats int  // what it was last known to need; 0 = what it said when it was made
	ended bool // to be ignored

	unmade bool      // a match of it could not be made
	rests  time.Time // until when it is not planned

	users  []string // whom it seats, once it has been looked at for a match
	late   []string // of those, whom the game server of the match does not expect yet
	spares int
	team   int // in the match it is planned for
}

// meet compares the host's pool with the book and answers the pool's tickets, in the order in which
// they first appear. One the book has never heard of is entered: its hook is on the way, or ran in a
// process that is gone. Live tickets that the host does not have are answered as gone, not ended.
// What read makes of a ticket's properties is kept as long as the edition of the queues is the same:
// reading them all again would be most of a pass's time.
func (b *Book) meet(entries []runtime.MatchmakerEntry, edition int, read func(*waiting)) (pool []*waiting, gone []Ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.pass++
	pool = make([]*waiting, 0, len(b.rows))
	var fresh []*row
	met := 0 // live ones
	for from := 0; from < len(entries); {
		e := entries[from]
		id, to := e.GetTicket(), from+1
		for to < len(entries) && entries[to].GetTicket() == id { // mostly they come one after the other
			to++
		}
		of := entries[from:to:to]
		from = to
		r := b.rows[id]
		if r != nil && r.pass == b.pass {
			r.in.entries = append(r.in.entries, of...)
			continue
		}
		if r == nil {
			r = &row{}
			b.rows[id] = r
			fresh = append(fresh, r)
		}
		if r.in == nil {
			r.in = newWaiting(e)
		}
		w := r.in
		w.entries = of
		if w.edition != edition {
			read(w)
			w.edition = edition
		}
		w.ended, w.blocked = !r.live(), r.blocked
		if !w.ended {
			met++
		}
		r.seen, r.pass = now, b.pass
		pool = append(pool, w)
	}
	for _, r := range fresh { // now that all their members are known
		r.Ticket = r.in.ticket()
		b.link(r)
	}
	if met < b.waits { // which is rare
		for _, r := range b.rows {
			if r.live() && r.pass != b.pass && now.Sub(r.Added) > lateTicket {
				gone = append(gone, r.Ticket)
			}
		}
		slices.SortFunc(gone, func(a, b Ticket) int { return a.Added.Compare(b.Added) })
	}
	b.sweep()
	return pool, gone
}

func newWaiting(e runtime.MatchmakerEntry) *waiting {
	w := &waiting{id: e.GetTicket(), party: e.GetPartyId(), created: time.Unix(0, e.GetCreateTime())}
	w.queue, _ = e.GetProperties()[PropertyQueue].(string)
	return w
}

// collect groups the entries of one match by ticket.
func collect(entries []runtime.MatchmakerEntry) []*waiting {
	var pool []*waiting
	for _, e := range entries {
		i := slices.IndexFunc(pool, func(w *waiting) bool { return w.id == e.GetTicket() })
		if i < 0 {
			i, pool = len(pool), append(pool, newWaiting(e))
		}
		pool[i].entries = append(pool[i].entries, e)
	}
	return pool
}

// need is how many seats the ticket takes: as last seen, or as it said itself.
func (w *waiting) need() int {
	if w.seats > 0 {
		return w.seats
	}
	return max(len(w.entries), w.size) + w.held
}

// ticket is what the book can know of a ticket it meets in the pool.
func (w *waiting) ticket() Ticket {
	t := Ticket{ID: w.id, Queue: w.queue, Since: w.since, Added: w.created, Members: w.members()}
	if t.Since.IsZero() {
		t.Since = w.created
	}
	if w.party == "" {
		t.Session = t.Members[0]
	} else if id, err := party.ParseID(w.party); err == nil {
		t.Party = id
	}
	return t
}

// forFormation are the tickets as team formation sees them, in the same order.
func forFormation(pool []*waiting) []formation.Ticket {
	tickets := make([]formation.Ticket, len(pool))
	for i, w := range pool {
		tickets[i] = w.forFormation()
	}
	return tickets
}

func (w *waiting) forFormation() formation.Ticket {
	return formation.Ticket{ID: w.id, Size: w.need(), Key: w.key, Skill: w.skill, Since: w.since, Latency: w.latency, NewMatchOnly: w.newOnly}
}

// everybody are those whom the ticket was last seen to seat; before that, who is on it.
func (w *waiting) everybody() []string {
	if w.users != nil {
		return w.users
	}
	return w.people()
}

// people are the different users on a ticket itself.
func (w *waiting) people() []string { return users(w.members()) }

func (w *waiting) members() []party.Session {
	members := make([]party.Session, len(w.entries))
	for i, e := range w.entries {
		members[i] = party.SessionOf(e.GetPresence())
	}
	return members
}
