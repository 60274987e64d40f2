package presence

import (
	"sync"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Tracker stores every presence of the node, by stream and by session.
type Tracker struct {
	// mu guards the maps. While it is held, only the queue may be called. The queue calls no other code while it
	// holds its own lock.
	mu       sync.RWMutex
	sessions map[uuid.UUID]map[Stream]*Presence // an entry for each open session, even without a presence
	streams  map[Stream]map[uuid.UUID]*Presence // without empty streams
	total    int

	events *queue
}

// NewTracker makes a tracker and starts its event goroutine. Close ends it.
func NewTracker() *Tracker {
	return &Tracker{
		sessions: map[uuid.UUID]map[Stream]*Presence{},
		streams:  map[Stream]map[uuid.UUID]*Presence{},
		events:   newQueue(),
	}
}

// Listen adds a listener for the events of one stream mode. Listeners run in the event goroutine, before the
// announcer. They may call the tracker, but not Sync or Close, and must not block.
func (t *Tracker) Listen(mode uint8, fn func(Event)) { t.events.listen(mode, fn) }

// Announce adds a function that gets the events of all modes, after the listeners have got all events of the same
// change. The rules of Listen apply.
func (t *Tracker) Announce(fn func(Event)) { t.events.announce(fn) }

// WaitForEvents waits until the events of all earlier changes are delivered.
func (t *Tracker) WaitForEvents() { t.events.sync() }

// Hold(true) stops the delivery of events until Hold(false). A batch that is being delivered is still finished. Sync
// waits until Hold(false).
func (t *Tracker) Hold(held bool) { t.events.hold(held) }

// Close drops the events that are not delivered yet and ends the event goroutine. Later changes are tracked without
// events.
func (t *Tracker) Close() { t.events.close() }

// Open begins a session. Only an open session can be on a stream. So a late call cannot leave a presence behind
// forever.
func (t *Tracker) Open(sessionID uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sessions[sessionID] == nil {
		t.sessions[sessionID] = map[Stream]*Presence{}
	}
}

// Track puts a session on a stream. ok is false if the session is not open. isNew is false if it was on the stream
// already; then nothing changes.
func (t *Tracker) Track(id ID, userID uuid.UUID, stream Stream, meta Meta) (ok, isNew bool) {
	meta.Reason = uint32(runtime.PresenceReasonJoin)
	t.mu.Lock()
	defer t.mu.Unlock()
	on := t.sessions[id.SessionID]
	if on == nil {
		return false, false
	}
	if on[stream] != nil {
		return true, false
	}
	p := &Presence{ID: id, Stream: stream, UserID: userID, Meta: meta}
	t.put(p)
	if !meta.Hidden {
		t.events.push(Event{Stream: stream, Joins: []Presence{*p}})
	}
	return true, true
}

// Update replaces the Meta of a presence, or tracks a new presence. Others see the old presence leave and the new one
// join in one event. It returns false only if the session is not open.
func (t *Tracker) Update(id ID, userID uuid.UUID, stream Stream, meta Meta) bool {
	meta.Reason = uint32(runtime.PresenceReasonUpdate)
	t.mu.Lock()
	defer t.mu.Unlock()
	on := t.sessions[id.SessionID]
	if on == nil {
		return false
	}
	e := Event{Stream: stream}
	if old := on[stream]; old != nil && !old.Meta.Hidden {
		e.Leaves = []Presence{leaveCopy(old, runtime.PresenceReasonUpdate)}
	}
	p := &Presence{ID: id, Stream: stream, UserID: userID, Meta: meta}
	t.put(p)
	if !meta.Hidden {
		e.Joins = []Presence{*p}
	}
	if e.Joins != nil || e.Leaves != nil {
		t.events.push(e)
	}
	return true
}

// Untrack removes a session from a stream. Others see it leave.
func (t *Tracker) Untrack(sessionID uuid.UUID, stream Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.sessions[sessionID][stream]
	if p == nil {
		return
	}
	t.drop(p)
	if !p.Meta.Hidden {
		t.events.push(Event{Stream: stream, Leaves: []Presence{leaveCopy(p, runtime.PresenceReasonLeave)}})
	}
}

// UntrackMode removes a session from all streams of a mode except one. Others see it leave.
func (t *Tracker) UntrackMode(sessionID uuid.UUID, mode uint8, except Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var events []Event
	for stream, p := range t.sessions[sessionID] {
		if stream.Mode != mode || stream == except {
			continue
		}
		t.drop(p)
		if !p.Meta.Hidden {
			events = append(events, Event{Stream: stream, Leaves: []Presence{leaveCopy(p, runtime.PresenceReasonLeave)}})
		}
	}
	t.events.push(events...)
}

// UntrackAll ends a session. It removes the session from all its streams, and later calls for it fail. Others see it
// leave with the given reason.
func (t *Tracker) UntrackAll(sessionID uuid.UUID, reason runtime.PresenceReason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var events []Event
	for stream, p := range t.sessions[sessionID] {
		t.drop(p)
		if !p.Meta.Hidden {
			events = append(events, Event{Stream: stream, Leaves: []Presence{leaveCopy(p, reason)}})
		}
	}
	delete(t.sessions, sessionID)
	t.events.push(events...)
}

// UntrackStream removes everybody from a stream. There is no event, because nobody is left to see it.
func (t *Tracker) UntrackStream(stream Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.streams[stream] {
		t.drop(p)
	}
}

// Get returns the presence of a session on a stream.
func (t *Tracker) Get(sessionID uuid.UUID, stream Stream) (Presence, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	p := t.sessions[sessionID][stream]
	if p == nil {
		return Presence{}, false
	}
	return *p, true
}

// List returns the presences of a stream: hidden ones, shown ones or both. Their order is random in each call. A real
// server's list has no order either, and a module that needs one should fail in the engine first.
func (t *Tracker) List(stream Stream, includeHidden, includeShown bool) []Presence {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := make([]Presence, 0, len(t.streams[stream]))
	for _, p := range t.streams[stream] {
		if p.Meta.Hidden && includeHidden || !p.Meta.Hidden && includeShown {
			list = append(list, *p)
		}
	}
	return list
}

// IDs returns the sessions on a stream, including hidden ones, in no order.
func (t *Tracker) IDs(stream Stream) []ID {
	t.mu.RLock()
	defer t.mu.RUnlock()
	ids := make([]ID, 0, len(t.streams[stream]))
	for _, p := range t.streams[stream] {
		ids = append(ids, p.ID)
	}
	return ids
}

// Count returns the number of presences on a stream, including hidden ones.
func (t *Tracker) Count(stream Stream) int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.streams[stream])
}

// Total returns the number of presences on all streams.
func (t *Tracker) Total() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.total
}

// put stores a presence of an open session and replaces an older one.
func (t *Tracker) put(p *Presence) {
	if t.sessions[p.ID.SessionID][p.Stream] == nil {
		t.total++
	}
	t.sessions[p.ID.SessionID][p.Stream] = p
	on := t.streams[p.Stream]
	if on == nil {
		on = map[uuid.UUID]*Presence{}
		t.streams[p.Stream] = on
	}
	on[p.ID.SessionID] = p
}

func (t *Tracker) drop(p *Presence) {
	t.total--
	delete(t.sessions[p.ID.SessionID], p.Stream)
	on := t.streams[p.Stream]
	delete(on, p.ID.SessionID)
	if len(on) == 0 {
		delete(t.streams, p.Stream)
	}
}

// leaveCopy returns a copy of a presence for a leave event.
func leaveCopy(p *Presence, reason runtime.PresenceReason) Presence {
	left := *p
	left.Meta.Reason = uint32(reason)
	return left
}
