package ledger

import (
	"fmt"

	"partyline/party"
	"partyline/party/reserve"
)

// Look reads the party, and makes what is reserved in it known and current. It refuses as
// [Ledger.Look] does.
func (v *Visit) Look() error {
	snapshot, err := v.ledger.Roster.Look(v.Ctx, v.ID)
	if party.ReasonOf(err) == party.PartyNotFound {
		return v.lookAway(err)
	}
	if err != nil {
		return err
	}
	v.Last, v.Facts = snapshot, snapshot.Facts
	v.Away, v.unstored = false, false
	err = v.open()
	v.leader = v.Last.Leader().UserID
	return err
}

// LookAfter is Look for somebody who has looked before: that look is used where nothing has
// changed since. It may be nil.
func (v *Visit) LookAfter(l *reserve.Look) error {
	if l != nil && l.ID == v.ID && l.Turn == v.turn && v.Last.ID == v.ID && v.known {
		v.endOverdue()
		v.Book.Purge(v.ledger.Now())
		return nil
	}
	return v.Look()
}

// Lives is Look for those who clean up: false, and the party is forgotten, if it has ended.
// One in which everybody is away lives, as does one that goes on in another native party.
func (v *Visit) Lives() (bool, error) {
	err := v.Look()
	switch reason := party.ReasonOf(err); {
	case err == errMoved: //nolint:errorlint // refusals of one reason are alike
		return false, err
	case reason == party.PartyAway:
		return true, nil
	case reason == party.PartyNotFound:
		if v.endIfEmpty() {
			for _, p := range v.Book.Overdue(v.ledger.Now()) {
				delete(v.Book.Pending, p.Session.SessionID)
			}
		}
		return false, nil
	}
	return err == nil, err
}

// open reads what is reserved in a party this process has not seen, and again when another
// node says that it changed it; a party that began here costs no read.
func (v *Visit) open() error {
	if !v.known || v.Last.Revision() > v.state {
		v.Origin = v.Last.Origin()
		if err := v.load(); err != nil {
			return err
		}
		v.ledger.moves.set(v.Origin, v.ID)
	}
	v.endOverdue()
	v.Book.Purge(v.ledger.Now())
	return v.observe()
}

// load reads what storage says of the party, by its origin.
func (v *Visit) load() error {
	holds, err := v.ledger.Holds(v.Ctx, v.Origin)
	if err != nil {
		return fmt.Errorf("read holds: %w", err)
	}
	record, err := v.ledger.records.load(v.Ctx, v.Origin)
	if err != nil {
		return err
	}
	v.recorded = v.recorded || !record.Empty()
	settled := v.Book.SetHolds(holds)
	v.watchHolds()
	v.merge(record)
	v.known = true
	if settled {
		v.state = v.Last.Revision()
	}
	v.turn++
	return nil
}

// Write changes the party's record, and where seats are kept for these users.
func (v *Visit) Write(users []string, edit func(reserve.Record)) error {
	v.recorded = true
	v.writes.Add(1)
	return v.ledger.records.change(v.Ctx, v.Origin, users, func(r reserve.Record) {
		r.Facts, r.Native, r.Away = v.Facts, v.ID, v.Away
		if v.Away {
			r.Native = v.saved.Native // after a restart another than v.ID, and what members know
		}
		edit(r)
	})
}

// insist is Write for what has happened already, whether or not storage takes it now.
func (v *Visit) insist(users []string, edit func(reserve.Record)) error {
	err := v.Write(users, edit)
	if err != nil {
		v.ledger.records.owe(v.Origin, &change{users: users, edit: edit})
	}
	return err
}

// WriteLine writes a change of the line, after it was made in the book.
func (v *Visit) WriteLine(edit func(reserve.Record)) error {
	v.Reindex()
	err := v.Write(nil, edit)
	v.seatsChanged()
	return err
}
