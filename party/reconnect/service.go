// Package reconnect gives members who lost their connection time to come back: it tells their
// party that they are away, back or lost, puts them back into the seat that the ledger keeps for
// them, and ends a seat when its time is over. It also tells players that they were removed.
//
// What a [Service] has in memory is the timers of the seats that its process knows of, and which
// sessions wait for the end of an older connection, or of a fault. Of seats that nobody knows of the ledger's
// sweep tells. Safe for concurrent use.
package reconnect

import (
	"context"
	"sync"
	"time"

	"partyline/internal/alarm"
	"partyline/internal/bounded"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/roster"
)

// Deps is what a Service works with. All are needed.
type Deps struct {
	Admission *admission.Admission
	Roster    *roster.Roster
	News      *party.News // what admission publishes
	Sender    party.Sender
	Notifier  party.Notifier
	Policy    party.Policy
	Logger    party.Logger
	Now       party.Clock

	Newcomer party.Newcomer      // tells of members who have just come back
	Waits    func(party.ID) bool // whether a party is still to be told of some
}

// Service is reconnection.
type Service struct {
	Deps

	seats *alarm.Alarms[kept] // those that this process knows of, at their end
	again *alarm.Alarms[try]  // of sessions that a fault has kept out of them

	mu      sync.Mutex        // a leaf: nothing else is locked while it is held
	waiting map[string]waiter // by user; nil once closed
}

// kept names a seat whose time runs.
type kept struct {
	id     party.ID
	member party.Session
}

func (k kept) String() string { return k.id.String() + " user=" + k.member.UserID }

// New makes a service that hears the news of seats. Close it to stop its timers.
func New(d Deps) *Service {
	s := &Service{Deps: d, waiting: map[string]waiter{}}
	s.seats = alarm.New(d.Now, d.Logger, "kept seat not ended party=", s.expire)
	turns := make(chan struct{}, triesAtOnce)
	s.again = alarm.New(d.Now, d.Logger, "member not put back user=", func(t try) {
		turns <- struct{}{}
		defer func() { <-turns }()
		s.tryAgain(t)
	})
	d.News.Subscribe(s.changed)
	return s
}

// Close stops all timers and waits for those that went off. Seats stay in storage.
func (s *Service) Close() {
	s.mu.Lock()
	s.waiting = nil
	s.mu.Unlock()
	s.seats.Close()
	s.again.Close()
}

// Running counts the timers that run and the sessions that wait.
func (s *Service) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seats.Len() + s.again.Len() + len(s.waiting)
}

// expire ends a seat whose time is over.
func (s *Service) expire(k kept) {
	ctx, cancel := bounded.Context(context.Background(), notifyTimeout)
	defer cancel()
	if err := s.Admission.Expire(ctx, party.Seat{ID: k.id, Member: k.member}); err != nil {
		s.Logger.Warn("kept seat not ended party=%s user=%s error=%v", k.id, k.member.UserID, err)
	}
}

// message is what members are told, op code [party.OpMember].
type message struct {
	Event  eventName `json:"event"`
	UserID string    `json:"user_id"`
	Until  int64     `json:"until,omitempty"` // Unix seconds; to when the seat is, or was, kept
	By     string    `json:"by,omitempty"`    // of removed: the leader's user ID
	Was    string    `json:"was,omitempty"`   // of restored: the party's native ID before
	Led    string    `json:"led,omitempty"`   // of back: the user who led when the connection was lost
}

type eventName string

const (
	eventAway     eventName = "away"
	eventBack     eventName = "back"
	eventLost     eventName = "lost"
	eventRestored eventName = "restored"
	eventRemoved  eventName = "removed"
)

// changed handles what happens to seats and members.
func (s *Service) changed(c party.Change) {
	seat := kept{c.Seat.ID, c.Seat.Member}
	m := message{UserID: c.Seat.Member.UserID, Until: party.Seconds(c.Seat.Until)}
	tell := func() error { return party.SendData(s.Sender, c.ID, party.OpMember, m) }
	newcomer := func() error { return s.Newcomer(c.ID, party.OpMember, m) }
	if s.Waits(c.ID) { // in the order in which it happened
		tell = newcomer
	}
	switch c.Kind {
	case party.MemberLeft:
		if c.Moved {
			s.overtaken(c.ID, c.Session)
		}
		return
	case party.SeatAway:
		s.seats.Set(seat, c.Seat.Until)
		m.Event = eventAway
	case party.SeatFound: // who was there has heard that it is away
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

// removal is the content of notification 1004: by whom, and what the player was.
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

// notify tells the user to whom it happened.
func (s *Service) notify(c party.Change, kind removalKind) {
	ctx, cancel := context.WithTimeout(context.Background(), notifyTimeout)
	defer cancel()
	err := party.Notify(ctx, s.Notifier, party.NoticeRemoved.To(c.Session.UserID, c.By, removal{PartyID: c.ID.String(), By: c.By, Kind: kind}))
	if err != nil {
		s.Logger.Warn("removed player not notified party=%s user=%s error=%v", c.ID, c.Session.UserID, err)
	}
}

const notifyTimeout = 5 * time.Second
