package client

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/heroiclabs/nakama-common/rtapi"
)

// Message is one received envelope.
type Message struct {
	Envelope *rtapi.Envelope
	// Raw is the JSON that the server sent; on a protobuf socket, the envelope in the same JSON mapping.
	Raw json.RawMessage
}

// Kind returns the envelope's field name on the wire ("party", "pong", ...), or "" for an envelope
// with only a cid.
func (m Message) Kind() string { return Kind(m.Envelope) }

// Kind returns the JSON name of an envelope's message, or "" if it has none.
func Kind(e *rtapi.Envelope) string {
	r := e.ProtoReflect()
	field := r.WhichOneof(r.Descriptor().Oneofs().ByName("message"))
	if field == nil {
		return ""
	}
	return string(field.Name())
}

// queue holds messages in order of arrival until a reader takes them.
type queue struct {
	mu      sync.Mutex
	items   []Message
	changed chan struct{} // closed and replaced when items grows or the queue ends
	err     error         // set once, when no more messages can arrive
}

func newQueue() *queue { return &queue{changed: make(chan struct{})} }

func (q *queue) push(m Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, m)
	close(q.changed)
	q.changed = make(chan struct{})
}

// end ends the queue. Each wait that finds no message in it then fails with err.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.err = err
		close(q.changed)
		q.changed = make(chan struct{})
	}
}

// wait waits for a message that match accepts. If remove is set, it removes the message.
func (q *queue) wait(ctx context.Context, match func(Message) bool, remove bool) (Message, error) {
	seen := 0
	for {
		q.mu.Lock()
		if remove || seen > len(q.items) { // another reader may have removed seen messages
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
		changed, err, have := q.changed, q.err, listMessages(q.items)
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

// listMessages lists the messages in the queue, for the error of a failed wait.
func listMessages(items []Message) string {
	if len(items) == 0 {
		return "nothing"
	}
	names := make([]string, len(items))
	for i, m := range items {
		names[i] = string(m.Raw)
	}
	return strings.Join(names, ", ")
}
