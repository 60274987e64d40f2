package ledger

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

// A transaction writes the changes of many parties. Changes that arrive during a transaction are written together in
// the next one. A single change waits for nobody, and when many connections end at once, few transactions are needed. A
// stalled transaction blocks its own objects, and all others for stallAfter at most.

// stallAfter is how long a running transaction prevents the next one from starting beside it.
const stallAfter = 100 * time.Millisecond

// batchMost is the most objects in one transaction, unless a single change has more.
const batchMost = 500

// change is a change of one party's record that waits to be written.
type change struct {
	id        party.ID
	users     []string // their lists of kept seats change too
	edit      func(reserve.Record)
	maybeDone bool      // an earlier attempt may have been written, or may still be
	endsDoubt bool      // it ends a doubt: it always changes the record, so that an earlier write is done before it or never
	deadline  time.Time // set when the change becomes part of a transaction
	err       error
	batches   chan []*change // the changes that its caller has to write
	done      chan struct{}  // closed once err is final
}

// keys returns the keys that no other transaction may write meanwhile.
func (c *change) keys() []string { return append([]string{c.id.String()}, c.users...) }

// changeQueue queues changes in order of arrival, and tracks the running transactions.
type changeQueue struct {
	mu       sync.Mutex // a leaf lock
	waiting  []*change
	busy     map[string]bool // objects of the running transactions
	blocking *change         // the first change of the transaction that the next one waits for; nil for none
}

func (l *changeQueue) add(c *change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, c)
	l.startNext()
}

// startNext starts a transaction, written by the caller of the first waiting change. It takes every other waiting
// change that shares no object with a running transaction, with this one, or with a change that has waited longer.
func (l *changeQueue) startNext() {
	if l.blocking != nil || len(l.waiting) == 0 {
		return
	}
	var batch []*change
	size, taken := 0, maps.Clone(l.busy)
	l.waiting = slices.DeleteFunc(l.waiting, func(c *change) bool {
		objects := c.keys()
		waits := len(batch) > 0 && size+len(objects) > batchMost || slices.ContainsFunc(objects, func(object string) bool { return taken[object] })
		for _, object := range objects {
			taken[object] = true
			if !waits {
				l.busy[object] = true
			}
		}
		if !waits {
			size, batch, c.deadline = size+len(objects), append(batch, c), time.Now().Add(storageWait)
		}
		return !waits
	})
	if len(batch) > 0 {
		l.blocking = batch[0]
		time.AfterFunc(stallAfter, func() { l.release(batch[0], nil) })
		batch[0].batches <- batch
	}
}

// release lets the next transaction start. It frees the objects of the changes in ended. Other objects of the
// transaction stay blocked.
func (l *changeQueue) release(first *change, ended []*change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range ended {
		for _, object := range c.keys() {
			delete(l.busy, object)
		}
	}
	if l.blocking == first {
		l.blocking = nil
	}
	l.startNext()
}

// change applies edit to a party's record. In the same transaction it updates these users' lists of kept seats. It
// refuses with Conflict after too many lost races. It goes on after ctx ends, for storageWait at most from its turn:
// the ctx of a session that has just left has ended. edit may run several times, and in another goroutine, while change
// waits.
func (s *store) change(ctx context.Context, id party.ID, users []string, edit func(reserve.Record)) error {
	owed := s.unwrittenOf(id)
	for _, c := range owed {
		users = append(users, c.users...)
	}
	users = slices.Compact(slices.Sorted(slices.Values(users))) // the host cannot delete an object twice in one transaction
	c := &change{id: id, users: users, batches: make(chan []*change, 1), done: make(chan struct{})}
	c.edit = func(r reserve.Record) {
		c.endsDoubt = s.applyUnwritten(id, r)
		edit(r)
	}
	s.queue.add(c)
	for {
		select {
		case <-c.done:
			if c.err == nil {
				s.removeUnwritten(id, owed)
			}
			return c.err
		case batch := <-c.batches:
			s.write(ctx, batch)
		}
	}
}

// write makes the changes in one transaction. If that fails, for example because another node was faster with one of
// them, each caller writes its own change, all at once. So no change waits for another, and each gets a try although
// the common time is used up.
func (s *store) write(ctx context.Context, batch []*change) {
	ended, err := batch, errors.New("write party record: the transaction panicked")
	defer func() { // also if the host panics
		for _, c := range ended {
			if c.err = cmp.Or(c.err, err); c.err != nil && c.maybeDone && !c.endsDoubt {
				s.addUnwritten(c.id, &change{users: c.users, edit: func(reserve.Record) {}, maybeDone: true})
			}
		}
		s.queue.release(batch[0], ended)
		for _, c := range ended {
			close(c.done)
		}
	}()
	until := batch[0].deadline
	if len(batch) > 1 {
		until = until.Add(-storageWait / 2)
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	if len(batch) == 1 {
		err = s.writeOne(ctx, batch[0])
	} else if err = s.tryChange(ctx, batch); err != nil {
		ended = nil
		for _, c := range batch {
			c.batches <- []*change{c}
		}
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

// unwritten has changes that happened although storage refused them: a player who left does not get the seat back.
// Readers of the record see them applied. The party's next change writes them, or the next sweep. A change with an
// empty edit stands for a write without an answer, a doubt: it may still be done later. The party's next change must
// not assume that it was not done, and ends the doubt.
type unwritten struct {
	mu      sync.Mutex // a leaf lock, held while edits run
	byParty map[party.ID][]*change
}

func (d *unwritten) addUnwritten(id party.ID, c *change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byParty[id] = append(d.byParty[id], c)
}

func (d *unwritten) unwrittenOf(id party.ID) []*change {
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
		doubt = doubt || c.maybeDone
	}
	return doubt
}

func (d *unwritten) removeUnwritten(id party.ID, written []*change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := slices.DeleteFunc(d.byParty[id], func(c *change) bool { return slices.Contains(written, c) })
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
