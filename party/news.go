package party

import (
	"sync"
	"time"
)

// ChangeKind is what happened to a party.
type ChangeKind int

const (
	PartyCreated ChangeKind = iota + 1
	PartyClosed
	PartyUpdated  // the open flag, the hidden flag or the label
	MemberEntered // in any way
	MemberLeft    // on purpose, kicked, or moved to another party
	MemberDropped // its session ended
	SeatsChanged  // seats were reserved or freed
	HoldsOver     // invites hold no seat any more, and storage does not know it yet: their maker has left, or their user was kicked
	SeatAway      // a member's connection ended; the seat is kept
	SeatFound     // storage has a kept seat that this process did not know
	SeatBack      // its user is a member again
	SeatLost      // the user did not come back in time, or may not any more
	SeatGivenUp   // the user left on purpose; comes after the SeatLost
	SeatEnded     // with its party, or another node reports it: nobody is told
	PartyRestored // a party that was away goes on in a new native party
	PartyEnded    // nobody is in it, and nothing of it is kept; may come more than once

	MemberRemoved   // by the leader; comes after the MemberLeft
	RequestRejected // by the leader: the session asked to join, and may not
)

// Change is something that happened to a party.
type Change struct {
	Kind    ChangeKind
	ID      ID
	Session Session // for the Member kinds and RequestRejected; for HoldsOver only the user who was kicked, if any
	Native  bool    // for MemberEntered: through the host's own join or accept
	Moved   bool    // for MemberEntered and MemberLeft: the user's seat moves between two of their sessions
	Seat    Seat    // for the Seat kinds
	By      string  // for MemberRemoved, RequestRejected, PartyClosed, and the MemberLeft of a kick: the leader's user ID
	Was     ID      // for PartyRestored: the previous native party; for PartyEnded: the party's first ID
	Known   ID      // for PartyRestored: the native party that its members know; differs from Was after a restart

	At         time.Time     // for MemberEntered, MemberLeft, MemberDropped: players saw it no earlier; zero for the first member of a new party
	Attributes bool          // for MemberEntered: the party has attributes
	Invites    []string      // for HoldsOver: their IDs
	Waited     time.Duration // for MemberEntered: time on the wait list; 0 if the user was not on it

	Queued map[string]time.Duration // for PartyRestored, by queue: how long the party had waited for a match when its members lost their connections
}

// Age is how long a party has waited for a match in a queue. Time without a ticket does not count.
type Age struct {
	Since  time.Time     // start of a waiting ticket; zero if there is none
	Waited time.Duration // if there is no waiting ticket
}

// At returns the age at time t.
func (a Age) At(t time.Time) time.Duration {
	if a.Since.IsZero() {
		return a.Waited
	}
	return t.Sub(a.Since)
}

// News passes changes on. Subscribe while the module is constructed. Subscribers may call anything.
type News struct{ subscribers []func(Change) }

// Subscribe registers f, which is called with each change, in order for each party, in any goroutine. f should be
// quick, because it delays the answer to a message, and must take no lock that is held during calls of the ledger.
func (n *News) Subscribe(f func(Change)) { n.subscribers = append(n.subscribers, f) }

// Publish passes a change on to all subscribers. Changes of a party under its lock go through an [Outbox].
func (n *News) Publish(c Change) {
	for _, f := range n.subscribers {
		f(c)
	}
}

// Outbox keeps one party's changes in order until its lock is released. Add to it under the lock, and call Flush after
// the release. The zero Outbox is ready to use. Safe for concurrent use.
type Outbox struct {
	mu      sync.Mutex // not held while publishing
	waiting []Change
	sending bool
}

// Add appends changes.
func (o *Outbox) Add(changes ...Change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(o.waiting, changes...)
}

// Empty reports whether no change waits and nobody is publishing.
func (o *Outbox) Empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting) == 0 && !o.sending
}

// Flush publishes the waiting changes. If another Flush is running, that one publishes them after its own.
func (o *Outbox) Flush(n *News) {
	for {
		o.mu.Lock()
		if o.sending || len(o.waiting) == 0 {
			o.mu.Unlock()
			return
		}
		c := o.waiting[0]
		o.waiting = o.waiting[1:]
		o.sending = true
		o.mu.Unlock()
		o.send(n, c)
	}
}

// send publishes one change. If a subscriber panics, the next Flush continues with the next change.
func (o *Outbox) send(n *News, c Change) {
	defer func() {
		o.mu.Lock()
		o.sending = false
		o.mu.Unlock()
	}()
	n.Publish(c)
}
