package queue

import (
	"context"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// EventName says what became of a ticket.
type EventName string

const (
	Queued    EventName = "queued"    // the ticket waits
	Dropped   EventName = "dropped"   // it does not any more, for a reason; nobody asked for that
	Matched   EventName = "matched"   // it has a match
	Cancelled EventName = "cancelled" // the leader took it back
	Found     EventName = "found"     // there is a match for it, if everybody accepts
	Replaced  EventName = "replaced"  // somebody else is asked in place of a player who did not accept
)

// DropReason says why a ticket was dropped.
type DropReason string

// NoReason: the event needs none.
const NoReason DropReason = ""

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
	DropDeclined DropReason = "declined"        // somebody on it did not want the match that was found
	DropNoAnswer DropReason = "no_answer"       // somebody on it did not answer in time
	DropSolo     DropReason = "party_queued"    // the player's party looks for a match
)

// QueuedAgain is why a ticket waits again: nobody was found in place of a player who did not
// accept.
const QueuedAgain DropReason = "no_replacement"

// NoCapacity is why a ticket waits again: no game server could be had in time.
const NoCapacity DropReason = "no_capacity"

// Event is a message to the party, op code [party.OpMatchmaking], or the content of a
// notification to a player without one.
type Event struct {
	Event  EventName  `json:"event"`
	Queue  string     `json:"queue"` // "" while the host matches by itself
	Ticket string     `json:"ticket"`
	Reason DropReason `json:"reason"` // "" where the event needs none
	// AcceptBy is when an answer is too late, Unix seconds; with found and replaced only.
	AcceptBy int64 `json:"accept_by,omitempty"`
}

// tell says what became of a ticket: to the party, or to the player whose ticket was dropped; anything
// else a player learns from the host. With neither queues nor matches of ours nothing is said.
func (ts *tickets) tell(ctx context.Context, t Ticket, name EventName, reason DropReason) {
	if !t.Solo() {
		ts.Told(t.Party, name)
	}
	if !ts.Processing && !ts.Policy().Matchmaking.CreateMatch {
		return
	}
	ts.announce(ctx, t, Event{Event: name, Queue: t.Queue, Ticket: t.ID, Reason: reason})
}

// announce sends an event to the party, or what a player alone does not learn from the host.
func (ts *tickets) announce(ctx context.Context, t Ticket, e Event) {
	var err error
	if !t.Solo() && (e.Reason == DropMembership || ts.Waits(t.Party)) {
		err = ts.Newcomer(t.Party, party.OpMatchmaking, e) // who has just joined, which ended the ticket, hears of the party first
	} else if !t.Solo() {
		err = party.SendData(ts.Sender, t.Party, party.OpMatchmaking, e)
	} else if n := notification(t, e); n != nil {
		err = party.Notify(context.WithoutCancel(ctx), ts.Notifier, n) // however long what it tells of has taken
	}
	if err != nil {
		ts.Logger.Warn("matchmaking event not sent event=%s ticket=%s error=%v", e.Event, t.ID, err)
	}
}

// found is the content of notification 1006.
type found struct {
	Ticket   string `json:"ticket"`
	Queue    string `json:"queue"`
	AcceptBy int64  `json:"accept_by"` // when an answer is too late, Unix seconds
}

func notification(t Ticket, e Event) *runtime.NotificationSend {
	switch {
	case len(t.Members) == 0, e.Event == Matched, e.Event == Cancelled:
		return nil
	case e.Event == Found:
		return party.NoticeFound.To(t.Members[0].UserID, "", found{Ticket: e.Ticket, Queue: e.Queue, AcceptBy: e.AcceptBy})
	}
	return party.NoticeDropped.To(t.Members[0].UserID, "", e)
}
