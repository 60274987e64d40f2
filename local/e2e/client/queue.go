package client

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/heroiclabs/nakama-common/rtapi"
)

// Message is one envelope as it came off the wire.
type Message struct {
	Envelope *rtapi.Envelope
	// Raw is the JSON the server sent; on a protobuf socket, the envelope in the same JSON mapping.
	Raw json.RawMessage
}

// Kind is the envelope's field name on the wire ("party", "pong", ...); "" for one
// that holds nothing but a cid.
func (m Message) Kind() string { return Kind(m.Envelope) }

// Kind is the name under which an envelope's message travels in JSON, "" when it has none.
func Kind(e *rtapi.Envelope) string {
	r := e.ProtoReflect()
	field := r.WhichOneof(r.Descriptor().Oneofs().ByName("message"))
	if field == nil {
		return ""
	}
	return string(field.Name())
}

// queue holds messages in the order of their arrival until they are taken.
type queue struct {
	mu      sync.Mutex
	items   []Message
	changed chan struct{} // closed and replaced whenever items grows or the queue ends
	err     error         // set once, when nothing will ever arrive again
}

func newQueue() *queue { return &queue{changed: make(chan struct{})} }

func (q *queue) push(m Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, m)
	close(q.changed)
	q.changed = make(chan struct{})
}

// end makes every present and future wait that finds nothing fail with err.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.err = err
		close(q.changed)
		q.changed = make(chan struct{})
	}
}

// find waits for a message that match accepts and, if remove is set, takes it out.
func (q *queue) find(ctx context.Context, match func(Message) bool, remove bool) (Message, error) {
	seen := 0
	for {
		q.mu.Lock()
		if remove || seen > len(q.items) { // another reader may have taken what was seen
			seen = 0
		}
		for i := seen; i < len(q.items); i++ {
			if m := q.items[i]; match(m) {
				if remove {
					q.items = append(q.items[:i:i], q.items[i+1:]...)
				}
				q.mu.Unlock()
				return m, nil
			}
		}
		seen = len(q.items)
		changed, err, have := q.changed, q.err, kinds(q.items)
		q.mu.Unlock()
		if err != nil {
			return Message{}, fmt.Errorf("%w; received and not taken: %s", err, have)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("no such message: %w; received and not taken: %s", context.Cause(ctx), have)
		}
	}
}

func (q *queue) takeAll(match func(Message) bool) []Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	var taken, left []Message
	for _, m := range q.items {
		if match(m) {
			taken = append(taken, m)
		} else {
			left = append(left, m)
		}
	}
	q.items = left
	return taken
}

// kinds lists what lies in the queue, for the error text of a wait that failed.
func kinds(items []Message) string {
	if len(items) == 0 {
		return "nothing"
	}
	names := make([]string, len(items))
	for i, m := range items {
		names[i] = string(m.Raw)
	}
	return strings.Join(names, ", ")
}
