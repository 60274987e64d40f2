package presence

import (
	"slices"
	"sync"
)

// queue delivers events. It has no limit. The real server limits its queue and drops all of it when it is full. Then
// parties and matches keep members that are gone. The engine does not imitate that.
type queue struct {
	mu        sync.Mutex
	changed   sync.Cond // signals every change of the fields below
	batches   [][]Event // each batch has the events of one change
	busy      bool      // a batch is being delivered
	held      bool      // delivery has stopped until it is false again
	closed    bool
	listeners map[uint8][]func(Event)
	announcer []func(Event)

	done chan struct{} // closed when the goroutine has ended
}

func newQueue() *queue {
	q := &queue{listeners: map[uint8][]func(Event){}, done: make(chan struct{})}
	q.changed.L = &q.mu
	go q.run()
	return q
}

func (q *queue) listen(mode uint8, fn func(Event)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	// Clip makes append copy the slice, because the goroutine reads its slice without the lock.
	q.listeners[mode] = append(slices.Clip(q.listeners[mode]), fn)
}

func (q *queue) announce(fn func(Event)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.announcer = append(slices.Clip(q.announcer), fn)
}

// push queues the events of one change.
func (q *queue) push(events ...Event) {
	if len(events) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.batches = append(q.batches, events)
	q.changed.Broadcast()
}

func (q *queue) sync() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for (len(q.batches) > 0 || q.busy) && !q.closed {
		q.changed.Wait()
	}
}

func (q *queue) hold(held bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = held
	q.changed.Broadcast()
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.batches = nil
	q.changed.Broadcast()
	q.mu.Unlock()
	<-q.done
}

func (q *queue) run() {
	defer close(q.done)
	for {
		q.mu.Lock()
		q.busy = false
		q.changed.Broadcast()
		for (len(q.batches) == 0 || q.held) && !q.closed {
			q.changed.Wait()
		}
		if q.closed {
			q.mu.Unlock()
			return
		}
		batch := q.batches[0]
		q.batches = q.batches[1:]
		q.busy = true
		var listeners [][]func(Event)
		for _, e := range batch {
			listeners = append(listeners, q.listeners[e.Stream.Mode])
		}
		announcers := q.announcer
		q.mu.Unlock()

		for i, e := range batch {
			for _, fn := range listeners[i] {
				fn(e)
			}
		}
		for _, e := range batch {
			for _, fn := range announcers {
				fn(e)
			}
		}
	}
}
