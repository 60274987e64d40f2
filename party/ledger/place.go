package ledger

import (
	"maps"
	"slices"
	"sync/atomic"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
)

// place is what this process knows of one party: a cache of the reserved seats in storage, and the operations under
// way. It mirrors what happens to members. Work that needs storage is in [Visit]. Only the holder of its lock may use
// its fields.
type place struct {
	ledger *Ledger
	ID     party.ID
	Origin party.ID        // the party's first ID, its key in storage
	Facts  party.Facts     // as last seen
	Away   bool            // all members have lost their connections
	Book   reserve.Book    // the reserved seats
	Last   roster.Snapshot // the last look; zero if the mirror has changed since

	leader        string           // user ID, as last seen
	awayUnstored  bool             // storage does not know yet that everybody is away
	saved         reserve.Standing // in the record in storage
	loaded        bool             // the record has been read, or the party began here
	knownRevision int64            // the revision of the party's mirror up to which it is known
	recorded      bool             // storage may have a record of the party, perhaps with expired content only
	changeCount   uint64           // counts the changes since the place was made
	writes        atomic.Uint64    // counts the writes of the record; a pending write of the members is out of date after the next one
	outbox        *party.Outbox    // moves on to the party's next native one
}

func (l *Ledger) newPlace(id party.ID) *place {
	return &place{ledger: l, ID: id, Origin: id, Book: reserve.NewBook(), outbox: &party.Outbox{}}
}

// worthKeeping reports whether the place stays in memory when nobody visits it. A place that is not loaded has only
// operations under way.
func (p *place) worthKeeping() bool { return p.loaded || !p.Book.Idle() || !p.outbox.Empty() }

// Seen returns the result of the last look.
func (p *place) Seen() reserve.Look { return p.seen(p.Last.View) }

func (p *place) seen(view party.View) reserve.Look { return p.Book.Look(view, p.Origin, p.changeCount) }

// Report queues news that is published after the visit.
func (p *place) Report(changes ...party.Change) { p.outbox.Add(changes...) }

// Changed marks all earlier looks as out of date, also the visit's own.
func (p *place) Changed() {
	p.Last = roster.Snapshot{}
	p.changeCount++
}

// merge updates the book from the record in storage.
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

// Announce tells the other nodes that this node changed the party. If another node changed it before, this node still
// reads that change.
func (p *place) Announce() {
	if before, after := p.ledger.Roster.Announce(p.ID); before <= p.knownRevision {
		p.knownRevision = after
	}
	p.Changed()
}

func (p *place) announceSeats() {
	p.Announce()
	if p.loaded { // otherwise it has ended, or this node does not know it
		p.Report(party.Change{Kind: party.SeatsChanged, ID: p.ID})
	}
}

// EndPending ends a native join whose end was never reported. If the session had asked for itself, is gone, and is not
// on the party's stream, the host may still have it as a member: the join is then lost.
func (p *place) EndPending(join reserve.PendingJoin) {
	s, roster := join.Session, p.ledger.Roster
	delete(p.Book.Pending, s.SessionID)
	if join.By != s.SessionID { // the host admits nobody for a leader who is gone
		return
	}
	if alive, err := roster.Alive(s); err == nil && alive { // the host refused it
		return
	}
	members, err := roster.Members(p.ID)
	// A party without members ends, even if the host still has a lost join in it.
	if err == nil && len(members) > 0 && !party.HasSession(members, s.SessionID) {
		roster.LostJoins.Add(p.ID, s)
		p.changeCount++
		p.ledger.Logger.Warn("party join lost with its socket party=%s user=%s session=%s", p.ID, s.UserID, s.SessionID)
	}
}

// endOverdue ends the native joins whose time is over.
func (p *place) endOverdue() {
	for _, join := range p.Book.Overdue(p.ledger.Now()) {
		p.EndPending(join)
	}
	p.Last.Lost = p.ledger.Roster.LostJoins.Of(p.ID)
}

// reset empties a place whose party has ended or has moved.
func (p *place) reset() {
	p.Book = reserve.NewBook()
	p.writes.Add(1)
	p.loaded, p.recorded, p.Away, p.awayUnstored, p.saved = false, false, false, false, reserve.Standing{}
	p.Reindex()
	p.watchHolds()
	p.ledger.expiries.Stop(p.ID)
	p.ledger.Roster.LostJoins.End(p.ID)
	p.changeCount++
}

// JoinLost reports whether the session's join is lost, and forgets that. It is called when the leader has removed the
// session, or when the host has reported the end of the join after all.
func (p *place) JoinLost(s party.Session) bool {
	lost := p.ledger.Roster.LostJoins.Remove(p.ID, s.SessionID)
	if lost {
		p.changeCount++
	}
	return lost
}

// Reindex updates the indexes of kept seats and of the wait list from the book.
func (p *place) Reindex() {
	p.ledger.kept.set(p.ID, slices.Collect(maps.Keys(p.Book.Kept)))
	p.ledger.Waitlists.set(p.ID, slices.Collect(maps.Keys(p.Book.Waiting)))
	var ways []string
	for _, w := range p.Book.Waiting {
		if w.Invite != "" {
			ways = append(ways, w.Invite)
		}
	}
	p.ledger.WaitlistInvites.set(p.ID, ways)
}

// watchHolds updates the index of held seats, and sets an alarm for the hold that expires first, because nothing else
// happens then.
func (p *place) watchHolds() {
	var users []string
	for _, h := range p.Book.Holds {
		users = append(users, h.UserIDs...)
		p.ledger.expiries.Sooner(p.ID, h.ExpiresAt)
	}
	p.ledger.Held.set(p.ID, users)
}
