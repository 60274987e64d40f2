package queue

import (
	"container/heap"
	"time"
)

// deadlines are moments at which something in the [Book] may be forgotten, the next one
// first. One that turns out to be too early is put in again.
type deadlines struct{ heap deadlineHeap }

// deadline is of a ticket, or of an owner's age where it names a queue.
type deadline struct {
	at        time.Time
	id, queue string
}

func (d *deadlines) add(at time.Time, id, queue string) {
	heap.Push(&d.heap, deadline{at, id, queue})
}

// next takes out one that has come.
func (d *deadlines) next(now time.Time) (deadline, bool) {
	if len(d.heap) == 0 || d.heap[0].at.After(now) {
		return deadline{}, false
	}
	return heap.Pop(&d.heap).(deadline), true
}

type deadlineHeap []deadline

func (h deadlineHeap) Len() int           { return len(h) }
func (h deadlineHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h deadlineHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *deadlineHeap) Push(x any)        { *h = append(*h, x.(deadline)) }

func (h *deadlineHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = deadline{}
	*h = (*h)[:last]
	return d
}
