package admission

import (
	"context"
	"maps"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/reserve"
)

const (
	maxLines  = 3               // in how many lines one user may wait, as far as this process knows
	lockEvery = 2 * time.Second // between two looks whether a party with seats for its line is locked: nobody tells
)

// Place is a user's place in the line for a party's seats.
type Place struct {
	Place int       // from 1; 0 for somebody who does not wait
	Of    int       // how many wait
	Until time.Time // until when a seat is held for the user; zero while none is
}

func (v *visit) waits(userID string) Place {
	return Place{v.book.Place(userID), len(v.book.Waiting), v.book.Waiting[userID].Until}
}

// Waits reads a user's place in the line of a party.
func (a *Admission) Waits(ctx context.Context, id party.ID, userID string) (at Place, err error) {
	err = a.current(ctx, id, func(v *visit) error {
		if err := v.look(); err != nil {
			return err
		}
		at = v.waits(userID)
		return nil
	})
	return at, err
}

// Wait puts a user at the end of the line, once. It refuses with PartyFull where the rules let
// no more wait, RateLimited where the user waits for too many parties, AlreadyMember and
// PartyNotFound.
func (a *Admission) Wait(ctx context.Context, id party.ID, userID string) (at Place, err error) {
	err = a.current(ctx, id, func(v *visit) error {
		if err := v.look(); err != nil {
			return err
		}
		conf := v.policy().Parties.Waitlist
		_, waits := v.book.Waiting[userID]
		_, member := v.last.Member(userID)
		switch {
		case waits:
		case member:
			return party.Refuse(party.AlreadyMember, "You are in this party already.")
		case len(v.book.Waiting) >= conf.Max:
			return party.Refuse(party.PartyFull, "This party is full.")
		case len(v.LinesOf(userID)) >= maxLines:
			return party.RefuseRate(conf.Hold)
		default:
			w := v.book.Join(userID, v.now())
			if err := v.writeLine(func(r reserve.Record) { r.Waiting[userID] = w }); err != nil {
				delete(v.book.Waiting, userID)
				v.lined()
				return err
			}
		}
		at = v.waits(userID)
		return nil
	})
	return at, err
}

// StopWaiting takes a user out of the line, if they are in it.
func (a *Admission) StopWaiting(ctx context.Context, id party.ID, userID string) (at Place, err error) {
	err = a.current(ctx, id, func(v *visit) error {
		if err := v.look(); err != nil {
			return err
		}
		if _, waits := v.book.Waiting[userID]; waits {
			delete(v.book.Waiting, userID)
			if err := v.writeLine(func(r reserve.Record) { delete(r.Waiting, userID) }); err != nil {
				return err
			}
		}
		at = v.waits("")
		return nil
	})
	return at, err
}

// writeLine writes a change of the line.
func (v *visit) writeLine(edit func(reserve.Record)) error {
	v.lined()
	err := v.write(nil, edit)
	v.announce()
	v.out.Add(party.Change{Kind: party.SeatsChanged, ID: v.id})
	return err
}

// HasLine reports whether somebody waits for a seat of the party, as far as this process
// knows. It costs a look into memory.
func (a *Admission) HasLine(id party.ID) bool { return len(a.index.line(id)) > 0 }

// LinesOf lists the parties in whose lines the user waits, as far as this process knows.
func (a *Admission) LinesOf(userID string) []party.ID {
	a.index.mu.Lock()
	defer a.index.mu.Unlock()
	return slices.Collect(maps.Keys(a.index.waits[userID]))
}

// Lines lists the parties with a line, as far as this process knows.
func (a *Admission) Lines() []party.ID {
	a.index.mu.Lock()
	defer a.index.mu.Unlock()
	return slices.Collect(maps.Keys(a.index.lines))
}

// Next reads who may be offered a seat, in this order, and how many seats there are for
// them.
func (a *Admission) Next(ctx context.Context, id party.ID) (v party.View, users []string, free int, err error) {
	err = a.current(ctx, id, func(visit *visit) error {
		if err := visit.look(); party.ReasonOf(err) == party.PartyAway {
			return nil // nobody, until somebody is back
		} else if err != nil {
			return err
		}
		v = visit.last.View
		taken, held := visit.book.Seats(v, "")
		free = v.MaxSize - taken - held
		for _, user := range visit.book.Promised(v) {
			if visit.book.Waiting[user].Until.IsZero() {
				free++
			}
		}
		for _, w := range visit.book.Line() {
			if w.Until.IsZero() {
				users = append(users, w.UserID)
			}
		}
		return nil
	})
	return v, users, free, err
}

// Serve holds the party's free seats for those first in line, and ends the wait of whoever
// did not come for a seat or has had no socket for too long. blocked says of the users it may
// offer a seat to whether a block keeps them out. It returns for whom a seat is held now and
// was not before, each with its time, and when to serve again; zero for not by time alone.
func (a *Admission) Serve(ctx context.Context, id party.ID, blocked map[string]bool) (offered []reserve.Waiter, next time.Time, err error) {
	err = a.current(ctx, id, func(v *visit) error {
		if lives, err := v.lives(); !lives {
			return err
		}
		before := v.index.line(id) // with those whose time look has found to be over
		now, changed := v.now(), len(before) > len(v.book.Waiting)
		for user, w := range v.book.Waiting {
			there, err := v.roster.Sessions(user)
			if err != nil {
				return err
			}
			switch gone := !w.Absent.IsZero(); {
			case len(there) == 0 && gone && !now.Before(w.Absent.Add(reserve.MaxAbsent)):
				delete(v.book.Waiting, user)
			case len(there) == 0 && !gone:
				w.Absent = now
				v.book.Waiting[user] = w
			case len(there) > 0 && gone:
				w.Absent = time.Time{}
				v.book.Waiting[user] = w
			default:
				continue
			}
			changed = true
		}
		var locked error
		seats := len(v.book.Promised(v.last.View))
		if seats > 0 && !v.away {
			if locked = v.locked(v.ctx, v.last.View); locked != nil && party.ReasonOf(locked) != party.PartyLocked {
				return locked
			}
		}
		users, offers := v.book.Serve(v.last.View, now, v.policy().Parties.Waitlist.Hold, v.away || locked != nil, blocked)
		for _, user := range users {
			offered = append(offered, v.book.Waiting[user])
		}
		if next = v.book.LineDue(); seats > 0 && (next.IsZero() || next.After(now.Add(lockEvery))) {
			next = now.Add(lockEvery)
		}
		if !changed && !offers {
			return nil
		}
		return v.writeLine(func(r reserve.Record) {
			for _, user := range before {
				if _, waits := r.Waiting[user]; !waits {
					continue // has left the line on another node
				}
				if w, waits := v.book.Waiting[user]; waits {
					r.Waiting[user] = w
				} else {
					delete(r.Waiting, user)
				}
			}
		})
	})
	return offered, next, err
}

// lined brings the index up to date with the party's line.
func (v *visit) lined() {
	x := &v.index
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, user := range x.lines[v.id] {
		delete(x.waits[user], v.id)
		if len(x.waits[user]) == 0 {
			delete(x.waits, user)
		}
	}
	delete(x.lines, v.id)
	for user := range v.book.Waiting {
		if x.waits[user] == nil {
			x.waits[user] = map[party.ID]bool{}
		}
		x.waits[user][v.id] = true
		x.lines[v.id] = append(x.lines[v.id], user)
	}
}

// line lists who waited when the party was last dealt with.
func (x *index) line(id party.ID) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lines[id]
}
