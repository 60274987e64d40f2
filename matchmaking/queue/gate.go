package queue

import (
	"context"
	"slices"
	"strings"

	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// CheckParty comes before a party's ticket, sent by a session of it that has looked at it. It refuses
// with NotMember, UnknownQueue, PartyTooLarge, NotReady or InvalidRequest; with queues it fills in
// the properties, counts and query that the server owns.
func (s *Service) CheckParty(ctx context.Context, l reserve.Look, by party.Session, add *rtapi.PartyMatchmakerAdd) (err error) {
	v := l.View
	if _, member := v.Session(by.SessionID); !member {
		return party.NotAMember()
	}
	asked := Ticket{Party: v.ID, Session: by, Members: sessions(v)}
	if s.Processing {
		asked.Queue = add.GetStringProperties()[PropertyQueue]
	} else if countsRefused(add) {
		return nil
	}
	pending := s.claims.all()
	if v.Leader().SessionID == by.SessionID { // the host refuses everybody else
		pending = s.claims.enter(asked)
		defer func() {
			if err != nil {
				s.claims.end(by.SessionID)
			}
		}()
	}
	if !s.Processing {
		return s.checkNative(ctx, v, int(add.GetMaxCount()), pending)
	}
	q, err := queueIn(s.Policy(), asked.Queue)
	if err != nil {
		return err
	}
	held := spares(q, len(users(asked.Members)), s.Footprint(l))
	if err := s.admit(ctx, v, held, asked.Queue, q, pending); err != nil {
		return err
	}
	add.StringProperties, add.NumericProperties, err = s.properties(ctx, asked, q, held, add.GetStringProperties(), add.GetNumericProperties())
	if err != nil {
		return err
	}
	add.MinCount, add.MaxCount = int32(q.Seats()), int32(q.Seats())
	add.CountMultiple, add.Query = nil, "*"
	return nil
}

// properties are those a ticket goes to the host with.
func (s *Service) properties(ctx context.Context, t Ticket, q rules.Queue, held int, texts map[string]string, numbers map[string]float64) (map[string]string, map[string]float64, error) {
	members := users(t.Members)
	skill, err := s.skill(ctx, q.Skill, members, texts, numbers)
	if err != nil {
		return texts, numbers, err
	}
	since := s.Now().Add(-s.book.Waited(t.owner(), t.Queue))
	return fill(t.Queue, q, texts, numbers, standing{size: len(members), held: held, skill: skill, since: since})
}

// CheckSolo is CheckParty for a player who plays without a party. It refuses with
// NotReady while a party of the player's looks for a match: it could be matched twice.
func (s *Service) CheckSolo(ctx context.Context, by party.Session, add *rtapi.MatchmakerAdd) (err error) {
	asked := Ticket{Session: by, Members: []party.Session{by}}
	if s.Processing {
		asked.Queue = add.GetStringProperties()[PropertyQueue]
	} else if countsRefused(add) {
		return nil
	}
	pending := s.claims.enter(asked)
	defer func() {
		if err != nil {
			s.claims.end(by.SessionID)
		}
	}()
	q, err := s.admitSolo(ctx, by, asked.Queue, pending)
	if err != nil || !s.Processing {
		return err
	}
	add.StringProperties, add.NumericProperties, err = s.properties(ctx, asked, q, 0, add.GetStringProperties(), add.GetNumericProperties())
	if err != nil {
		return err
	}
	add.MinCount, add.MaxCount = int32(q.Seats()), int32(q.Seats())
	add.CountMultiple, add.Query = nil, "*"
	return nil
}

// MayQueue answers what the checks would for a ticket whose properties are in order. The zero view
// is for a player alone; queue is ignored while the host matches by itself.
func (s *Service) MayQueue(ctx context.Context, caller party.Caller, v party.View, queue string) error {
	if v.ID.IsZero() {
		_, err := s.admitSolo(ctx, caller.Session(), queue, s.claims.all())
		return err
	}
	if _, member := v.Member(caller.UserID); !member {
		return party.NotAMember()
	}
	if !s.Processing {
		return s.checkNative(ctx, v, 0, s.claims.all())
	}
	q, err := queueIn(s.Policy(), queue)
	if err != nil {
		return err
	}
	l, err := s.Look(ctx, v.ID)
	if err != nil {
		return err
	}
	return s.admit(ctx, v, spares(q, len(users(sessions(v))), s.Footprint(l)), queue, q, s.claims.all())
}

// admitSolo refuses a player alone who may not wait in the queue, and answers the queue;
// there is none while the host matches by itself. Tickets that are pending count.
func (s *Service) admitSolo(ctx context.Context, by party.Session, queue string, pending []Ticket) (rules.Queue, error) {
	if err := s.noPartyTicket(ctx, by.UserID, pending); err != nil || !s.Processing {
		return rules.Queue{}, err
	}
	q, err := queueIn(s.Policy(), queue)
	if err != nil {
		return q, err
	}
	if s.waits(ctx, by.UserID, pending, func(t Ticket) bool { return t.Solo() && t.Queue == queue }) {
		return q, party.Refuse(party.NotReady, "You are looking for this match already.")
	}
	if wait := s.proposals.wait([]string{by.UserID}, s.Now()); wait > 0 {
		return q, party.RefuseRate(wait)
	}
	return q, s.roomForTicket([]party.Session{by})
}

// admit refuses a party that the queue does not take.
func (s *Service) admit(ctx context.Context, v party.View, held int, name string, q rules.Queue, pending []Ticket) error {
	switch size := len(users(sessions(v))); {
	case size > q.Largest():
		return party.Refuse(party.PartyTooLarge, "Parties of up to %d may play here; yours has %d.", q.Largest(), size)
	case size+held > q.Largest():
		return party.Refuse(party.PartyTooLarge, "Parties of up to %d may play here; yours has %d, and friends on their way: %d.", q.Largest(), size, held)
	}
	again := slices.ContainsFunc(pending, func(t Ticket) bool { return t.Party == v.ID && t.Queue == name }) ||
		slices.ContainsFunc(s.book.OfParty(v.ID), func(t Ticket) bool { return t.Queue == name && s.complete(ctx, t, v) && !s.lost(ctx, t) })
	if again {
		return party.Refuse(party.NotReady, "Your party is looking for this match already.")
	}
	if wait := s.proposals.wait(users(sessions(v)), s.Now()); wait > 0 {
		return party.RefuseRate(wait)
	}
	if err := s.nobodyElsewhere(ctx, v, pending); err != nil {
		return err
	}
	if err := s.roomForTicket(sessions(v)); err != nil {
		return err
	}
	if q.RequireReady {
		return s.allReady(ctx, v)
	}
	return nil
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

// checkNative closes the host's holes where it matches by itself. maxCount is 0 where no ticket is at hand.
func (s *Service) checkNative(ctx context.Context, v party.View, maxCount int, pending []Ticket) error {
	if maxCount > 0 && v.Size() > maxCount {
		return party.Refuse(party.PartyTooLarge, "A match of up to %d players has no room for your party of %d.", maxCount, v.Size())
	}
	return s.nobodyElsewhere(ctx, v, pending)
}

// hostTickets is how many tickets of one session the host takes, unless it is told
// otherwise; dropped ones count until they are removed, and it does not say which.
const hostTickets = 3

// roomForTicket refuses where the host would refuse without a reason, because of tickets
// that were dropped and not removed, and names them.
func (s *Service) roomForTicket(of []party.Session) error {
	for _, session := range of {
		if n, stale := s.book.Load(session); n >= hostTickets && len(stale) > 0 {
			return party.Refuse(party.NotReady, "Tickets that were dropped have to be removed first: %s.", strings.Join(stale, ", "))
		}
	}
	return nil
}

// nobodyElsewhere refuses with NotReady while a member waits alone or in another party,
// naming nobody. Where the rules cancel solo tickets only those stand in the way whose player is asked about a
// match, or has so many that the host does not take the party's.
func (s *Service) nobodyElsewhere(ctx context.Context, v party.View, pending []Ticket) error {
	for _, m := range sessions(v) {
		n, _ := s.book.Load(m)
		cancels := s.cancelsSolo() && n < hostTickets
		elsewhere := func(t Ticket) bool {
			return t.Party != v.ID && !(cancels && t.Solo() && s.proposals.state(t.ID) == nil)
		}
		if s.waits(ctx, m.UserID, pending, elsewhere) {
			return party.Refuse(party.NotReady, "Somebody in this party is looking for another match; that search has to end first.")
		}
	}
	return nil
}

// noPartyTicket refuses while a party of the user's waits, with the user on the ticket or
// not: who came in later gets a seat all the same.
func (s *Service) noPartyTicket(ctx context.Context, userID string, pending []Ticket) error {
	refusal := party.Refuse(party.NotReady, "Your party is looking for a match; leave it or end its search to look alone.")
	if s.waits(ctx, userID, pending, func(t Ticket) bool { return !t.Solo() }) {
		return refusal
	}
	in, err := s.Roster.PartiesOf(ctx, userID)
	if err != nil {
		return err
	}
	for _, m := range in {
		ofParty := func(t Ticket) bool { return t.Party == m.ID }
		if slices.ContainsFunc(pending, ofParty) || slices.ContainsFunc(s.book.OfParty(m.ID), func(t Ticket) bool { return s.stillWaits(ctx, t) }) {
			return refusal
		}
	}
	return nil
}

// waits reports whether the user is on a pending or live ticket that is of the kind.
func (s *Service) waits(ctx context.Context, userID string, pending []Ticket, kind func(Ticket) bool) bool {
	return slices.ContainsFunc(pending, func(t Ticket) bool { return t.hasUser(userID) && kind(t) }) || slices.ContainsFunc(s.book.OfUser(userID), func(t Ticket) bool { return kind(t) && s.stillWaits(ctx, t) })
}

// allReady refuses with NotReady unless every member is in the ready stage.
func (s *Service) allReady(ctx context.Context, v party.View) error {
	statuses, err := s.Statuses(ctx, v.ID)
	if err != nil {
		return err
	}
	ready := s.Policy().Status.Ready
	for _, m := range v.Members {
		if statuses[m.SessionID].Stage != ready || ready == "" {
			return party.Refuse(party.NotReady, "Not everybody in this party is ready.")
		}
	}
	return nil
}
