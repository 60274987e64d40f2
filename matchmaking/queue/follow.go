package queue

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
)

// follower mirrors what the host does with tickets, parties and sockets. Its methods come after the host has
// done its part, unless they say otherwise. Safe for concurrent use.
type follower struct {
	*tickets
	claims *claims
	blocks *blocking
}

// PartyQueued follows a party's ticket; add is what the host was given. Who has gone since the check has
// ended it, and the news of that may be over.
func (f *follower) PartyQueued(ctx context.Context, id party.ID, by party.Session, ticket string, add *rtapi.PartyMatchmakerAdd) error {
	t := Ticket{ID: ticket, Party: id, Session: by, Members: f.claims.of(by.SessionID).Members}
	if len(t.Members) == 0 {
		v, err := f.Roster.View(ctx, id)
		if err != nil {
			return err // gone with its ticket
		}
		t.Members = sessions(v)
	}
	if !f.follow(&t, add.GetStringProperties(), add.GetNumericProperties()) {
		return nil
	}
	f.tell(ctx, t, Queued, NoReason) // first of all: what ends the ticket meanwhile is told at once
	v, err := f.Roster.View(ctx, id)
	if err != nil {
		if party.ReasonOf(err) == party.PartyNotFound {
			f.end(ctx, t.ID)
		}
		return err
	}
	for _, m := range sessions(v) {
		f.book.Late(id, m) // a newcomer may be on the ticket, or not; the host alone knows
	}
	if !f.complete(ctx, t, v) {
		return nil
	}
	f.blocks.read(ctx, t)
	if f.cancelsSolo() {
		for _, user := range users(t.Members) {
			f.dropSolo(ctx, user)
		}
	}
	return nil
}

// SoloQueued follows the ticket of a player without a party. A ticket that the player's
// party has got meanwhile ends it, where the rules cancel such tickets.
func (f *follower) SoloQueued(ctx context.Context, by party.Session, ticket string, add *rtapi.MatchmakerAdd) {
	t := Ticket{ID: ticket, Session: by, Members: []party.Session{by}}
	if !f.follow(&t, add.GetStringProperties(), add.GetNumericProperties()) {
		return
	}
	f.blocks.read(ctx, t)
	if f.cancelsSolo() && slices.ContainsFunc(f.book.OfUser(by.UserID), func(o Ticket) bool { return !o.Solo() }) {
		f.drop(ctx, t.ID, DropSolo)
	}
}

// follow reads back what the check filled in and has the book follow a ticket in place of the claim to
// it, before anybody is told: what they do then finds the one or the other. False for a ticket that has ended.
func (f *follower) follow(t *Ticket, texts map[string]string, numbers map[string]float64) bool {
	t.Added = f.Now()
	t.Asked, t.Since = cmp.Or(f.claims.of(t.Session.SessionID).Asked, t.Added), t.Added
	if f.Processing {
		t.Queue, t.Since = texts[PropertyQueue], time.UnixMilli(int64(math.Round(numbers[PropertySince]*1000)))
	}
	live := f.book.Add(*t)
	f.claims.end(t.Session.SessionID)
	return live
}

// TicketCancelled follows a leader who cancels the party's ticket, or a player their own.
func (f *follower) TicketCancelled(ctx context.Context, by party.Session, ticket string) {
	f.book.Removed(ticket)
	f.endAs(ctx, ticket, Cancelled, by.UserID)
}

// Answered comes before a message of the session: what it asked for before has its answer.
func (f *follower) Answered(session party.Session) { f.claims.end(session.SessionID) }

// Changed handles a change of a party; it is for [party.News].
func (f *follower) Changed(c party.Change) {
	switch c.Kind {
	case party.MemberEntered:
		f.claims.late(c.ID, c.Session)
		if !c.Native { // entering by an invite ends no ticket
			f.book.Late(c.ID, c.Session)
			break
		}
		f.membersChanged(c.ID, "", func(t Ticket) bool { return !t.has(c.Session.SessionID) }) // one made since is one the newcomer is on
	case party.MemberLeft, party.MemberDropped:
		f.membersChanged(c.ID, cmp.Or(c.By, c.Session.UserID), func(t Ticket) bool { return t.has(c.Session.SessionID) })
		f.forget(c.ID, c.Kind == party.MemberDropped)
	case party.PartyRestored:
		f.book.Rename(c.Was.String(), c.ID.String())
		for queue, waited := range c.Queued { // what a restart has forgotten
			if f.book.Waited(c.ID.String(), queue) == 0 {
				f.book.Keep(Ticket{Queue: queue, Party: c.ID, Since: f.Now().Add(-waited)}, f.Policy().Queues[queue].MaxWait)
			}
		}
	case party.PartyClosed:
		f.book.Gone(c.ID.String())
		for _, t := range f.book.OfParty(c.ID) {
			f.end(context.Background(), t.ID, c.By)
		}
		f.book.Forget(c.ID.String(), 0)
	}
}

// membersChanged drops the party's tickets that a change of its members has ended. by is the member whose
// doing it was, "" for nobody's.
func (f *follower) membersChanged(id party.ID, by string, ended func(Ticket) bool) {
	f.book.Gone(id.String())
	for _, t := range f.book.OfParty(id) {
		if ended(t) {
			f.drop(context.Background(), t.ID, DropMembership, by)
		}
	}
}

// forget drops the ages of a party that has ended with its last member; one that is kept
// for those whose connection was lost has them for as long.
func (f *follower) forget(id party.ID, dropped bool) {
	if !f.book.Aged(id.String()) {
		return
	}
	if _, err := f.Roster.View(context.Background(), id); party.ReasonOf(err) != party.PartyNotFound {
		return
	}
	within := time.Duration(0)
	if dropped {
		within = f.Policy().Parties.ReconnectGrace
	}
	f.book.Forget(id.String(), within)
}

// Ended handles the end of a socket: the host has removed all it was on.
func (f *follower) Ended(ctx context.Context, session party.Session) error {
	f.claims.end(session.SessionID)
	f.book.Gone(session.SessionID)
	for _, t := range f.book.OfSession(session) {
		if t.Solo() {
			f.end(ctx, t.ID, session.UserID)
		} else {
			f.drop(ctx, t.ID, DropMembership, session.UserID)
		}
	}
	return nil
}
