package ledger

import (
	"fmt"

	"partyline/party"
	"partyline/party/reserve"
)

// Look reads the party, and brings its book up to date. It refuses as [Ledger.Look] does.
func (v *Visit) Look() error {
	snapshot, err := v.ledger.Roster.Look(v.Ctx, v.ID)
	if party.ReasonOf(err) == party.PartyNotFound {
		return v.lookEmpty(err)
	}
	if err != nil {
		return err
	}
	v.Last, v.Facts = snapshot, snapshot.Facts
	v.Away, v.awayUnstored = false, false
	err = v.refresh()
	v.leader = v.Last.Leader().UserID
	return err
}

// LookAfter is Look for a caller with an earlier look. It uses that look if nothing has changed since. l may be nil.
func (v *Visit) LookAfter(l *reserve.Look) error {
	if l != nil && l.ID == v.ID && l.Turn == v.changeCount && v.Last.ID == v.ID && v.loaded {
		v.endOverdue()
		v.Book.Purge(v.ledger.Now())
		return nil
	}
	return v.Look()
}

// LookOrForget is Look for callers that clean up. It returns false if the party has ended, and forgets the party. A
// party that is away lives. For one that has moved it returns errMoved, and Visit goes on with the new one.
func (v *Visit) LookOrForget() (bool, error) {
	err := v.Look()
	switch reason := party.ReasonOf(err); {
	case err == errMoved: //nolint:errorlint // errors.Is treats refusals of one reason as equal
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

// refresh reads the reserved seats of a party that is new to this process, or that another node says it has changed. A
// party that began here needs no read.
func (v *Visit) refresh() error {
	if !v.loaded || v.Last.Revision() > v.knownRevision {
		v.Origin = v.Last.Origin()
		if err := v.load(); err != nil {
			return err
		}
		v.ledger.moves.set(v.Origin, v.ID)
	}
	v.endOverdue()
	v.Book.Purge(v.ledger.Now())
	return v.compareMembers()
}

// load reads the party's holds and record from storage, by its origin.
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
	v.loaded = true
	if settled {
		v.knownRevision = v.Last.Revision()
	}
	v.changeCount++
	return nil
}

// Write changes the party's record and these users' lists of kept seats.
func (v *Visit) Write(users []string, edit func(reserve.Record)) error {
	v.recorded = true
	v.writes.Add(1)
	return v.ledger.records.change(v.Ctx, v.Origin, users, func(r reserve.Record) {
		r.Facts, r.Native, r.Away = v.Facts, v.ID, v.Away
		if v.Away {
			r.Native = v.saved.Native // after a restart this is not v.ID, and it is the ID that members know
		}
		edit(r)
	})
}

// writeEventually is Write for what has happened already: if storage fails, a later change or sweep writes it.
func (v *Visit) writeEventually(users []string, edit func(reserve.Record)) error {
	err := v.Write(users, edit)
	if err != nil {
		v.ledger.records.addUnwritten(v.Origin, &change{users: users, edit: edit})
	}
	return err
}

// WriteWaitlist writes a change of the wait list, after it was made in the book.
func (v *Visit) WriteWaitlist(edit func(reserve.Record)) error {
	v.Reindex()
	err := v.Write(nil, edit)
	v.announceSeats()
	return err
}
