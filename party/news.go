package party

import (
	"sync"
	"time"
)

// ChangeKind says what happened to a party.
type ChangeKind int

const (
	PartyCreated ChangeKind = iota + 1
	PartyClosed
	PartyUpdated  // open, hidden or the label
	MemberEntered // by whatever way
	MemberLeft    // on purpose, kicked, or for another party
	MemberDropped // its session ended
	SeatsChanged  // seats are reserved, or not reserved any more
	HoldsOver     // invites hold no seat any more, which storage does not know yet: who made them has left, or was kicked whom they are for
	SeatAway      // a member's connection ended, its seat is kept
	SeatFound     // storage knows of a seat that this process did not
	SeatBack      // its user is a member again
	SeatLost      // nobody came back in time, or may any more
	SeatGivenUp   // by its user, who has left; comes behind the SeatLost
	SeatEnded     // with its party, or reported by another node: nobody is to be told
	PartyRestored // a party in which everybody was away goes on in a new native one
	PartyEnded    // nobody is in it any more, and nothing of it is kept; perhaps not the first time

	MemberRemoved   // by the leader; comes behind the MemberLeft
	RequestRejected // by the leader: the session asked to join, and may not
)

// Change is something that happened to a party.
type Change struct {
	Kind    ChangeKind
	ID      ID
	Session Session // of the Member kinds and RequestRejected; of HoldsOver the user who was kicked, if any
	Native  bool    // of MemberEntered: through the engine's own join or accept
	Moved   bool    // of MemberEntered and MemberLeft: the user's seat moves to another session, or from one
	Seat    Seat    // of the Seat kinds
	By      string  // of MemberRemoved, RequestRejected, PartyClosed, and of the MemberLeft of a kick: the leader's user
	Was     ID      // of PartyRestored: the native party before; of PartyEnded: the first one
	Known   ID      // of PartyRestored: the native party that its members know, after a restart another than Was

	At         time.Time     // of MemberEntered, MemberLeft and MemberDropped: players saw it no earlier; zero for who is in a new native party from its beginning
	Attributes bool          // of MemberEntered: the party has some
	Invites    []string      // of HoldsOver
	Waited     time.Duration // of MemberEntered: for how long in line for a seat; 0 for not at all

	Queued map[string]time.Duration // of PartyRestored, by queue: how long the party had waited for a match when it was left
}

// Age is how long a party has waited for a match in a queue. Time without a ticket does not count.
type Age struct {
	Since  time.Time     // of a ticket that waits; zero for none
	Waited time.Duration // where none does
}

// At is the age at a time.
func (a Age) At(t time.Time) time.Duration {
	if a.Since.IsZero() {
		return a.Waited
	}
	return t.Sub(a.Since)
}

// News passes changes on. Subscribe while everything is being constructed; the
// publisher holds no lock, so subscribers may call anything.
type News struct{ subscribers []func(Change) }

// Subscribe has f called with each change, one party's changes in their order, in the
// goroutine of the caller that caused one or another. f should be quick: it delays that message's
// answer. It must take no lock that is held while anything of a party is asked of the ledger.
func (n *News) Subscribe(f func(Change)) { n.subscribers = append(n.subscribers, f) }

// Publish passes a change on to all subscribers. Code that changes parties one at a time has an
// [Outbox] do it in order.
func (n *News) Publish(c Change) {
	for _, f := range n.subscribers {
		f(c)
	}
}

// Outbox keeps one party's changes in order until its lock is released. Add to it under
// the lock; Flush it after. The zero Outbox is ready; safe for concurrent use.
type Outbox struct {
	mu      sync.Mutex // not held while publishing
	waiting []Change
	sending bool
}

// Add puts changes behind those that wait.
func (o *Outbox) Add(changes ...Change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(o.waiting, changes...)
}

// Empty reports whether nothing waits and nobody is sending.
func (o *Outbox) Empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting) == 0 && !o.sending
}

// Flush publishes what waits. Where another goroutine is at it, or a subscriber has caused
// the change, that one goes on with these behind its own.
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

// send publishes one change. Should a subscriber panic, the next Flush goes on behind it.
func (o *Outbox) send(n *News, c Change) {
	defer func() {
		o.mu.Lock()
		o.sending = false
		o.mu.Unlock()
	}()
	n.Publish(c)
}
