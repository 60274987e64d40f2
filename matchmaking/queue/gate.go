package queue

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"

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
	asked := Ticket{Party: v.ID, Session: by, Members: sessions(v)}
	if g.Processing {
		asked.Queue = add.GetStringProperties()[PropertyQueue]
	} else if countsRefused(add) {
		return nil
	}
	others := conflicts{g.liveness, g.claims.all()}
	if v.Leader().SessionID == by.SessionID { // the host refuses everybody else
		others.pending = g.claims.enter(asked)
		defer func() { err = g.claims.finishCheck(by.SessionID, err) }()
	}
	if !g.Processing {
		if most := int(add.GetMaxCount()); v.Size() > most {
			return party.Refuse(party.PartyTooLarge, "A match of up to %d players has no room for your party of %d.", most, v.Size())
		}
		return others.nobodyElsewhere(ctx, v)
	}
	q, err := queueIn(g.Policy(), asked.Queue)
	if err != nil {
		return err
	}
	held := spareSeats(q, len(distinctUsers(asked.Members)), g.Footprint(l))
	if err := g.admit(ctx, v, held, asked.Queue, q, others); err != nil {
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

// CheckSolo is CheckParty for a player without a party. It refuses with NotReady while a party of the player waits for
// a match: the player could be matched twice.
func (g *gate) CheckSolo(ctx context.Context, by party.Session, add *rtapi.MatchmakerAdd) (err error) {
	asked := Ticket{Session: by, Members: []party.Session{by}}
	if g.Processing {
		asked.Queue = add.GetStringProperties()[PropertyQueue]
	} else if countsRefused(add) {
		return nil
	}
	others := conflicts{g.liveness, g.claims.enter(asked)}
	defer func() { err = g.claims.finishCheck(by.SessionID, err) }()
	q, err := g.admitSolo(ctx, by, asked.Queue, others)
	if err != nil || !g.Processing {
		return err
	}
	add.MinCount, add.MaxCount = int32(q.Seats()), int32(q.Seats())
	add.CountMultiple, add.Query = nil, "*"
	add.StringProperties, add.NumericProperties, err = g.properties(ctx, asked, q, 0, add.GetStringProperties(), add.GetNumericProperties())
	return err
}

// MayQueue answers as the checks would for a ticket with valid properties. The zero view is for a player without a
// party. queue is ignored if the host itself matches.
func (g *gate) MayQueue(ctx context.Context, caller party.Caller, v party.View, queue string) error {
	others := conflicts{g.liveness, g.claims.all()}
	if v.ID.IsZero() {
		_, err := g.admitSolo(ctx, caller.Session(), queue, others)
		return err
	}
	if _, member := v.Member(caller.UserID); !member {
		return party.NotAMember()
	}
	if !g.Processing {
		return others.nobodyElsewhere(ctx, v)
	}
	q, err := queueIn(g.Policy(), queue)
	if err != nil {
		return err
	}
	l, err := g.Look(ctx, v.ID)
	if err != nil {
		return err
	}
	return g.admit(ctx, v, spareSeats(q, len(distinctUsers(sessions(v))), g.Footprint(l)), queue, q, others)
}

// admitSolo refuses a player without a party who may not wait in the queue. Otherwise it returns the queue, which is
// zero if the host itself matches. Pending tickets count.
func (g *gate) admitSolo(ctx context.Context, by party.Session, queue string, others conflicts) (rules.Queue, error) {
	if err := others.noPartyTicket(ctx, by.UserID); err != nil || !g.Processing {
		return rules.Queue{}, err
	}
	q, err := queueIn(g.Policy(), queue)
	if err != nil {
		return q, err
	}
	if others.has(ctx, by.UserID, func(t Ticket) bool { return t.Solo() && t.Queue == queue }) {
		return q, party.Refuse(party.NotReady, "You are looking for this match already.")
	}
	if wait := g.barred.remaining(by.UserID); wait > 0 {
		return q, refusePaused(wait, "You")
	}
	return q, nil
}

// admit refuses a party that the queue does not take.
func (g *gate) admit(ctx context.Context, v party.View, held int, name string, q rules.Queue, others conflicts) error {
	switch size := len(distinctUsers(sessions(v))); {
	case size > q.LargestParty():
		return party.Refuse(party.PartyTooLarge, "Parties of up to %d may play here; yours has %d.", q.LargestParty(), size)
	case size+held > q.LargestParty():
		return party.Refuse(party.PartyTooLarge, "Parties of up to %d may play here; yours has %d, and friends on their way: %d.", q.LargestParty(), size, held)
	}
	if others.alreadyQueued(ctx, v, name) {
		return party.Refuse(party.NotReady, "Your party is looking for this match already.")
	}
	if wait := g.barred.remaining(distinctUsers(sessions(v))...); wait > 0 {
		return refusePaused(wait, "Somebody in your party")
	}
	if err := others.nobodyElsewhere(ctx, v); err != nil {
		return err
	}
	if q.RequireReady {
		return g.allReady(ctx, v)
	}
	return nil
}

// refusePaused refuses a ticket while somebody may not queue because they took a ticket off a match that was found.
func refusePaused(wait time.Duration, who string) error {
	return party.RefuseFor(wait, party.RateLimited, who+" took a ticket off a match that was found; wait before you look for another one")
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

// countsRefused reports whether the host refuses a ticket because of its counts.
func countsRefused(add interface {
	GetMinCount() int32
	GetMaxCount() int32
	GetCountMultiple() *wrapperspb.Int32Value
}) bool {
	least, most, of := int(add.GetMinCount()), int(add.GetMaxCount()), 1
	if multiple := add.GetCountMultiple(); multiple != nil {
		of = int(multiple.GetValue())
	}
	return least < 2 || most < least || of < 1 || least%of != 0 || most%of != 0
}

// allReady refuses with NotReady unless every member is in the ready stage.
func (g *gate) allReady(ctx context.Context, v party.View) error {
	statuses, err := g.Statuses(ctx, v.ID)
	if err != nil {
		return err
	}
	ready := g.Policy().Status.Ready
	for _, m := range v.Members {
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

// alreadyQueued reports whether the party already looks for a match of the queue.
func (r conflicts) alreadyQueued(ctx context.Context, v party.View, queue string) bool {
	return slices.ContainsFunc(r.pending, func(t Ticket) bool { return t.Party == v.ID && t.Queue == queue }) ||
		slices.ContainsFunc(r.book.OfParty(v.ID), func(t Ticket) bool { return t.Queue == queue && r.complete(ctx, t, v) && !r.endIfGone(ctx, t) })
}

// hostTicketLimit is how many tickets of one session the host takes by default.
const hostTicketLimit = 3

// nobodyElsewhere refuses with NotReady while a member waits alone or in another party. It names nobody. If the rules
// cancel solo tickets, a solo ticket matters in two cases only. Its player is asked about a match, or the player has so
// many tickets that the host would not take the party's.
func (r conflicts) nobodyElsewhere(ctx context.Context, v party.View) error {
	for _, m := range sessions(v) {
		cancels := r.cancelsSolo() && len(r.book.OfSession(m)) < hostTicketLimit
		elsewhere := func(t Ticket) bool {
			return t.Party != v.ID && !(cancels && t.Solo() && r.proposals.state(t.ID) == nil)
		}
		if r.has(ctx, m.UserID, elsewhere) {
			return party.Refuse(party.NotReady, "Somebody in this party is looking for another match; that search has to end first.")
		}
	}
	return nil
}

// noPartyTicket refuses while a party of the user waits. The user need not be on the ticket: members who came in later
// get a seat too.
func (r conflicts) noPartyTicket(ctx context.Context, userID string) error {
	refusal := party.Refuse(party.NotReady, "Your party is looking for a match; leave it or end its search to look alone.")
	if r.has(ctx, userID, func(t Ticket) bool { return !t.Solo() }) {
		return refusal
	}
	in, err := r.Roster.PartiesOf(ctx, userID)
	if err != nil {
		return err
	}
	for _, m := range in {
		ofParty := func(t Ticket) bool { return t.Party == m.ID }
		if slices.ContainsFunc(r.pending, ofParty) || slices.ContainsFunc(r.book.OfParty(m.ID), func(t Ticket) bool { return r.stillWaits(ctx, t) }) {
			return refusal
		}
	}
	return nil
}

// has reports whether the user is on a pending or live ticket for which kind is true.
func (r conflicts) has(ctx context.Context, userID string, kind func(Ticket) bool) bool {
	return slices.ContainsFunc(r.pending, func(t Ticket) bool { return t.hasUser(userID) && kind(t) }) ||
		slices.ContainsFunc(r.book.OfUser(userID), func(t Ticket) bool { return kind(t) && r.stillWaits(ctx, t) })
}
