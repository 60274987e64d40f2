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

// follower mirrors what the host does with tickets, parties and sockets. Unless they say otherwise, its methods run
// after the host has done its part. Safe for concurrent use.
type follower struct {
	*tickets
	claims *claims
	blocks *blockChecker
}

// PartyQueued follows a party's ticket. add is what the host was given. A member who left since the check has ended the
// ticket, and the news of that may already be over.
func (f *follower) PartyQueued(ctx context.Context, id party.ID, by party.Session, ticket string, add *rtapi.PartyMatchmakerAdd) error {
	t := Ticket{ID: ticket, Party: id, Session: by, Members: f.claims.bySession(by.SessionID).Members}
	if len(t.Members) == 0 {
		v, err := f.Roster.View(ctx, id)
		if err != nil {
			return err // the party is gone, and its ticket too
		}
		t.Members = sessions(v)
	}
	if !f.follow(&t, add.GetStringProperties(), add.GetNumericProperties()) {
		return nil
	}
	f.tell(ctx, t, Queued, NoReason) // before anything else: the end of the ticket may be told at any moment
	v, err := f.Roster.View(ctx, id)
	if err != nil {
		if party.ReasonOf(err) == party.PartyNotFound {
			f.end(ctx, t.ID)
		}
		return err
	}
	for _, m := range sessions(v) {
		f.book.AddLateMember(id, m) // a newcomer may be on the ticket or not; only the host knows
	}
	if !f.complete(ctx, t, v) {
		return nil
	}
	f.blocks.read(ctx, t)
	if f.cancelsSolo() {
		for _, user := range distinctUsers(t.Members) {
			f.dropSolo(ctx, user)
		}
	}
	return nil
}

// SoloQueued follows the ticket of a player without a party. If the player's party has a ticket by now and the rules
// cancel solo tickets, it drops this one.
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

// follow reads back what the check filled in and enters the ticket in the book. It does so before anybody is told, and
// then ends the claim, so other checks always find one of the two. It returns false for a ticket that has ended.
func (f *follower) follow(t *Ticket, texts map[string]string, numbers map[string]float64) bool {
	t.Added = f.Now()
	t.Asked, t.Since = cmp.Or(f.claims.bySession(t.Session.SessionID).Asked, t.Added), t.Added
	if f.Processing {
		t.Queue, t.Since = texts[PropertyQueue], time.UnixMilli(int64(math.Round(numbers[PropertySince]*1000)))
	}
	live := f.book.Add(*t)
	f.claims.end(t.Session.SessionID)
	return live
}

// TicketCancelled follows a leader who cancels the party's ticket, or a player who cancels their own.
func (f *follower) TicketCancelled(ctx context.Context, by party.Session, ticket string) {
	f.endAs(ctx, ticket, Cancelled, by.UserID)
}

// BeforeMessage runs before a message of the session: the host has answered what the session asked for earlier.
func (f *follower) BeforeMessage(session party.Session) { f.claims.end(session.SessionID) }

// Changed handles a change of a party. It is for [party.News].
func (f *follower) Changed(c party.Change) {
	switch c.Kind {
	case party.MemberEntered:
		f.claims.addLate(c.ID, c.Session)
		if !c.Native { // entering by an invite ends no ticket
			f.book.AddLateMember(c.ID, c.Session)
			break
		}
		f.membersChanged(c.ID, "", func(t Ticket) bool { return !t.hasSession(c.Session.SessionID) }) // a later ticket has the newcomer
	case party.MemberLeft, party.MemberDropped:
		f.leaves.begin(c.ID.String(), leaveLag)
		f.membersChanged(c.ID, cmp.Or(c.By, c.Session.UserID), func(t Ticket) bool { return t.hasSession(c.Session.SessionID) })
		f.forget(c.ID, c.Kind == party.MemberDropped)
	case party.PartyRestored:
		f.book.Rename(c.Was.String(), c.ID.String())
		for queue, waited := range c.Queued { // ages that a restart has forgotten
			if f.book.KeptAge(c.ID.String(), queue) == 0 {
				f.book.KeepAge(Ticket{Queue: queue, Party: c.ID, Since: f.Now().Add(-waited)}, f.Policy().Queues[queue].MaxWait)
			}
		}
	case party.PartyClosed:
		for _, t := range f.book.OfParty(c.ID) {
			f.end(context.Background(), t.ID, c.By)
		}
		f.book.ForgetAges(c.ID.String(), 0)
	}
}

// membersChanged drops the party's tickets that a change of its members has ended. by is who caused it, "" for nobody.
func (f *follower) membersChanged(id party.ID, by string, ended func(Ticket) bool) {
	for _, t := range f.book.OfParty(id) {
		if ended(t) {
			f.drop(context.Background(), t.ID, DropMembership, by)
		}
	}
}

// forget drops the ages of a party that ended with its last member. If the party is kept for away members, ages stay.
func (f *follower) forget(id party.ID, dropped bool) {
	if len(f.book.Ages(id)) == 0 {
		return
	}
	if _, err := f.Roster.View(context.Background(), id); party.ReasonOf(err) != party.PartyNotFound {
		return
	}
	within := time.Duration(0)
	if dropped {
		within = f.Policy().Parties.ReconnectGrace
	}
	f.book.ForgetAges(id.String(), within)
}

// Ended handles the end of a socket: the host has removed all tickets that its session was on.
func (f *follower) Ended(ctx context.Context, session party.Session) error {
	f.claims.end(session.SessionID)
	for _, t := range f.book.OfSession(session) {
		if t.Solo() {
			f.end(ctx, t.ID, session.UserID)
		} else {
			f.drop(ctx, t.ID, DropMembership, session.UserID)
		}
	}
	return nil
}
