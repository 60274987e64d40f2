package presence

import (
	"sync"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Tracker knows every presence of the node, by stream and by session.
type Tracker struct {
	// mu guards the maps. It is a leaf: nothing is called with it held but the queue,
	// whose own lock is never held around foreign code.
	mu       sync.RWMutex
	sessions map[uuid.UUID]map[Stream]*Presence // an entry for each open session, even without a presence
	streams  map[Stream]map[uuid.UUID]*Presence // no empty ones
	total    int

	events *queue
}

// NewTracker makes a tracker and starts its event goroutine; Close ends it.
func NewTracker() *Tracker {
	return &Tracker{
		sessions: map[uuid.UUID]map[Stream]*Presence{},
		streams:  map[Stream]map[uuid.UUID]*Presence{},
		events:   newQueue(),
	}
}

// Listen adds a listener for the events of one stream mode. Listeners run in the event
// goroutine, before the announcer: they may call the tracker, but not Sync or Close,
// and must not block.
func (t *Tracker) Listen(mode uint8, fn func(Event)) { t.events.listen(mode, fn) }

// Announce adds a function that gets the events of all modes, after every listener has
// seen all events of the same change. The rules of Listen apply.
func (t *Tracker) Announce(fn func(Event)) { t.events.announce(fn) }

// Sync waits until every event of a change made before the call is delivered.
func (t *Tracker) Sync() { t.events.sync() }

// Hold keeps events that are not under way yet from being delivered, until it is told false.
// Sync waits for that.
func (t *Tracker) Hold(held bool) { t.events.hold(held) }

// Close drops the events not yet delivered and ends the event goroutine. Changes made
// afterwards are tracked in silence.
func (t *Tracker) Close() { t.events.close() }

// Open begins a session. Only an open session can be on a stream; that is what keeps a
// call that comes too late from leaving a presence behind for ever.
func (t *Tracker) Open(sessionID uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sessions[sessionID] == nil {
		t.sessions[sessionID] = map[Stream]*Presence{}
	}
}

// Track puts a session on a stream. It reports ok false if the session is not open, and
// isNew false if it was on the stream already, in which case nothing changes.
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

// Update replaces what a presence carries, or tracks it if it is new. Others see the
// old presence leave and the new one join, in one event. It reports false only if the
// session is not open.
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
		e.Leaves = []Presence{gone(old, runtime.PresenceReasonUpdate)}
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

// Untrack takes a session off a stream. Others see it leave.
func (t *Tracker) Untrack(sessionID uuid.UUID, stream Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.sessions[sessionID][stream]
	if p == nil {
		return
	}
	t.drop(p)
	if !p.Meta.Hidden {
		t.events.push(Event{Stream: stream, Leaves: []Presence{gone(p, runtime.PresenceReasonLeave)}})
	}
}

// UntrackMode takes a session off all streams of a mode but one. Others see it leave.
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
			events = append(events, Event{Stream: stream, Leaves: []Presence{gone(p, runtime.PresenceReasonLeave)}})
		}
	}
	t.events.push(events...)
}

// UntrackAll ends a session: it takes it off all its streams, and later calls for it
// fail. Others see it leave with the given reason.
func (t *Tracker) UntrackAll(sessionID uuid.UUID, reason runtime.PresenceReason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var events []Event
	for stream, p := range t.sessions[sessionID] {
		t.drop(p)
		if !p.Meta.Hidden {
			events = append(events, Event{Stream: stream, Leaves: []Presence{gone(p, reason)}})
		}
	}
	delete(t.sessions, sessionID)
	t.events.push(events...)
}

// UntrackStream takes everybody off a stream. There is no event: nobody is left who
// could see it.
func (t *Tracker) UntrackStream(stream Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.streams[stream] {
		t.drop(p)
	}
}

// Get gives the presence of a session on a stream.
func (t *Tracker) Get(sessionID uuid.UUID, stream Stream) (Presence, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	p := t.sessions[sessionID][stream]
	if p == nil {
		return Presence{}, false
	}
	return *p, true
}

// List gives the presences of a stream, hidden ones, shown ones or both. They are in no
// order, and deliberately in a new one each time: a real server's list has none either,
// and a module that relies on one should fail here first.
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

// IDs gives the sessions on a stream, hidden ones included, in no order.
func (t *Tracker) IDs(stream Stream) []ID {
	t.mu.RLock()
	defer t.mu.RUnlock()
	ids := make([]ID, 0, len(t.streams[stream]))
	for _, p := range t.streams[stream] {
		ids = append(ids, p.ID)
	}
	return ids
}

// Count is the number of presences on a stream, hidden ones included.
func (t *Tracker) Count(stream Stream) int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.streams[stream])
}

// Total is the number of presences on all streams.
func (t *Tracker) Total() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.total
}

// put indexes a presence of an open session, in place of an older one.
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

// gone is the copy of a presence that goes into a leave event.
func gone(p *Presence, reason runtime.PresenceReason) Presence {
	left := *p
	left.Meta.Reason = uint32(reason)
	return left
}
