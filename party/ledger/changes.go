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
	id    party.ID
	users []string // their lists of kept seats change too
	edit  func(reserve.Record)
	again bool      // an earlier attempt may have been written, or may still be
	ends  bool      // it ends a doubt: it always changes the record, so that an earlier write is done before it or never
	until time.Time // the deadline, set when it is batched
	err   error
	turn  chan []*change // the changes that its caller has to write
	done  chan struct{}  // closed once err is final
}

// objects returns the keys that no other transaction may write meanwhile.
func (c *change) objects() []string { return append([]string{c.id.String()}, c.users...) }

// changes queues changes in order of arrival, and tracks the running transactions.
type changes struct {
	mu      sync.Mutex // a leaf lock
	waiting []*change
	busy    map[string]bool // objects of the running transactions
	newest  *change         // the first change of the transaction that the next one waits for; nil for none
}

func (l *changes) add(c *change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, c)
	l.begin()
}

// begin starts a transaction, written by the caller of the first waiting change. It takes every other waiting change
// that shares no object with a running transaction, with this one, or with a change that has waited longer.
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

// over lets the next transaction start. It frees the objects of the changes in ended. Other objects of the transaction
// stay blocked.
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

// change applies edit to a party's record. In the same transaction it updates for these users where seats are kept. It
// refuses with Conflict after too many lost races. It goes on after ctx ends, as that of a session does which just
// left, for storageWait at most from its turn. edit may run several times, and in another goroutine, while change
// waits.
func (s *store) change(ctx context.Context, id party.ID, users []string, edit func(reserve.Record)) error {
	owed := s.owes(id)
	for _, c := range owed {
		users = append(users, c.users...)
	}
	users = slices.Compact(slices.Sorted(slices.Values(users))) // the host cannot delete an object twice in one transaction
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

// write makes the changes in one transaction. If that fails, for example because another node was faster with one of
// them, each caller writes its own change, all at once. So no change waits for another, and each gets a try although
// the common time is used up.
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

// debts are changes that happened although storage refused them: a player who left does not get the seat back. Readers
// of the record see them applied. The party's next change writes them, or the next sweep does. A debt with an empty
// edit stands for a write without an answer, which may still be done later. The next change cannot trust that it was
// not done, and ends the doubt.
type debts struct {
	mu sync.Mutex // a leaf lock, held while edits run
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

// settle applies the debts of the party to the record, and reports whether one of them is a doubt.
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

// parties lists the parties that have debts.
func (d *debts) parties() []party.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.of))
}
