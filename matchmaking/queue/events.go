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
	Dropped   EventName = "dropped"   // it no longer waits, for a reason; nobody asked for that
	Matched   EventName = "matched"   // it has a match
	Cancelled EventName = "cancelled" // the leader cancelled it
	Found     EventName = "found"     // there is a match for it, if everybody accepts
	Replaced  EventName = "replaced"  // another player is asked in place of one who did not accept
)

// DropReason says why a ticket was dropped.
type DropReason string

// NoReason: the event needs no reason.
const NoReason DropReason = ""

const (
	// DropMembership: somebody joined or left. The host has removed the ticket. The party's next ticket keeps its age.
	DropMembership DropReason = "membership"
	// DropInternal: the host removed the ticket for a match that then could not be made. The next ticket keeps its age.
	DropInternal DropReason = "internal"

	// The host still has these tickets, but never matches them. The client removes them, so that they do not count
	// against its limit.

	DropExpired          DropReason = "expired"         // it waited for the queue's max_wait
	DropTooLarge         DropReason = "party_too_large" // the party is now larger than the queue allows
	DropUnknownQueue     DropReason = "unknown_queue"   // the queue is gone from the rules file
	DropInvalid          DropReason = "invalid_request" // the queue now needs properties that the ticket does not have
	DropMatchedElsewhere DropReason = "matched"         // another ticket of the same players was matched first
	DropDeclined         DropReason = "declined"        // a player on it declined the match that was found
	DropNoAnswer         DropReason = "no_answer"       // a player on it did not answer in time
	DropSolo             DropReason = "party_queued"    // the player's party looks for a match
)

// QueuedAgain: the ticket waits again, because nobody was found to replace a player who did not accept.
const QueuedAgain DropReason = "no_replacement"

// NoCapacity: the ticket waits again, because there was no game server in time.
const NoCapacity DropReason = "no_capacity"

// Event is a message to the party, op code [party.OpMatchmaking]. A player without a party gets it in a notification.
type Event struct {
	Event  EventName  `json:"event"`
	Queue  string     `json:"queue"` // "" if the host itself matches
	Ticket string     `json:"ticket"`
	Reason DropReason `json:"reason"` // "" if the event needs none
	// AcceptBy is the deadline for an answer, Unix seconds; only with found and replaced.
	AcceptBy int64 `json:"accept_by,omitempty"`
}

// tell tells what became of a ticket. It tells the party, or the player whose ticket was dropped: the host tells
// players without a party everything else. It sends nothing if there are neither queues nor matches of this module.
func (ts *tickets) tell(ctx context.Context, t Ticket, name EventName, reason DropReason) {
	if !t.Solo() {
		ts.OnTicketEvent(t.Party, name)
	}
	if !ts.Processing && !ts.Policy().Matchmaking.CreateMatch {
		return
	}
	ts.announce(ctx, t, Event{Event: name, Queue: t.Queue, Ticket: t.ID, Reason: reason})
}

// announce sends an event to the party. To a player without a party it sends only what the host does not tell.
func (ts *tickets) announce(ctx context.Context, t Ticket, e Event) {
	var err error
	if !t.Solo() && (e.Reason == DropMembership || ts.NewcomerPending(t.Party)) {
		err = ts.Newcomer(t.Party, party.OpMatchmaking, e) // the newcomer who ended the ticket hears of the party first
	} else if !t.Solo() {
		err = party.SendData(ts.Sender, t.Party, party.OpMatchmaking, e)
	} else if n := notification(t, e); n != nil {
		err = party.Notify(context.WithoutCancel(ctx), ts.Notifier, n) // even if ctx has ended meanwhile
	}
	if err != nil {
		ts.Logger.Warn("matchmaking event not sent event=%s ticket=%s error=%v", e.Event, t.ID, err)
	}
}

// found is the content of notification 1006.
type found struct {
	Ticket   string `json:"ticket"`
	Queue    string `json:"queue"`
	AcceptBy int64  `json:"accept_by"` // the deadline for an answer, Unix seconds
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
