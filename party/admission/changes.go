package admission

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

// One change of a party's record is written at a time. Those that are asked for meanwhile are
// written together by the next: alone a change waits for nobody, and when a crowd loses its
// connections the transactions are a few.

// batchMost is how many changes are one transaction at most.
const batchMost = 100

// change is what is to become of one party's record.
type change struct {
	id    party.ID
	users []string // where seats are kept for them changes too
	edit  func(reserve.Record)
	err   error
	turn  chan bool // true: write now, for others as well; false: it is done
}

// changes are those that wait.
type changes struct {
	mu      sync.Mutex
	writing bool
	waiting []*change
}

// enter reports whether the change may be written at once; otherwise it waits for its turn.
func (l *changes) enter(c *change) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing {
		l.waiting = append(l.waiting, c)
		return false
	}
	l.writing = true
	return true
}

// along is the change with those that wait and have no object in common with it or each other.
func (l *changes) along(c *change) []*change {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch, taken := []*change{c}, map[string]bool{}
	free := func(c *change) bool {
		return !taken[c.id.String()] && !slices.ContainsFunc(c.users, func(user string) bool { return taken[user] })
	}
	take := func(c *change) {
		taken[c.id.String()] = true
		for _, user := range c.users {
			taken[user] = true
		}
	}
	take(c)
	l.waiting = slices.DeleteFunc(l.waiting, func(c *change) bool {
		if len(batch) == batchMost || !free(c) {
			return false
		}
		take(c)
		batch = append(batch, c)
		return true
	})
	return batch
}

// leave lets the next that waits write.
func (l *changes) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing = len(l.waiting) > 0; l.writing {
		l.waiting[0].turn <- true
		l.waiting = l.waiting[1:]
	}
}

// change writes what edit makes of a party's record and, in the same transaction, where
// seats are kept for these users. It tries again for as long as others are faster, and
// refuses with Conflict after too many lost races. It goes on even if ctx is at its end,
// as that of a session is which has just left, but writes no longer than storageWait. edit may
// run several times, and in another goroutine, while change waits.
func (s *store) change(ctx context.Context, id party.ID, users []string, edit func(reserve.Record)) error {
	users = slices.Compact(slices.Sorted(slices.Values(users))) // the host deletes no object twice in one transaction
	c := &change{id: id, users: users, edit: edit, turn: make(chan bool, 1)}
	if !s.line.enter(c) && !<-c.turn {
		return c.err
	}
	batch := s.line.along(c)
	written := false
	defer func() { // also if the host panics
		for _, other := range batch[1:] {
			if !written {
				other.err = errUnwritten
			}
			other.turn <- false
		}
		s.line.leave()
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	s.write(ctx, batch)
	written = true
	return c.err
}

var errUnwritten = errors.New("write party record: whoever wrote it failed")

// write makes the changes. Where that fails, if only because another node was faster with one
// of them, each is made by itself.
func (s *store) write(ctx context.Context, batch []*change) {
	if len(batch) > 1 {
		if err := s.tryChange(ctx, batch); err != nil {
			for i := range batch {
				s.write(ctx, batch[i:i+1])
			}
		}
		return
	}
	var err error
	for range writeAttempts {
		if err = s.tryChange(ctx, batch); !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			batch[0].err = cmp.Or(batch[0].err, err)
			return
		}
	}
	batch[0].err = &party.Error{Reason: party.Conflict, Message: "Too many changes at once, please try again.", Cause: err}
}
