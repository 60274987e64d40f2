package queue

import (
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
)

// poolTicket is a ticket in the host's pool.
type poolTicket struct {
	id      string
	party   party.ID // zero for a player without one
	queue   string
	created time.Time
	entries []runtime.MatchmakerEntry // the host's own values: it accepts no others back

	queuesVersion int // number of the queues under which the properties were read; 0 = not yet
	invalid       error
	key           string
	ticketValues

	blocked []party.Block // known blocks that the ticket's users have made

	ended bool // to be ignored
	out   bool // not to be placed any more in this pass

	failedBefore bool                 // its match could not be made
	restsUntil   time.Time            // until when it is not planned
	misfits      map[string]time.Time // by running match: until when it is not offered the ticket

	users    []string // users that it seats, since its party was read for a match
	late     []string // those of them for whom the match's game server has no slots yet
	expected []string // users who are not in its party yet and whose seats count, since it was read
	spares   int
	team     int // in the match it is planned for
}

// reconcile compares the host's pool with the book and returns the pool's tickets, in the order of their first entries.
// It enters tickets that the book does not know: their hook has not run yet, or ran in an earlier process. gone are
// live tickets that the host does not have; reconcile does not end them. The result of read is kept while version stays
// the same: reading all properties again would take most of a pass's time.
func (b *Book) reconcile(entries []runtime.MatchmakerEntry, version int, read func(*poolTicket)) (pool []*poolTicket, gone []Ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.pass++
	pool = make([]*poolTicket, 0, len(b.rows))
	var fresh []*row
	met := 0 // live tickets
	for from := 0; from < len(entries); {
		e := entries[from]
		id, to := e.GetTicket(), from+1
		for to < len(entries) && entries[to].GetTicket() == id { // usually they follow each other
			to++
		}
		of := entries[from:to:to]
		from = to
		r := b.rows[id]
		if r != nil && r.pass == b.pass {
			r.pooled.entries = append(r.pooled.entries, of...)
			continue
		}
		if r == nil {
			r = &row{}
			b.rows[id] = r
			fresh = append(fresh, r)
		}
		if r.pooled == nil {
			r.pooled = newPoolTicket(e)
		}
		w := r.pooled
		w.entries = of
		if w.queuesVersion != version {
			read(w)
			w.queuesVersion = version
		}
		w.ended, w.blocked = !r.live(), r.blocked
		if !w.ended {
			met++
		}
		r.lastSeen, r.pass = now, b.pass
		pool = append(pool, w)
	}
	for _, r := range fresh { // now that all their members are known
		r.Ticket = r.pooled.ticket()
		b.link(r)
	}
	if met < b.liveCount { // rare
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

func newPoolTicket(e runtime.MatchmakerEntry) *poolTicket {
	w := &poolTicket{id: e.GetTicket(), created: time.Unix(0, e.GetCreateTime())}
	w.party, _ = party.ParseID(e.GetPartyId())
	w.queue, _ = e.GetProperties()[PropertyQueue].(string)
	return w
}

// groupByTicket groups the entries of one match by ticket.
func groupByTicket(entries []runtime.MatchmakerEntry) []*poolTicket {
	var pool []*poolTicket
	for _, e := range entries {
		i := slices.IndexFunc(pool, func(w *poolTicket) bool { return w.id == e.GetTicket() })
		if i < 0 {
			i, pool = len(pool), append(pool, newPoolTicket(e))
		}
		pool[i].entries = append(pool[i].entries, e)
	}
	return pool
}

// seatsNeeded is how many seats the ticket takes: as last read, or as its properties say.
func (w *poolTicket) seatsNeeded() int {
	if w.users != nil {
		return len(w.users) + w.spares
	}
	return max(len(w.entries), w.size) + w.held
}

// ticket returns what the pool's entries tell the book about a ticket.
func (w *poolTicket) ticket() Ticket {
	t := Ticket{ID: w.id, Queue: w.queue, Party: w.party, Since: w.since, Added: w.created, Members: w.members()}
	if t.Since.IsZero() {
		t.Since = w.created
	}
	if t.Solo() {
		t.Session = t.Members[0]
	}
	return t
}

// claim claims seats for these users, and spare ones for the party.
func (w *poolTicket) claim(users []string, spares int) seats.Claim {
	c := seats.Claim{Team: w.team, UserIDs: users, Spares: spares}
	if !w.party.IsZero() {
		c.PartyID = w.party.String()
	}
	return c
}

// forFormation converts tickets for team formation, in the same order.
func forFormation(pool []*poolTicket) []formation.Ticket {
	tickets := make([]formation.Ticket, len(pool))
	for i, w := range pool {
		tickets[i] = w.forFormation()
	}
	return tickets
}

func (w *poolTicket) forFormation() formation.Ticket {
	return formation.Ticket{ID: w.id, Size: w.seatsNeeded(), Key: w.key, Skill: w.skill, Since: w.since, Latency: w.latency, NewMatchOnly: w.newOnly}
}

// lastKnownUsers returns the users that the ticket seated when last read; before that, the users on it.
func (w *poolTicket) lastKnownUsers() []string {
	if w.users != nil {
		return w.users
	}
	return w.ownUsers()
}

// everybody returns the ticket's last known users and the users it expects.
func (w *poolTicket) everybody() []string {
	return append(slices.Clip(w.lastKnownUsers()), w.expected...)
}

// sharesUser reports whether one of the sides seats a user whom the other side expects.
func (w *poolTicket) sharesUser(users, expected []string) bool {
	return slices.ContainsFunc(w.expected, func(u string) bool { return slices.Contains(users, u) }) ||
		len(expected) > 0 && slices.ContainsFunc(w.lastKnownUsers(), func(u string) bool { return slices.Contains(expected, u) })
}

// misfitFor is how long a ticket is kept from a running match. The cause may end: for example, the match may keep a
// seat for a player whose connection is lost.
const misfitFor = 15 * time.Second

// setMisfit keeps the ticket from a running match that does not seat it.
func (w *poolTicket) setMisfit(match string, now time.Time) {
	if w.misfits == nil {
		w.misfits = map[string]time.Time{}
	}
	w.misfits[match] = now.Add(misfitFor)
}

func (w *poolTicket) isMisfit(match string, now time.Time) bool { return now.Before(w.misfits[match]) }

// ownUsers returns the different users on the ticket itself.
func (w *poolTicket) ownUsers() []string { return distinctUsers(w.members()) }

func (w *poolTicket) members() []party.Session {
	members := make([]party.Session, len(w.entries))
	for i, e := range w.entries {
		members[i] = party.SessionOf(e.GetPresence())
	}
	return members
}
