package queue

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// gate judges tickets before the host sees them. Safe for concurrent use.
type gate struct {
	*liveness
	claims *claims
	said   sync.Map // properties whose values were said to be no numbers
}

// CheckParty comes before a party's ticket, sent by a session of it that has looked at it. It refuses
// with NotMember, UnknownQueue, PartyTooLarge, NotReady or InvalidRequest; with queues it fills in
// the properties, counts and query that the server owns.
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
	others := rivals{g.liveness, g.claims.all()}
	if v.Leader().SessionID == by.SessionID { // the host refuses everybody else
		others.pending = g.claims.enter(asked)
		defer func() { err = g.claims.checked(by.SessionID, err) }()
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
	held := spares(q, len(users(asked.Members)), g.Footprint(l))
	if err := g.admit(ctx, v, held, asked.Queue, q, others); err != nil {
		return err
	}
	add.MinCount, add.MaxCount = int32(q.Seats()), int32(q.Seats())
	add.CountMultiple, add.Query = nil, "*"
	add.StringProperties, add.NumericProperties, err = g.properties(ctx, asked, q, held, add.GetStringProperties(), add.GetNumericProperties())
	return err
}

// properties are those a ticket goes to the host with.
func (g *gate) properties(ctx context.Context, t Ticket, q rules.Queue, held int, texts map[string]string, numbers map[string]float64) (map[string]string, map[string]float64, error) {
	members := users(t.Members)
	skill, err := g.strength(ctx, q.Skill, members, texts, numbers)
	if err != nil {
		return texts, numbers, err
	}
	since := g.Now().Add(-g.book.Waited(t.owner(), t.Queue))
	return fill(t.Queue, q, texts, numbers, standing{size: len(members), held: held, skill: skill, since: since})
}

// CheckSolo is CheckParty for a player who plays without a party. It refuses with
// NotReady while a party of the player's looks for a match: it could be matched twice.
func (g *gate) CheckSolo(ctx context.Context, by party.Session, add *rtapi.MatchmakerAdd) (err error) {
	asked := Ticket{Session: by, Members: []party.Session{by}}
	if g.Processing {
		asked.Queue = add.GetStringProperties()[PropertyQueue]
	} else if countsRefused(add) {
		return nil
	}
	others := rivals{g.liveness, g.claims.enter(asked)}
	defer func() { err = g.claims.checked(by.SessionID, err) }()
	q, err := g.admitSolo(ctx, by, asked.Queue, others)
	if err != nil || !g.Processing {
		return err
	}
	add.MinCount, add.MaxCount = int32(q.Seats()), int32(q.Seats())
	add.CountMultiple, add.Query = nil, "*"
	add.StringProperties, add.NumericProperties, err = g.properties(ctx, asked, q, 0, add.GetStringProperties(), add.GetNumericProperties())
	return err
}

// MayQueue answers what the checks would for a ticket whose properties are in order. The zero view
// is for a player alone; queue is ignored while the host matches by itself.
func (g *gate) MayQueue(ctx context.Context, caller party.Caller, v party.View, queue string) error {
	others := rivals{g.liveness, g.claims.all()}
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
	return g.admit(ctx, v, spares(q, len(users(sessions(v))), g.Footprint(l)), queue, q, others)
}

// admitSolo refuses a player alone who may not wait in the queue, and answers the queue;
// there is none while the host matches by itself. Tickets that are pending count.
func (g *gate) admitSolo(ctx context.Context, by party.Session, queue string, others rivals) (rules.Queue, error) {
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
	if wait := g.barred.left(by.UserID); wait > 0 {
		return q, party.RefuseRate(wait)
	}
	return q, g.roomForTicket([]party.Session{by})
}

// admit refuses a party that the queue does not take.
func (g *gate) admit(ctx context.Context, v party.View, held int, name string, q rules.Queue, others rivals) error {
	switch size := len(users(sessions(v))); {
	case size > q.Largest():
		return party.Refuse(party.PartyTooLarge, "Parties of up to %d may play here; yours has %d.", q.Largest(), size)
	case size+held > q.Largest():
		return party.Refuse(party.PartyTooLarge, "Parties of up to %d may play here; yours has %d, and friends on their way: %d.", q.Largest(), size, held)
	}
	if others.again(ctx, v, name) {
		return party.Refuse(party.NotReady, "Your party is looking for this match already.")
	}
	if wait := g.barred.left(users(sessions(v))...); wait > 0 {
		return party.RefuseRate(wait)
	}
	if err := others.nobodyElsewhere(ctx, v); err != nil {
		return err
	}
	if err := g.roomForTicket(sessions(v)); err != nil {
		return err
	}
	if q.RequireReady {
		return g.allReady(ctx, v)
	}
	return nil
}

// spares is how many seats a party takes beside its members: those of members who lost their connection
// and, where the queue says so, the other ones it keeps, and for friends on their way those there is room
// for, because a stranger with a link must not keep a party from playing.
func spares(q rules.Queue, members int, f party.Footprint) int {
	onTheWay := f.OnTheWay()
	if !q.HoldInvited {
		return min(f.Away, onTheWay)
	}
	kept := min(f.Held-f.InLine, onTheWay)
	return kept + max(0, min(onTheWay-kept, q.Largest()-members-kept))
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

// hostTickets is how many tickets of one session the host takes, unless it is told
// otherwise; dropped ones count until they are removed, and it does not say which.
const hostTickets = 3

// roomForTicket refuses where the host would refuse without a reason, because of tickets
// that were dropped and not removed, and names them.
func (g *gate) roomForTicket(of []party.Session) error {
	for _, session := range of {
		if n, stale := g.book.Load(session); n >= hostTickets && len(stale) > 0 {
			return party.Refuse(party.NotReady, "Tickets that were dropped have to be removed first: %s.", strings.Join(stale, ", "))
		}
	}
	return nil
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

// rivals are the tickets that a new one may exclude: those pending, and the live ones of the book.
type rivals struct {
	*liveness
	pending []Ticket
}

// again reports whether the party looks for a match of the queue already.
func (r rivals) again(ctx context.Context, v party.View, queue string) bool {
	return slices.ContainsFunc(r.pending, func(t Ticket) bool { return t.Party == v.ID && t.Queue == queue }) ||
		slices.ContainsFunc(r.book.OfParty(v.ID), func(t Ticket) bool { return t.Queue == queue && r.complete(ctx, t, v) && !r.lost(ctx, t) })
}

// nobodyElsewhere refuses with NotReady while a member waits alone or in another party,
// naming nobody. Where the rules cancel solo tickets only those stand in the way whose player is asked about a
// match, or has so many that the host does not take the party's.
func (r rivals) nobodyElsewhere(ctx context.Context, v party.View) error {
	for _, m := range sessions(v) {
		n, _ := r.book.Load(m)
		cancels := r.cancelsSolo() && n < hostTickets
		elsewhere := func(t Ticket) bool {
			return t.Party != v.ID && !(cancels && t.Solo() && r.proposals.state(t.ID) == nil)
		}
		if r.has(ctx, m.UserID, elsewhere) {
			return party.Refuse(party.NotReady, "Somebody in this party is looking for another match; that search has to end first.")
		}
	}
	return nil
}

// noPartyTicket refuses while a party of the user's waits, with the user on the ticket or
// not: who came in later gets a seat all the same.
func (r rivals) noPartyTicket(ctx context.Context, userID string) error {
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

// has reports whether the user is on a pending or live ticket that is of the kind.
func (r rivals) has(ctx context.Context, userID string, kind func(Ticket) bool) bool {
	return slices.ContainsFunc(r.pending, func(t Ticket) bool { return t.hasUser(userID) && kind(t) }) ||
		slices.ContainsFunc(r.book.OfUser(userID), func(t Ticket) bool { return kind(t) && r.stillWaits(ctx, t) })
}
