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

// A transaction writes the changes of many parties. Those that are asked for while one is under way
// go together in the next: alone a change waits for nobody, and when a crowd loses its connections the
// transactions are a few. One that stalls holds up its own objects, and others for stallAfter at most.

// stallAfter is for how long a transaction under way keeps the next from beginning beside it.
const stallAfter = 100 * time.Millisecond

// batchMost is how many objects one transaction is about at most, where one change has no more.
const batchMost = 500

// change is what is to become of one party's record.
type change struct {
	id    party.ID
	users []string // where seats are kept for them changes too
	edit  func(reserve.Record)
	again bool      // it may have been done already, or may still be
	ends  bool      // a doubt: it is to differ from what it finds, so that an earlier one is done before it or never
	until time.Time // when it fails, from its turn on
	err   error
	turn  chan []*change // what its caller is to write
	done  chan struct{}  // closed once err says what became of it
}

// objects names what nobody else may write meanwhile.
func (c *change) objects() []string { return append([]string{c.id.String()}, c.users...) }

// changes are those that wait, in their order, and what is known of those under way.
type changes struct {
	mu      sync.Mutex // a leaf
	waiting []*change
	busy    map[string]bool // objects of those under way
	newest  *change         // the first of the transaction for which the next one waits; nil for none
}

func (l *changes) add(c *change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, c)
	l.begin()
}

// begin has the first of those that wait write a transaction, together with those that have no object in
// common with it, with one under way, or with one that has waited for longer.
func (l *changes) begin() {
	if l.newest != nil || len(l.waiting) == 0 {
		return
	}
	var batch []*change
	size, taken := 0, maps.Clone(l.busy)
	l.waiting = slices.DeleteFunc(l.waiting, func(c *change) bool {
		objects := c.objects()
		waits := len(batch) > 0 && size+len(objects) > batchMost || slices.ContainsFunc(objects, func(object string) bool { return taken[object] })
		for _, object := range objects {
			taken[object] = true
			if !waits {
				l.busy[object] = true
			}
		}
		if !waits {
			size, batch, c.until = size+len(objects), append(batch, c), time.Now().Add(storageWait)
		}
		return !waits
	})
	if len(batch) > 0 {
		l.newest = batch[0]
		time.AfterFunc(stallAfter, func() { l.over(batch[0], nil) })
		batch[0].turn <- batch
	}
}

// over says that nobody has to wait for a transaction any more but for the objects that it still has:
// those of ended it has not.
func (l *changes) over(first *change, ended []*change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range ended {
		for _, object := range c.objects() {
			delete(l.busy, object)
		}
	}
	if l.newest == first {
		l.newest = nil
	}
	l.begin()
}

// change writes what edit makes of a party's record and, in the same transaction, where seats are
// kept for these users. It refuses with Conflict after too many lost races. It goes on, for
// storageWait at most once it is its turn, even if ctx is at its end, as that of a session is which has
// just left. edit may run several times, and in another goroutine, while change waits.
func (s *store) change(ctx context.Context, id party.ID, users []string, edit func(reserve.Record)) error {
	owed := s.owes(id)
	for _, c := range owed {
		users = append(users, c.users...)
	}
	users = slices.Compact(slices.Sorted(slices.Values(users))) // the host deletes no object twice in one transaction
	c := &change{id: id, users: users, turn: make(chan []*change, 1), done: make(chan struct{})}
	c.edit = func(r reserve.Record) {
		c.ends = s.settle(id, r)
		edit(r)
	}
	s.line.add(c)
	for {
		select {
		case <-c.done:
			if c.err == nil {
				s.paid(id, owed)
			}
			return c.err
		case batch := <-c.turn:
			s.write(ctx, batch)
		}
	}
}

// write makes the changes. Where that fails together, if only because another node was faster with one
// of them, each caller makes its own by itself, all at once: none waits for another, nor goes untried
// where the time of all was lost with one.
func (s *store) write(ctx context.Context, batch []*change) {
	ended, err := batch, errors.New("write party record: its writer failed")
	defer func() { // also if the host panics
		for _, c := range ended {
			if c.err = cmp.Or(c.err, err); c.err != nil && c.again && !c.ends {
				s.owe(c.id, &change{users: c.users, edit: func(reserve.Record) {}, again: true})
			}
		}
		s.line.over(batch[0], ended)
		for _, c := range ended {
			close(c.done)
		}
	}()
	until := batch[0].until
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
			c.turn <- []*change{c}
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

// settle makes in the record what is owed, and reports whether some of it is a doubt.
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
