package ledger

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

// One change of a party's record is written at a time. Those that are asked for meanwhile are
// written together by the next: alone a change waits for nobody, and when a crowd loses its
// connections the transactions are a few.

// batchMost is how many objects one transaction is about at most, where one change has no more.
const batchMost = 500

// change is what is to become of one party's record.
type change struct {
	id    party.ID
	users []string // where seats are kept for them changes too
	edit  func(reserve.Record)
	again bool // it may have been done already, or may still be
	ends  bool // a doubt: it is to differ from what it finds, so that an earlier one is done before it or never
	err   error
	done  chan struct{} // closed once err says what became of it
}

// changes are those that wait.
type changes struct {
	writing chan struct{} // has an element while somebody writes
	mu      sync.Mutex
	waiting []*change
}

func (l *changes) add(c *change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, c)
}

// next takes those that wait and have no object in common, if c still is among them.
func (l *changes) next(c *change) (batch []*change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.waiting, c) {
		return nil
	}
	taken := map[string]bool{}
	l.waiting = slices.DeleteFunc(l.waiting, func(c *change) bool {
		objects := append([]string{c.id.String()}, c.users...)
		if len(batch) > 0 && len(taken)+len(objects) > batchMost || slices.ContainsFunc(objects, func(object string) bool { return taken[object] }) {
			return false
		}
		for _, object := range objects {
			taken[object] = true
		}
		batch = append(batch, c)
		return true
	})
	return batch
}

// change writes what edit makes of a party's record and, in the same transaction, where seats are
// kept for these users. It refuses with Conflict after too many lost races. It goes on, for
// storageWait at most, even if ctx is at its end, as that of a session is which has just left.
// edit may run several times, and in another goroutine, while change waits.
func (s *store) change(ctx context.Context, id party.ID, users []string, edit func(reserve.Record)) error {
	owed, doubted := s.owes(id), false
	for _, c := range owed {
		users, doubted = append(users, c.users...), doubted || c.again
	}
	users = slices.Compact(slices.Sorted(slices.Values(users))) // the host deletes no object twice in one transaction
	c := &change{id: id, users: users, ends: doubted, done: make(chan struct{}), edit: func(r reserve.Record) {
		s.settle(id, r)
		edit(r)
	}}
	s.line.add(c)
	for {
		select {
		case <-c.done:
			switch {
			case c.err == nil:
				s.paid(id, owed)
			case c.again && !doubted:
				s.owe(id, &change{users: users, edit: func(reserve.Record) {}, again: true})
			}
			return c.err
		case s.line.writing <- struct{}{}:
			s.writeNext(ctx, s.line.next(c))
		}
	}
}

// writeNext makes the changes whose turn it is.
func (s *store) writeNext(ctx context.Context, batch []*change) {
	written := false
	defer func() { // also if the host panics
		for _, c := range batch {
			if !written {
				c.err = errUnwritten
			}
			close(c.done)
		}
		<-s.line.writing
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	s.write(ctx, batch)
	written = true
}

var errUnwritten = errors.New("write party record: its writer failed")

// write makes the changes. Where that fails, if only because another node was faster with one
// of them, each is made by itself.
func (s *store) write(ctx context.Context, batch []*change) {
	if len(batch) > 1 && s.tryChange(ctx, batch) == nil {
		return
	}
	for _, c := range batch {
		c.err = s.writeOne(ctx, c)
	}
}

func (s *store) writeOne(ctx context.Context, c *change) (err error) {
	for range writeAttempts {
		if err = s.tryChange(ctx, []*change{c}); !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			return cmp.Or(c.err, err)
		}
	}
	return &party.Error{Reason: party.Conflict, Message: "Too many changes at once, please try again.", Cause: err}
}

// debts are changes that storage has refused, of what has happened all the same: who has left is not
// put back into a seat. Those who read the record find them made. The party's next change writes them,
// a sweep at the latest. One that changes nothing is of a write that had no answer, and may be done later:
// the next one is not right in finding it undone, and ends the doubt.
type debts struct {
	mu sync.Mutex // a leaf, under which edits run
	of map[party.ID][]*change
}

func (d *debts) owe(id party.ID, c *change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.of[id] = append(d.of[id], c)
}

func (d *debts) owes(id party.ID) []*change {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.of[id])
}

// settle makes in the record what is owed.
func (d *debts) settle(id party.ID, r reserve.Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.of[id] {
		c.edit(r)
	}
}

func (d *debts) paid(id party.ID, written []*change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := slices.DeleteFunc(d.of[id], func(c *change) bool { return slices.Contains(written, c) })
	if d.of[id] = left; len(left) == 0 {
		delete(d.of, id)
	}
}

// parties lists those to which something is owed.
func (d *debts) parties() []party.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.of))
}
