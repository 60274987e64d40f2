package queue

import (
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

	key string
	standing
	seats int  // what it was last known to need; 0 = what it said when it was made
	ended bool // to be ignored

	users  []string // whom it seats, once it has been looked at for a match
	spares int
}

// collect groups the pool's entries by ticket, in the order in which the tickets first
// appear.
func collect(entries []runtime.MatchmakerEntry) []*waiting {
	counts := make(map[string]int, len(entries)/2)
	for _, e := range entries {
		counts[e.GetTicket()]++
	}
	pool := make([]*waiting, 0, len(counts))
	rows := make([]waiting, len(counts))
	byID := make(map[string]*waiting, len(counts))
	var last *waiting // a ticket's entries mostly come one after the other
	for _, e := range entries {
		id := e.GetTicket()
		if last == nil || last.id != id {
			w, known := byID[id]
			if !known {
				w = &rows[len(pool)]
				w.id, w.party, w.created = id, e.GetPartyId(), time.Unix(0, e.GetCreateTime())
				w.queue, _ = e.GetProperties()[PropertyQueue].(string)
				w.entries = make([]runtime.MatchmakerEntry, 0, counts[id])
				byID[id] = w
				pool = append(pool, w)
			}
			last = w
		}
		last.entries = append(last.entries, e)
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
	t := Ticket{ID: w.id, Queue: w.queue, Since: w.since, Added: w.created, Members: make([]party.Session, len(w.entries))}
	if t.Since.IsZero() {
		t.Since = w.created
	}
	for i, e := range w.entries {
		p := e.GetPresence()
		t.Members[i] = party.Session{UserID: p.GetUserId(), SessionID: p.GetSessionId(), Username: p.GetUsername()}
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
		tickets[i] = formation.Ticket{ID: w.id, Size: w.need(), Key: w.key, Skill: w.skill, Since: w.since}
	}
	return tickets
}
