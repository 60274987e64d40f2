package queue

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/internal/bounded"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// gate checks tickets before the host gets them. Safe for concurrent use.
type gate struct {
	*liveness
	claims       *claims
	loggedFields sync.Map // properties for which the log already says that a value is not a number
}

// CheckParty checks a party's ticket before the host gets it. l is the party as read for the check, and by is the
// session that sent the ticket. It refuses with NotMember, UnknownQueue, PartyTooLarge, NotReady or InvalidRequest.
// With queues it fills in the properties, counts and query, which the server owns.
func (g *gate) CheckParty(ctx context.Context, l reserve.Look, by party.Session, add *rtapi.PartyMatchmakerAdd) (err error) {
	v := l.View
	if _, member := v.Session(by.SessionID); !member {
		return party.NotAMember()
	}
	if err := g.waitForLeaves(ctx, v); err != nil {
		return err
	}
	asked := Ticket{Party: v.ID, Session: by, Members: sessions(v), Queue: add.GetStringProperties()[PropertyQueue]}
	others := conflicts{g.liveness, g.claims.all()}
	if v.Leader().SessionID == by.SessionID { // the host refuses everybody else
		others.pending = g.claims.enter(asked)
		defer func() { err = g.claims.finishCheck(by.SessionID, err) }()
	}
	if most := int(add.GetMaxCount()); !g.Processing && most > 1 && v.Size() > most { // the host refuses others
		return party.Refuse(party.PartyTooLarge, "A match of up to %d players has no room for your party of %d.", most, v.Size())
	}
	q, held, err := g.admit(ctx, asked, l, others)
	if err != nil || !g.Processing {
		return err
	}
	add.MinCount, add.MaxCount = int32(q.Seats()), int32(q.Seats())
	add.CountMultiple, add.Query = nil, "*"
	add.StringProperties, add.NumericProperties, err = g.properties(ctx, asked, q, held, add.GetStringProperties(), add.GetNumericProperties())
	return err
}

// leaveLag is how long after a leave the host may still count the member to the party.
const leaveLag = 50 * time.Millisecond

// waitForLeaves waits until the host knows of the members who have just left. The host's party hears of a leave a
// moment after the message is handled. It puts a member who is about to go on the ticket, then ends the ticket because
// of the leave, and tells nobody.
func (g *gate) waitForLeaves(ctx context.Context, v party.View) error {
	wait := g.leaves.remaining(v.ID.String())
	if len(g.Roster.Attendance.Gone(v.ID, v.Members)) > 0 { // the after-hook of the leave has not run yet
		wait = leaveLag
	}
	if wait <= 0 {
		return nil
	}
	if err := bounded.Sleep(ctx, wait); err != nil {
		return fmt.Errorf("wait until a member has left: %w", err)
	}
	return nil
}

// CheckSolo is CheckParty for a player without a party. It refuses with NotReady while a party of the player waits for
// a match: the player could be matched twice.
func (g *gate) CheckSolo(ctx context.Context, by party.Session, add *rtapi.MatchmakerAdd) (err error) {
	asked := Ticket{Session: by, Members: []party.Session{by}, Queue: add.GetStringProperties()[PropertyQueue]}
	others := conflicts{g.liveness, g.claims.enter(asked)}
	defer func() { err = g.claims.finishCheck(by.SessionID, err) }()
	q, held, err := g.admit(ctx, asked, reserve.Look{}, others)
	if err != nil || !g.Processing {
		return err
	}
	add.MinCount, add.MaxCount = int32(q.Seats()), int32(q.Seats())
	add.CountMultiple, add.Query = nil, "*"
	add.StringProperties, add.NumericProperties, err = g.properties(ctx, asked, q, held, add.GetStringProperties(), add.GetNumericProperties())
	return err
}

// properties returns the properties that the host gets with a ticket.
func (g *gate) properties(ctx context.Context, t Ticket, q rules.Queue, held int, texts map[string]string, numbers map[string]float64) (map[string]string, map[string]float64, error) {
	members := distinctUsers(t.Members)
	skill, err := g.readSkill(ctx, q.Skill, members, texts, numbers)
	if err != nil {
		return texts, numbers, err
	}
	since := g.Now().Add(-g.book.KeptAge(t.owner(), t.Queue))
	return ticketProperties(t.Queue, q, texts, numbers, ticketValues{size: len(members), held: held, skill: skill, since: since})
}

// MayQueue answers as the checks would for a ticket with valid properties. The zero view is for a player without a
// party. queue is ignored if the host itself matches.
func (g *gate) MayQueue(ctx context.Context, caller party.Caller, v party.View, queue string) (err error) {
	asked := Ticket{Session: caller.Session(), Members: []party.Session{caller.Session()}, Queue: queue}
	var l reserve.Look
	if !v.ID.IsZero() {
		if _, member := v.Member(caller.UserID); !member {
			return party.NotAMember()
		}
		asked.Party, asked.Members = v.ID, sessions(v)
		if g.Processing {
			if l, err = g.Look(ctx, v.ID); err != nil {
				return err
			}
		}
	}
	_, _, err = g.admit(ctx, asked, l, conflicts{g.liveness, g.claims.all()})
	return err
}

// admit refuses a ticket that may not wait, or that its queue does not take. Otherwise it returns the queue and how
// many seats the party takes in addition to its members. If the host itself matches, there is no queue.
func (g *gate) admit(ctx context.Context, t Ticket, l reserve.Look, others conflicts) (q rules.Queue, held int, err error) {
	elsewhere, you, who := others.nobodyElsewhere, "Your party is", "Somebody in your party"
	if t.Solo() {
		elsewhere, you, who = others.noPartyTicket, "You are", "You"
	}
	if err := elsewhere(ctx, t); err != nil || !g.Processing {
		return q, 0, err
	}
	if q, err = queueIn(g.Policy(), t.Queue); err != nil {
		return q, 0, err
	}
	users := distinctUsers(t.Members)
	if !t.Solo() {
		held = spareSeats(q, len(users), g.Footprint(l))
	}
	switch size, most := len(users), q.LargestParty(); {
	case size > most:
		return q, 0, party.Refuse(party.PartyTooLarge, "Parties of up to %d may play here; yours has %d.", most, size)
	case size+held > most:
		return q, 0, party.Refuse(party.PartyTooLarge, "Parties of up to %d may play here; yours has %d, and friends on their way: %d.", most, size, held)
	case others.alreadyQueued(ctx, t):
		return q, 0, party.Refuse(party.NotReady, "%s looking for this match already.", you)
	}
	if wait := g.barred.remaining(users...); wait > 0 {
		return q, 0, party.RefuseFor(wait, party.RateLimited, who+" took a ticket off a match that was found; wait before you look for another one")
	}
	if q.RequireReady && !t.Solo() {
		err = g.allReady(ctx, t)
	}
	return q, held, err
}

// spareSeats is how many seats a party takes in addition to its members. The kept seats of away members always count.
// If the queue has hold_invited, the other held seats count too. Other friends on the way count as far as the queue has
// room: a stranger with a link must not stop a party from playing.
func spareSeats(q rules.Queue, members int, f party.Footprint) int {
	onTheWay := f.OnTheWay()
	if !q.HoldInvited {
		return min(f.Away, onTheWay)
	}
	kept := min(f.Held-f.WaitlistSeats, onTheWay)
	return kept + max(0, min(onTheWay-kept, q.LargestParty()-members-kept))
}

// allReady refuses with NotReady unless every member is in the ready stage.
func (g *gate) allReady(ctx context.Context, t Ticket) error {
	statuses, err := g.Statuses(ctx, t.Party)
	if err != nil {
		return err
	}
	ready := g.Policy().Status.Ready
	for _, m := range t.Members {
		if statuses[m.SessionID].Stage != ready || ready == "" {
			return party.Refuse(party.NotReady, "Not everybody in this party is ready.")
		}
	}
	return nil
}

// conflicts are the tickets that may exclude a new one: pending tickets, and the live tickets of the book.
type conflicts struct {
	*liveness
	pending []Ticket
}

// alreadyQueued reports whether the party or player already looks for a match of the queue.
func (r conflicts) alreadyQueued(ctx context.Context, t Ticket) bool {
	return r.any(ctx, r.book.byKey(t.owner()), func(o Ticket) bool { return o.owner() == t.owner() && o.Queue == t.Queue })
}

// hostTicketLimit is how many tickets of one session the host takes by default.
const hostTicketLimit = 3

// nobodyElsewhere refuses with NotReady while a member waits alone or in another party. It names nobody. If the rules
// cancel solo tickets, a solo ticket matters in two cases only. Its player is asked about a match, or the player has so
// many tickets that the host would not take the party's.
func (r conflicts) nobodyElsewhere(ctx context.Context, t Ticket) error {
	for _, m := range t.Members {
		cancels := r.cancelsSolo() && len(r.book.OfSession(m)) < hostTicketLimit
		elsewhere := func(o Ticket) bool {
			return o.seats(m.UserID) && o.Party != t.Party && !(cancels && o.Solo() && r.proposals.state(o.ID) == nil)
		}
		if r.any(ctx, r.book.OfUser(m.UserID), elsewhere) {
			return party.Refuse(party.NotReady, "Somebody in this party is looking for another match; that search has to end first.")
		}
	}
	return nil
}

// noPartyTicket refuses while a party of the player waits.
func (r conflicts) noPartyTicket(ctx context.Context, t Ticket) error {
	user := t.Session.UserID
	if r.any(ctx, r.book.OfUser(user), func(o Ticket) bool { return o.seats(user) && !o.Solo() }) {
		return party.Refuse(party.NotReady, "Your party is looking for a match; leave it or end its search to look alone.")
	}
	return nil
}

// any reports whether is is true for a pending ticket, or for one of these live tickets that still waits.
func (r conflicts) any(ctx context.Context, live []Ticket, is func(Ticket) bool) bool {
	return slices.ContainsFunc(r.pending, is) || slices.ContainsFunc(live, func(t Ticket) bool { return is(t) && r.stillWaits(ctx, t) })
}
