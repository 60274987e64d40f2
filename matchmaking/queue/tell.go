package queue

import (
	"context"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Notification to a player without a party whose ticket is ignored from now on.
const (
	NotifyDropped  = 1003
	SubjectDropped = "matchmaking"
)

// EventName says what became of a ticket.
type EventName string

const (
	Queued    EventName = "queued"    // the ticket waits
	Dropped   EventName = "dropped"   // it does not any more, for a reason; nobody asked for that
	Matched   EventName = "matched"   // it has a match
	Cancelled EventName = "cancelled" // the leader took it back
)

// DropReason says why a ticket was dropped.
type DropReason string

const (
	// DropMembership: somebody joined or left. The host has removed the ticket; the
	// party's next one keeps its age.
	DropMembership DropReason = "membership"
	// DropInternal: the host gave the ticket up for a match that could not be made after
	// all. The next one keeps its age.
	DropInternal DropReason = "internal"

	// The host still has these tickets, though they will never be matched: a client
	// removes them, so that they do not count against its tickets.

	DropExpired  DropReason = "expired"         // it waited for the queue's max_wait
	DropTooLarge DropReason = "party_too_large" // the party grew beyond what the queue takes
	DropUnknown  DropReason = "unknown_queue"   // the queue is gone from the rules file
	DropInvalid  DropReason = "invalid_request" // the queue now asks for what the ticket does not have
	DropOther    DropReason = "matched"         // another ticket of the same players was matched first
	DropSolo     DropReason = "party_queued"    // the player's party looks for a match
)

// Event is a message to the party, op code [party.OpMatchmaking], or the content of a
// notification to a player without one.
type Event struct {
	Event  EventName  `json:"event"`
	Queue  string     `json:"queue"` // "" while the host matches by itself
	Ticket string     `json:"ticket"`
	Reason DropReason `json:"reason"` // "" unless dropped
}

// Notifier sends notifications.
type Notifier interface {
	NotificationsSend(ctx context.Context, notifications []*runtime.NotificationSend) error
}

// tell says what became of a ticket: to the party, or to the player whose ticket was
// dropped; anything else a player learns from the host. What has happened stays, whether
// or not anybody hears of it. With neither queues nor matches of ours nothing is said:
// native parties are as they were.
func (s *Service) tell(ctx context.Context, t Ticket, name EventName, reason DropReason) {
	if !t.Solo() {
		s.told(t.Party, name)
	}
	if !s.processing && !s.policy().Matchmaking.CreateMatch {
		return
	}
	e := Event{Event: name, Queue: t.Queue, Ticket: t.ID, Reason: reason}
	var err error
	switch {
	case !t.Solo():
		err = party.SendData(s.sender, t.Party, party.OpMatchmaking, e)
	case name == Dropped && len(t.Members) > 0:
		err = s.notifier.NotificationsSend(ctx, []*runtime.NotificationSend{{
			UserID: t.Members[0].UserID, Subject: SubjectDropped, Code: NotifyDropped,
			Content: map[string]any{"event": string(name), "queue": t.Queue, "ticket": t.ID, "reason": string(reason)},
		}})
	}
	if err != nil {
		s.logger.Warn("matchmaking event not sent event=%s ticket=%s error=%v", name, t.ID, err)
	}
}

// drop ends a live ticket and says why. It answers false for a ticket that had ended.
func (s *Service) drop(ctx context.Context, id string, reason DropReason) bool {
	t, live := s.end(ctx, id)
	if !live {
		return false
	}
	if reason == DropInternal || reason == DropMembership && !t.Solo() {
		s.book.Keep(t, s.policy().Queues[t.Queue].MaxWait)
	}
	s.metrics.MetricsCounterAdd(MetricDropped, map[string]string{"queue": t.Queue, "reason": string(reason)}, 1)
	s.tell(ctx, t, Dropped, reason)
	return true
}
