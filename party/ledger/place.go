package ledger

import (
	"maps"
	"slices"
	"sync/atomic"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
)

// place is what this process knows of one party: a cache of what storage says is reserved
// in it, and what is under way. It mirrors what happens to members; what needs storage is a [Visit]'s.
// Its fields belong to the holder of its lock.
type place struct {
	ledger *Ledger
	ID     party.ID
	Origin party.ID        // the party's ID at its beginning, under which storage knows it
	Facts  party.Facts     // as last seen
	Away   bool            // everybody has lost the connection
	Book   reserve.Book    // what is reserved
	Last   roster.Snapshot // the last look; zero where the mirror has changed since

	leader   string           // user, as last seen
	unstored bool             // storage has not heard yet that everybody is away
	saved    reserve.Standing // as storage has it
	known    bool             // what storage says has been read, or the party began here without anything
	state    int64            // revision of the party's mirror up to which it is known
	recorded bool             // storage may have a record of the party, if only of what is over
	turn     uint64           // how often something changed since the place was made
	writes   atomic.Uint64    // how often the record was to be written: what waits to write the members is out of date with the next one
	out      *party.Outbox    // goes with the party into its next native one
}

func (l *Ledger) newPlace(id party.ID) *place {
	return &place{ledger: l, ID: id, Origin: id, Book: reserve.NewBook(), out: &party.Outbox{}}
}

// worthKeeping is for a party nobody deals with at the moment. One that is not known has
// nothing but what is under way.
func (p *place) worthKeeping() bool { return p.known || !p.Book.Idle() || !p.out.Empty() }

// Seen is what the last look has found.
func (p *place) Seen() reserve.Look { return p.seen(p.Last.View) }

func (p *place) seen(view party.View) reserve.Look { return p.Book.Look(view, p.Origin, p.turn) }

// Report adds to the news that go out after the visit.
func (p *place) Report(changes ...party.Change) { p.out.Add(changes...) }

// Changed notes that looks taken before are out of date, the visit's own too.
func (p *place) Changed() {
	p.Last = roster.Snapshot{}
	p.turn++
}

// merge makes the book what storage says.
func (p *place) merge(record reserve.Record) {
	ended, found := p.Book.Merge(record)
	p.Reindex()
	for _, seat := range ended {
		p.Report(party.Change{Kind: party.SeatEnded, ID: p.ID, Seat: seat})
	}
	for _, user := range found {
		p.Report(party.Change{Kind: party.SeatFound, ID: p.ID, Seat: p.Book.Kept[user].Seat})
	}
}

// Announce tells the other nodes of a change this node has made. A change of theirs that
// it has not read yet it will still read.
func (p *place) Announce() {
	if before, after := p.ledger.Roster.Announce(p.ID); before <= p.state {
		p.state = after
	}
	p.Changed()
}

func (p *place) seatsChanged() {
	p.Announce()
	if p.known { // else it has ended, or nobody here has heard of it
		p.Report(party.Change{Kind: party.SeatsChanged, ID: p.ID})
	}
}

// EndPending ends a native join that nobody told the end of. Where the session asked for
// itself, is gone and is not on the party's stream, the host may have it as a member all the
// same.
func (p *place) EndPending(join reserve.PendingJoin) {
	s, roster := join.Session, p.ledger.Roster
	delete(p.Book.Pending, s.SessionID)
	if join.By != s.SessionID { // the host lets nobody in for a leader who is not there
		return
	}
	if alive, err := roster.Alive(s); err == nil && alive { // the host refused it
		return
	}
	members, err := roster.Members(p.ID)
	// A party without members ends, whatever the host has in it.
	if err == nil && len(members) > 0 && !slices.ContainsFunc(members, func(m party.Member) bool { return m.SessionID == s.SessionID }) {
		roster.Losses.Add(p.ID, s)
		p.turn++
		p.ledger.Logger.Warn("party join lost with its socket party=%s user=%s session=%s", p.ID, s.UserID, s.SessionID)
	}
}

// endOverdue ends the native joins whose time is over.
func (p *place) endOverdue() {
	for _, join := range p.Book.Overdue(p.ledger.Now()) {
		p.EndPending(join)
	}
	p.Last.Lost = p.ledger.Roster.Losses.Of(p.ID)
}

// reset empties a place whose party has ended or goes on elsewhere.
func (p *place) reset() {
	p.Book = reserve.NewBook()
	p.writes.Add(1)
	p.known, p.recorded, p.Away, p.unstored, p.saved = false, false, false, false, reserve.Standing{}
	p.Reindex()
	p.watchHolds()
	p.ledger.ends.Stop(p.ID)
	p.ledger.Roster.Losses.End(p.ID)
	p.turn++
}

// JoinLost reports whether the session is lost, and forgets that it was: the leader has
// removed it, or the host has told the end of its join after all.
func (p *place) JoinLost(s party.Session) bool {
	lost := p.ledger.Roster.Losses.Remove(p.ID, s.SessionID)
	if lost {
		p.turn++
	}
	return lost
}

// Reindex brings the indexes of those for whom a seat is kept, and of those who wait for one, up to date
// with the book.
func (p *place) Reindex() {
	p.ledger.kept.set(p.ID, slices.Collect(maps.Keys(p.Book.Kept)))
	p.ledger.Lines.set(p.ID, slices.Collect(maps.Keys(p.Book.Waiting)))
	var ways []string
	for _, w := range p.Book.Waiting {
		if w.Invite != "" {
			ways = append(ways, w.Invite)
		}
	}
	p.ledger.Ways.set(p.ID, ways)
}

// watchHolds brings the index of those for whom seats are held up to date, and has the end of
// the hold that ends first told: nothing else happens then.
func (p *place) watchHolds() {
	var users []string
	for _, h := range p.Book.Holds {
		users = append(users, h.UserIDs...)
		p.ledger.ends.Sooner(p.ID, h.ExpiresAt)
	}
	p.ledger.Held.set(p.ID, users)
}
