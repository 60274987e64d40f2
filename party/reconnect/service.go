// Package reconnect gives members who lost their connection time to come back. It tells their party that they are away,
// back or lost, puts them back into the seat that the ledger keeps, and ends a seat when its time is over. It also
// tells players that they were removed.
//
// A [Service] has in memory only timers, and the sessions that wait for the end of an older connection or of a fault.
// The ledger's sweep finds the kept seats without a timer. Safe for concurrent use.
package reconnect

import (
	"context"
	"sync"
	"time"

	"partyline/internal/alarm"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/roster"
)

// Deps has the dependencies of a Service. All are needed.
type Deps struct {
	Admission *admission.Admission
	Roster    *roster.Roster
	News      *party.News // from which it gets changes
	Sender    party.Sender
	Notifier  party.Notifier
	Policy    party.Policy
	Logger    party.Logger
	Now       party.Clock

	Newcomer party.Newcomer      // sends messages about members who have just come back
	Waits    func(party.ID) bool // reports whether such a message to the party still waits
}

// Service manages reconnection.
type Service struct {
	Deps

	seats   *alarm.Alarms[party.Seat]    // timers for the end of the seats that this process knows, by ID and member
	retries *alarm.Alarms[party.Session] // timers of sessions that a fault kept out of their seats

	mu      sync.Mutex        // a leaf lock: no other lock is taken while it is held
	waiting map[string]waiter // by user; nil once closed
}

// New makes a service that subscribes to the news of seats. The caller closes it to stop its timers.
func New(d Deps) *Service {
	s := &Service{Deps: d, waiting: map[string]waiter{}}
	s.seats = alarm.New(d.Now, d.Logger, "kept seat not ended: ", s.expire)
	turns := make(chan struct{}, maxRetriesAtOnce)
	s.retries = alarm.New(d.Now, d.Logger, "member not returned to the kept seat user=", func(session party.Session) {
		turns <- struct{}{}
		defer func() { <-turns }()
		s.retry(session)
	})
	d.News.Subscribe(s.onChange)
	return s
}

// Close stops all timers and waits for those that are running. Seats stay in storage.
func (s *Service) Close() {
	s.mu.Lock()
	s.waiting = nil
	s.mu.Unlock()
	s.seats.Close()
	s.retries.Close()
}

// Running counts the active timers and the waiting sessions.
func (s *Service) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seats.Len() + s.retries.Len() + len(s.waiting)
}

// expire ends a seat whose time is over.
func (s *Service) expire(seat party.Seat) {
	ctx, cancel := context.WithTimeout(context.Background(), notifyTimeout)
	defer cancel()
	if err := s.Admission.Expire(ctx, seat); err != nil {
		s.Logger.Warn("kept seat not ended party=%s user=%s error=%v", seat.ID, seat.Member.UserID, err)
	}
}

// message is the message to members, op code [party.OpMember].
type message struct {
	Event  eventName `json:"event"`
	UserID string    `json:"user_id"`
	Until  int64     `json:"until,omitempty"` // Unix seconds; the end of the kept seat
	By     string    `json:"by,omitempty"`    // for removed: the leader's user ID
	Was    string    `json:"was,omitempty"`   // for restored: the party's native ID before
	Led    string    `json:"led,omitempty"`   // for back: the user who led when the connection was lost
}

type eventName string

const (
	eventAway     eventName = "away"
	eventBack     eventName = "back"
	eventLost     eventName = "lost"
	eventRestored eventName = "restored"
	eventRemoved  eventName = "removed"
)

// onChange handles changes of seats and members.
func (s *Service) onChange(c party.Change) {
	seat := party.Seat{ID: c.Seat.ID, Member: c.Seat.Member}
	m := message{UserID: c.Seat.Member.UserID, Until: party.Seconds(c.Seat.Until)}
	tell := func() error { return party.SendData(s.Sender, c.ID, party.OpMember, m) }
	newcomer := func() error { return s.Newcomer(c.ID, party.OpMember, m) }
	if s.Waits(c.ID) { // keep the order of the changes
		tell = newcomer
	}
	switch c.Kind {
	case party.SeatAway:
		s.seats.Set(seat, c.Seat.Until)
		m.Event = eventAway
	case party.SeatFound: // members who were there already know that it is away
		s.seats.Set(seat, c.Seat.Until)
		return
	case party.SeatBack:
		s.seats.Stop(seat)
		m.Event, m.Led, tell = eventBack, c.Seat.Led, newcomer
	case party.SeatLost:
		s.seats.Stop(seat)
		m.Event = eventLost
	case party.SeatEnded:
		s.seats.Stop(seat)
		return
	case party.PartyRestored:
		m, tell = message{Event: eventRestored, UserID: c.Session.UserID, Was: c.Known.String()}, newcomer
	case party.MemberRemoved:
		s.notify(c, removedKicked)
		m = message{Event: eventRemoved, UserID: c.Session.UserID, By: c.By}
	case party.RequestRejected:
		s.notify(c, removedRejected)
		return
	default:
		return
	}
	if err := tell(); err != nil {
		s.Logger.Warn("member event not sent event=%s party=%s user=%s error=%v", m.Event, c.ID, m.UserID, err)
	}
}

// removal is the content of notification 1004.
type removal struct {
	PartyID string      `json:"party_id"`
	By      string      `json:"by"` // the leader's user ID
	Kind    removalKind `json:"kind"`
}

type removalKind string

const (
	removedKicked   removalKind = "kicked"           // was a member
	removedRejected removalKind = "request_rejected" // asked to join
)

// notify notifies the user who was removed or rejected.
func (s *Service) notify(c party.Change, kind removalKind) {
	ctx, cancel := context.WithTimeout(context.Background(), notifyTimeout)
	defer cancel()
	err := party.Notify(ctx, s.Notifier, party.NoticeRemoved.To(c.Session.UserID, c.By, removal{PartyID: c.ID.String(), By: c.By, Kind: kind}))
	if err != nil {
		s.Logger.Warn("removed player not notified party=%s user=%s error=%v", c.ID, c.Session.UserID, err)
	}
}

const notifyTimeout = 5 * time.Second
