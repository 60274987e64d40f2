package admission

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
)

// MessageKind is the kind of a host's party message.
type MessageKind int

const (
	Create MessageKind = iota + 1
	Join
	Accept // names Target
	Remove // names Target, a member or a player who asked
	Promote
	Leave
	Update
	Close
	ByLeader // messages that only the leader may send and that change no party: a ticket is made or cancelled, or requests are listed
)

// Message is a client's message about a party.
type Message struct {
	Kind   MessageKind
	Party  party.ID
	Sender party.Session
	Target party.Session // the session that the message names
	Client party.Client  // of the sender
	CID    string        // the sender recognizes the answer by it
	Facts  party.Facts   // for Create and Update
}

func (m Message) intent() reserve.Intent {
	if m.Kind == Accept {
		return reserve.Intent{Kind: reserve.Accept, Session: m.Target, By: m.Sender.SessionID}
	}
	return reserve.Intent{Kind: reserve.Join, Session: m.Sender, By: m.Sender.SessionID, Client: m.Client}
}

// Before runs before the host handles a message, after all other checks. A join of an open party, and an accept,
// reserve a seat until [Admission.After] of the same message. If the host refuses the message, there is no after-hook:
// the seat is free again with the session's next message, or after reserve.PendingTTL. The same holds for a creation
// and a kick, which block others meanwhile. A join of a closed party only asks to enter. Before refuses as Admit does,
// a request also with RateLimited or AlreadyInParty, an accept with InvalidRequest. It refuses with AlreadyMember after
// it has moved a member's seat to another device, which the host cannot do. l is the message's look at the party, nil
// for none.
func (a *Admission) Before(ctx context.Context, m Message, l *reserve.Look) error {
	switch m.Kind {
	case Create:
		return a.beginCreate(ctx, m)
	case Accept:
		if err := party.CheckNamed(m.Target); err != nil {
			return err
		}
		return a.beginJoin(ctx, m, l)
	case Join:
		return a.orGone(ctx, m.Party, a.beginJoin(ctx, m, l))
	case Remove:
		return a.VisitNative(ctx, m.Party, func(v *ledger.Visit) error { return a.beginRemove(v, m, l) })
	}
	return nil
}

// orGone returns the refusal of a join. It is more important that the party is gone or away. After a restart the ID that
// members know may lead to a party that is away.
func (a *Admission) orGone(ctx context.Context, id party.ID, refusal error) error {
	switch party.ReasonOf(refusal) {
	case party.AlreadyInParty, party.PartyNotFound:
		_, err := a.Look(ctx, id)
		return cmp.Or(err, refusal)
	}
	return refusal
}

// beginCreate notes that the user is entering a party, so that their other sessions see it. It notes nothing if the
// host is about to refuse the message.
func (a *Admission) beginCreate(ctx context.Context, m Message) error {
	s := m.Sender
	_, unlock, err := a.claim(ctx, party.ID{}, reserve.Intent{Session: s})
	if err != nil {
		a.joins.end(s.SessionID)
		return err
	}
	defer unlock()
	if !validLabel(m.Facts.Label) {
		return nil
	}
	a.joins.begin(s.SessionID, join{joiner: s, behind: a.joins.get(s.SessionID).behind, until: a.Now().Add(reserve.PendingTTL)})
	return nil
}

// deadConnectionTime is how long the host may count a dead connection as alive: socket.pong_wait_ms (25 s by default;
// modules cannot read it), and ten seconds until it reports the end.
const deadConnectionTime = 35 * time.Second

// maxLabel is the longest label that the host accepts, in bytes.
const maxLabel = 2048

// validLabel reports whether the host can read a label; otherwise it creates no party.
func validLabel(label string) bool {
	return label == "" || len(label) <= maxLabel && json.Unmarshal([]byte(label), new(map[string]any)) == nil
}

func (a *Admission) beginJoin(ctx context.Context, m Message, l *reserve.Look) error {
	in := m.intent()
	leaving, unlock, err := a.claim(ctx, m.Party, in)
	if err != nil {
		return err
	}
	defer unlock()
	return a.VisitNative(ctx, m.Party, func(v *ledger.Visit) error {
		if err := v.LookAfter(l); err != nil {
			return err
		}
		effects, err := a.decide(v, in)
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil { // after this the host handles it as a join
			return err
		}
		return a.apply(v, effects, in, leaving)
	})
}

// apply carries out the decision on a native message.
func (a *Admission) apply(v *ledger.Visit, effects reserve.Effects, in reserve.Intent, leaving []party.Membership) error {
	s := in.Session
	switch {
	case effects.Take != nil:
		if err := a.take(v, *effects.Take, party.Grant{}); err != nil {
			return err
		}
		return effects.Take.Answer
	case effects.Pend != nil:
		if in.Kind == reserve.Accept { // for a dead session the host drops the request, and then finds nobody to let in
			if alive, err := a.Roster.Alive(s); err == nil && !alive {
				delete(v.Book.Requests, s.SessionID)
				return nil
			}
		}
		pend := *effects.Pend
		pend.Leaving = append(leaving, pend.Leaving...)
		v.Book.Pending[s.SessionID] = &pend
		a.joins.begin(in.By, join{id: v.ID, joiner: s, until: pend.Until})
	case effects.Ask != nil:
		if err := a.Requests(s.UserID); err != nil {
			return err
		}
		if !v.Book.Asks(s.UserID) { // otherwise the host refuses it, from any of the user's sessions
			v.Book.Requests[s.SessionID] = *effects.Ask
			a.joins.begin(in.By, join{id: v.ID, joiner: s, until: effects.Ask.Until})
		}
	}
	return nil
}

// Settle ends what the session has under way. Its next message or call has arrived, so the host has finished the one
// before, and the connection lives.
func (a *Admission) Settle(s party.Session) {
	a.Roster.Attendance.Stay(s)
	a.settle(s.SessionID, false)
}

// settle is Settle; over says that the socket has ended.
func (a *Admission) settle(sessionID string, over bool) {
	b, ok := a.joins.end(sessionID)
	if !ok || b.id.IsZero() {
		return
	}
	a.Briefly(b.id, func(v *ledger.Visit) {
		if p, pending := v.Book.Pending[b.joiner.SessionID]; over && pending && p.By == sessionID {
			v.EndPending(*p)
		}
		v.Book.Settle(sessionID, b.joiner.SessionID)
	})
}

// After runs after the host has handled a message. The party may have changed since then.
func (a *Admission) After(ctx context.Context, m Message) (err error) {
	switch m.Kind {
	case Create:
		return a.afterCreate(ctx, m)
	case Join:
		return a.afterJoin(ctx, m)
	case Accept:
		err = a.afterJoin(ctx, m)
	}
	visit := a.VisitNative
	if m.Kind == Leave { // a member who was away may know the party by an older ID
		visit = a.Visit
	}
	return errors.Join(err, visit(ctx, m.Party, func(v *ledger.Visit) error {
		switch m.Kind {
		case Remove:
			err := a.afterRemove(v, m)
			v.ConfirmLeader(m.Sender)
			return err
		case Promote:
			v.Lead(m.Target)
		case Leave: // on purpose, perhaps after coming back, or before the host noticed the end of the older connection
			last := v.ID == m.Party && a.mirrorLeave(v, m.Sender)
			a.Roster.Attendance.Leave(v.ID, m.Sender, a.Now().Add(deadConnectionTime))
			return v.GiveUp(m.Sender.UserID, last)
		case Update:
			v.ConfirmLeader(m.Sender)
			v.Update(m.Facts.Open, m.Facts.Hidden, m.Facts.Label)
		case Close:
			v.Close(m.Sender.UserID)
		case Accept, ByLeader:
			v.ConfirmLeader(m.Sender)
		}
		return nil
	}))
}

// mirrorLeave mirrors a leave. A session that was admitted again meanwhile is still on the stream, and is taken off
// here.
func (a *Admission) mirrorLeave(v *ledger.Visit, s party.Session) (last bool) {
	if _, lately := v.Book.Admitted[s.SessionID]; lately {
		if err := a.leaveStream(v.ID, s); err != nil {
			a.Logger.Warn("party not left party=%s session=%s error=%v", v.ID, s.SessionID, err)
		}
	}
	return v.MemberGone(s, v.At, false, "")
}

// afterCreate mirrors a new party, or continues an old one in it. If the rules say so, its creator leaves their earlier
// party.
func (a *Admission) afterCreate(ctx context.Context, m Message) (err error) {
	defer a.joins.end(m.Sender.SessionID) // after it is listed as a member, as in finishJoin
	m.Facts.CreatedAt = a.Now()
	if old := a.joins.get(m.Sender.SessionID).behind; old != nil {
		err = a.adopt(ctx, old, m.Party, m.Sender)
	} else if err = a.Roster.Begin(m.Party, m.Sender, m.Facts, party.ID{}); err == nil { // outside the visit: a joining session has the lock and waits for this
		err = a.VisitNative(ctx, m.Party, func(v *ledger.Visit) error {
			v.Began(m.Sender, m.Facts)
			return nil
		})
	}
	if err != nil {
		return err
	}
	a.leaveOthers(ctx, m.Party, m.Sender)
	a.afterEntering(ctx, m.Party, m.Sender)
	return nil
}

// afterJoin runs after a join or accept, and mirrors the session if it is a member now.
func (a *Admission) afterJoin(ctx context.Context, m Message) error {
	s := m.intent().Session
	var leaving []party.Membership
	in := false
	err := a.VisitNative(ctx, m.Party, func(v *ledger.Visit) (err error) {
		leaving, in, err = a.finishJoin(v, s)
		return err
	})
	for _, l := range leaving {
		if l.ID != m.Party {
			a.leave(ctx, l)
			continue
		}
		_ = a.VisitAnyway(ctx, l.ID, func(v *ledger.Visit) error {
			a.vacate(v, l.Session, "")
			return nil
		})
	}
	if in {
		a.leaveOthers(ctx, m.Party, s)
		a.afterEntering(ctx, m.Party, s)
	}
	return err
}

// finishJoin ends a native join. It returns the memberships that the session has to leave, and whether it is in.
func (a *Admission) finishJoin(v *ledger.Visit, s party.Session) (leaving []party.Membership, in bool, err error) {
	members, err := a.Roster.Members(v.ID)
	in = party.HasSession(members, s.SessionID)
	pending, wasPending := v.Book.FinishJoin(s.SessionID, in)
	by := s.SessionID
	if wasPending {
		by, v.At = pending.By, pending.Until.Add(-reserve.PendingTTL)
	}
	defer a.joins.end(by) // after it is listed as a member: until then the user's other joins see it here
	v.JoinLost(s)         // it was not lost: the host has reported its end
	if !in {
		return nil, false, err
	}
	if v.Book.KickedSince(s.UserID, v.At) { // the kick was of another of their devices
		a.vacate(v, s, "")
		return pending.Leaving, false, nil
	}
	v.Entered(s, v.At, true, a.Roster.Attendance.Another(v.ID, s))
	err = v.Seated(s, party.Grant{})
	a.evictGhost(v, members)
	return pending.Leaving, true, err
}

// Ended runs after the end of a socket. It ends what the session had under way, keeps its seats as the rules say, and
// reports the end to its parties. For a session without a party it only reads memory. A seat is kept on this node even
// if the error says that storage did not take it.
func (a *Admission) Ended(ctx context.Context, s party.Session) error {
	at := a.Now()
	a.settle(s.SessionID, true)
	var errs []error
	for _, id := range a.KnownPartiesOf(s.UserID) {
		if err := a.Review(ctx, id, s); err != nil {
			errs = append(errs, fmt.Errorf("keep seat in %s: %w", id, err))
		}
	}
	a.Dropped(s, at)
	return errors.Join(errs...)
}

// afterEntering runs after a session has entered a party. It withdraws the offer of another party to its user. Under
// session.single_party the session leaves the parties that it entered before. The host does that too, without reporting
// it, for its own joins, but not for invited sessions.
func (a *Admission) afterEntering(ctx context.Context, id party.ID, s party.Session) {
	a.offers.Invalidate(s.UserID)
	if a.SingleParty {
		ids, err := a.Roster.Listed(s)
		if err != nil {
			a.Logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		}
		for _, older := range ids[:max(0, slices.Index(ids, id))] {
			a.leave(ctx, party.Membership{ID: older, Session: s})
		}
	}
	if a.Policy().Parties.OnePerUser.Enabled() {
		a.GiveUpOthers(ctx, s.UserID, id)
	}
}
