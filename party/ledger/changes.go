package ledger

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/bounded"
	"partyline/internal/caught"
	"partyline/party"
	"partyline/party/reserve"
)

// A few transactions write at a time, none of them an object that another has. What is asked for
// meanwhile is written together by the next: alone a change waits for nobody, when a crowd loses its
// connections the transactions are a few, and one that stalls holds up its own parties.

// writersMost is how many transactions write at a time.
const writersMost = 4

// batchMost is how many objects one transaction is about at most, where one change has no more.
const batchMost = 500

// change is what is to become of one party's record.
type change struct {
	id    party.ID
	users []string // where seats are kept for them changes too
	edit  func(reserve.Record)
	again bool // it may have been done already, or may still be
	ends  bool // a doubt: what it writes differs from what it finds, so that an earlier one is done before it or never
	err   error
	done  chan struct{} // closed once err says what became of it
}

// objects are what a change is about.
func (c *change) objects() []string { return append([]string{c.id.String()}, c.users...) }

// changes are those that wait, and who writes.
type changes struct {
	mu      sync.Mutex
	waiting []*change
	writers int
	busy    map[string]bool // objects that somebody writes
}

// add has a change wait, and reports whether its caller has to begin to write.
func (l *changes) add(c *change) (begin bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, c)
	if begin = l.writers < writersMost; begin {
		l.writers++
	}
	return begin
}

// next takes those that wait and have no object in common, nor with what others write, after a writer
// has done its batch. With none the writer is to end.
func (l *changes) next(done []*change) (batch []*change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range done {
		for _, object := range c.objects() {
			delete(l.busy, object)
		}
	}
	size := 0
	l.waiting = slices.DeleteFunc(l.waiting, func(c *change) bool {
		objects := c.objects()
		if len(batch) > 0 && size+len(objects) > batchMost || slices.ContainsFunc(objects, func(object string) bool { return l.busy[object] }) {
			return false
		}
		for _, object := range objects {
			l.busy[object] = true
		}
		size, batch = size+len(objects), append(batch, c)
		return true
	})
	if len(batch) == 0 {
		l.writers--
	}
	return batch
}

// change writes what edit makes of a party's record and, in the same transaction, where seats are
// kept for these users. It refuses with Conflict after too many lost races. It goes on, for
// storageWait at most, even if ctx is at its end, as that of a session is which has just left.
// edit may run several times, and in another goroutine, while change waits.
func (s *store) change(ctx context.Context, id party.ID, users []string, edit func(reserve.Record)) error {
	owed := s.owes(id)
	for _, c := range owed {
		users = append(users, c.users...)
	}
	users = slices.Compact(slices.Sorted(slices.Values(users))) // the host deletes no object twice in one transaction
	c := &change{id: id, users: users, done: make(chan struct{})}
	c.edit = func(r reserve.Record) {
		c.ends = s.settle(id, r)
		edit(r)
	}
	if s.line.add(c) {
		go func() {
			for batch := s.line.next(nil); len(batch) > 0; batch = s.line.next(batch) {
				s.writeNext(context.WithoutCancel(ctx), batch)
			}
		}()
	}
	<-c.done
	if c.err == nil {
		s.paid(id, owed)
	}
	return c.err
}

// writeNext makes the changes whose turn it is.
func (s *store) writeNext(ctx context.Context, batch []*change) {
	var err error
	defer func() {
		for _, c := range batch {
			if c.err = cmp.Or(c.err, err); c.err != nil && c.again && !c.ends {
				s.owe(c.id, &change{users: c.users, edit: func(reserve.Record) {}, again: true})
			}
			close(c.done)
		}
	}()
	defer caught.As(&err, "write party record") // of the host
	ctx, cancel := bounded.Context(ctx, storageWait)
	defer cancel()
	s.write(ctx, batch)
}

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

// settle makes in the record what is owed, and reports whether one of it is in doubt.
func (d *debts) settle(id party.ID, r reserve.Record) (doubt bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.of[id] {
		c.edit(r)
		doubt = doubt || c.again
	}
	return doubt
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
