package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

// changesAtOnce is how many transactions run at the same time. When many connections end at once, other messages need
// the database too.
const changesAtOnce = 16

// change applies edit to a party's record, and updates these users' lists of kept seats, in one transaction. It refuses
// with Conflict after too many lost races. It goes on after ctx ends, for storageWait at most: the ctx of a session that
// has just left has ended. edit may run several times.
func (s *store) change(ctx context.Context, id party.ID, users []string, edit func(reserve.Record)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	unlock, err := s.changing.Lock(ctx, id) // until it is known whether the change was written
	if err != nil {
		return fmt.Errorf("wait to write party record: %w", err)
	}
	defer unlock()
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return fmt.Errorf("wait to write party record: %w", ctx.Err())
	}
	owed := s.unwrittenOf(id)
	for _, c := range owed {
		users = append(users, c.users...)
	}
	users = slices.Compact(slices.Sorted(slices.Values(users))) // the host cannot delete an object twice in one transaction
	t := transaction{id: id, users: users}
	for range writeAttempts {
		if err = s.tryChange(ctx, &t, edit); !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			break
		}
	}
	if err == nil {
		s.removeUnwritten(id, owed)
		return nil
	}
	if t.unsure && !t.endsDoubt {
		s.addUnwritten(id, &unwrittenChange{users: users, edit: func(reserve.Record) {}, isDoubt: true})
	}
	if errors.Is(err, runtime.ErrStorageRejectedVersion) {
		return &party.Error{Reason: party.Conflict, Message: "Too many changes at once, please try again.", Cause: err}
	}
	return err
}

// unwritten has changes that happened although storage refused them: a player who left does not get the seat back.
// Readers of the record see them applied. The party's next change writes them, or the next sweep. A change with an
// empty edit stands for a write without an answer, a doubt: it may still be done later. The party's next change must
// not assume that it was not done, and ends the doubt.
type unwritten struct {
	mu      sync.Mutex // a leaf lock, held while edits run
	byParty map[party.ID][]*unwrittenChange
}

type unwrittenChange struct {
	users   []string // their lists of kept seats change too
	edit    func(reserve.Record)
	isDoubt bool
}

func (d *unwritten) addUnwritten(id party.ID, c *unwrittenChange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byParty[id] = append(d.byParty[id], c)
}

func (d *unwritten) unwrittenOf(id party.ID) []*unwrittenChange {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.byParty[id])
}

// applyUnwritten applies the party's unwritten changes to the record, and reports whether one of them is a doubt.
func (d *unwritten) applyUnwritten(id party.ID, r reserve.Record) (doubt bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.byParty[id] {
		c.edit(r)
		doubt = doubt || c.isDoubt
	}
	return doubt
}

func (d *unwritten) removeUnwritten(id party.ID, written []*unwrittenChange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := slices.DeleteFunc(d.byParty[id], func(c *unwrittenChange) bool { return slices.Contains(written, c) })
	if d.byParty[id] = left; len(left) == 0 {
		delete(d.byParty, id)
	}
}

// unwrittenParties lists the parties with unwritten changes.
func (d *unwritten) unwrittenParties() []party.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.byParty))
}
