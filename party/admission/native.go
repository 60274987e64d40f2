package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// MessageKind is which of the host's party messages it is.
type MessageKind int

const (
	Create MessageKind = iota + 1
	Join
	Accept // of Target
	Remove // of Target, a member or somebody who asked
	Promote
	Leave
	Update
	Close
	Queue // a ticket for the party, made or cancelled
)

// Message is a client's message about a party.
type Message struct {
	Kind   MessageKind
	Party  party.ID
	Sender party.Session
	Target party.Session // whom it names
	Client party.Client  // of the sender
	CID    string        // by which the sender knows the answer
	Facts  party.Facts   // of Create and Update
}

// joiner is who becomes a member by the message.
func (m Message) joiner() party.Session {
	if m.Kind == Accept {
		return m.Target
	}
	return m.Sender
}

func (m Message) intent() reserve.Intent {
	in := reserve.Intent{Kind: reserve.Join, Session: m.joiner(), By: m.Sender.SessionID}
	if m.Kind == Accept {
		in.Kind = reserve.Accept
	} else {
		in.Client = m.Client
	}
	return in
}

// Before comes before the host handles a message, behind everything else that may refuse
// it. A join of an open party, and an accept, keep a seat until [Admission.After] of the
// same message; a message the engine refuses has no after-hook, and its seat is free again
// with the next message of the same session, or after reserve.PendingTTL. A join of a closed
// party only asks to be let in. It refuses as Admit does, a request also with RateLimited or
// AlreadyInParty, an accept with InvalidRequest. l is the message's look at
// the party, nil for none.
//
// Where the rules give a member's seat to its next device and the engine itself cannot,
// Before does so and refuses all the same, with AlreadyMember: the engine must not see the
// message any more.
func (a *Admission) Before(ctx context.Context, m Message, l *Look) error {
	switch m.Kind {
	case Accept:
		if err := party.CheckNamed(m.Target); err != nil {
			return err
		}
		return a.begin(ctx, m, l)
	case Join:
		return a.begin(ctx, m, l)
	case Remove:
		return a.visit(ctx, m.Party, func(v *visit) error { return v.beginRemove(m, l) })
	}
	return nil
}

func (a *Admission) begin(ctx context.Context, m Message, l *Look) error {
	in := m.intent()
	leaving, unlock, err := a.elsewhere(ctx, m.Party, in)
	if err != nil {
		return err
	}
	defer unlock()
	return a.visit(ctx, m.Party, func(v *visit) error {
		if err := v.lookAfter(l); err != nil {
			return err
		}
		effects, err := v.decide(in)
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil { // from here on the host takes it for a join
			return err
		}
		return v.apply(effects, in, leaving)
	})
}

// apply does what was decided of a native message.
func (v *visit) apply(effects reserve.Effects, in reserve.Intent, leaving []party.Membership) error {
	s := in.Session
	switch {
	case effects.Take != nil:
		if err := v.take(*effects.Take, ""); err != nil {
			return err
		}
		return effects.Take.Answer
	case effects.Pend != nil:
		if in.Kind == reserve.Accept {
			v.forgetDead(s) // the engine takes it off its list before it finds nobody there
		}
		pend := *effects.Pend
		pend.Leaving = append(leaving, pend.Leaving...)
		v.book.Pending[s.SessionID] = &pend
		v.index.begin(in.By, begun{id: v.id, joiner: s, until: pend.Until})
	case effects.Ask != nil:
		if err := v.asks(s.UserID); err != nil {
			return err
		}
		if _, listed := v.book.Requests[s.SessionID]; !listed {
			v.book.Requests[s.SessionID] = *effects.Ask
			v.index.begin(in.By, begun{id: v.id, joiner: s, until: effects.Ask.Until})
		}
	}
	return nil
}

// forgetDead takes a request off the count whose session has ended.
func (v *visit) forgetDead(s party.Session) {
	if alive, err := v.roster.Alive(s); err == nil && !alive {
		delete(v.book.Requests, s.SessionID)
	}
}

// Settle ends the native join the session has under way, if any: its next message has
// arrived, or its socket has ended, so the engine is done with the one before.
func (a *Admission) Settle(sessionID string) { a.settlePending(sessionID, false) }

// settlePending settles; over says that the socket has ended.
func (a *Admission) settlePending(sessionID string, over bool) {
	b, ok := a.index.end(sessionID)
	if !ok {
		return
	}
	a.briefly(b.id, func(v *visit) {
		if p, pending := v.book.Pending[b.joiner.SessionID]; over && pending && p.By == sessionID {
			v.endPending(*p)
		}
		v.book.Settle(sessionID, b.joiner.SessionID)
	})
}

// endPending ends a native join that nobody told the end of. Where the session asked for
// itself, is gone and is not on the party's stream, the host may have it as a member all the
// same.
func (v *visit) endPending(p reserve.PendingJoin) {
	delete(v.book.Pending, p.Session.SessionID)
	if p.By != p.Session.SessionID { // the host lets nobody in for a leader who is not there
		return
	}
	if alive, err := v.roster.Alive(p.Session); err == nil && alive { // the host refused it
		return
	}
	members, err := v.roster.Members(v.id)
	if err == nil && !slices.ContainsFunc(members, func(m party.Member) bool { return m.SessionID == p.Session.SessionID }) {
		v.roster.Losses.Add(v.id, p.Session)
		v.changed()
		v.logger.Warn("party join lost with its socket party=%s user=%s session=%s", v.id, p.Session.UserID, p.Session.SessionID)
	}
}

// endOverdue ends the native joins whose time is over.
func (v *visit) endOverdue() {
	for _, p := range v.book.Overdue(v.now()) {
		v.endPending(p)
	}
	v.last.Lost = v.roster.Losses.Of(v.id)
}

// After comes after the host has handled a message, whatever became of it since.
func (a *Admission) After(ctx context.Context, m Message) error {
	switch m.Kind {
	case Create:
		return a.created(ctx, m)
	case Join:
		return a.end(ctx, m)
	case Accept:
		return errors.Join(a.end(ctx, m), a.inVisit(ctx, m, (*visit).led))
	case Remove:
		return errors.Join(a.inVisit(ctx, m, (*visit).removed), a.inVisit(ctx, m, (*visit).led))
	case Promote:
		return a.inVisit(ctx, m, func(v *visit, m Message) error {
			v.lead(m.Target)
			return nil
		})
	case Leave:
		return a.inVisit(ctx, m, (*visit).left)
	case Update:
		return a.inVisit(ctx, m, (*visit).updated)
	case Close:
		return a.inVisit(ctx, m, (*visit).closed)
	case Queue:
		return a.inVisit(ctx, m, (*visit).led)
	}
	return nil
}

func (a *Admission) inVisit(ctx context.Context, m Message, do func(*visit, Message) error) error {
	return a.visit(ctx, m.Party, func(v *visit) error { return do(v, m) })
}

// created mirrors a new party and, where the rules say so, takes its creator out of the
// party before.
func (a *Admission) created(ctx context.Context, m Message) error {
	if adopted, err := a.adopt(ctx, m); adopted || err != nil {
		return err
	}
	m.Facts.CreatedAt = a.now()
	// Not in the visit: somebody who joins over another connection may have the party's
	// lock already, and waits for these very facts.
	if err := a.roster.Begin(m.Party, m.Sender, m.Facts, party.ID{}); err != nil {
		return err
	}
	err := a.visit(ctx, m.Party, func(v *visit) error {
		v.known = true // what was reserved before this, its visit has read
		v.facts, v.leading = m.Facts, m.Sender.UserID
		v.rosterLater()
		v.out.Add(party.Change{Kind: party.PartyCreated, ID: v.id})
		return nil
	})
	if err != nil {
		return err
	}
	leaving, unlock, err := a.elsewhere(ctx, m.Party, reserve.Intent{Session: m.Sender})
	if err != nil {
		return err
	}
	defer unlock()
	a.leave(ctx, leaving)
	a.stayOnly(ctx, m.Party, m.Sender)
	a.moveOn(ctx, m.Sender.UserID, m.Party)
	return nil
}

// end comes after a join or accept. If the joiner is a member now it is mirrored.
func (a *Admission) end(ctx context.Context, m Message) error {
	s := m.joiner()
	var leaving []party.Membership
	in := false
	err := a.visit(ctx, m.Party, func(v *visit) (err error) {
		leaving, in, err = v.land(s)
		return err
	})
	for _, l := range leaving {
		if l.ID == m.Party {
			a.vacate(ctx, l)
			continue
		}
		a.leave(ctx, []party.Membership{l})
	}
	if in {
		a.stayOnly(ctx, m.Party, s)
		a.leaveOthers(ctx, m.Party, s)
		a.moveOn(ctx, s.UserID, m.Party)
	}
	return err
}

// land ends a native join, and returns the memberships the session has to leave, and
// whether it is in.
func (v *visit) land(s party.Session) (leaving []party.Membership, in bool, err error) {
	members, err := v.roster.Members(v.id)
	in = slices.ContainsFunc(members, func(m party.Member) bool { return m.SessionID == s.SessionID })
	pending, flew := v.book.Land(s.SessionID, in)
	if flew {
		v.index.end(pending.By)
	} else {
		v.index.end(s.SessionID)
	}
	v.roster.Losses.Remove(v.id, s.SessionID) // not lost after all: the host tells the end of it
	if !in {
		return nil, false, err
	}
	v.entered(s, true)
	err = v.seated(s.UserID, false)
	v.evictGhost(members)
	return pending.Leaving, true, err
}

// evictGhost takes the session admitted last off a stream that has more sessions than
// seats. It is the second line behind Admit's own check: a native join may have stayed
// under way for longer than its seat was kept.
func (v *visit) evictGhost(members []party.Member) {
	if len(v.book.Admitted) == 0 {
		return
	}
	now, err := v.roster.LookOnce(v.id)
	if err != nil {
		return
	}
	ghost, is := v.book.Ghost(members, len(now.Lost), now.MaxSize)
	if !is {
		return
	}
	v.logger.Warn("party over capacity, admission undone party=%s session=%s", v.id, ghost.SessionID)
	if _, err := v.remove(ghost, false); err != nil {
		v.logger.Warn("party not left party=%s session=%s error=%v", v.id, ghost.SessionID, err)
	}
	delete(v.book.Admitted, ghost.SessionID)
}

// leaveOthers leaves what the user has got into while the native join into id was under
// way: two at once, by two sessions, do not find each other before they land. Of those
// the last to land counts, and only one that is still in it leaves the others.
func (a *Admission) leaveOthers(ctx context.Context, id party.ID, s party.Session) {
	if a.policy().Parties.OnePerUser != rules.LeavePrevious {
		return
	}
	unlock, err := a.users.Lock(context.WithoutCancel(ctx), s.UserID)
	if err != nil {
		return
	}
	defer unlock()
	in, err := a.roster.PartiesOf(ctx, s.UserID)
	if err != nil {
		a.logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		return
	}
	if slices.ContainsFunc(in, func(m party.Membership) bool { return m.ID == id && m.Session.SessionID == s.SessionID }) {
		a.leave(ctx, slices.DeleteFunc(in, func(m party.Membership) bool { return m.ID == id }))
	}
}

// left comes after a PartyLeave. Whoever leaves on purpose, if only after coming back,
// keeps no seat; a party without members ends.
func (v *visit) left(m Message) error {
	return v.giveUp(m.Sender.UserID, v.gone(m.Sender, false))
}

// giveUp ends the seat kept for a user who has left on purpose, and the party with its last
// member. Where other members are known and none is there, the next sweep ends it.
func (v *visit) giveUp(userID string, alone bool) (err error) {
	if k := v.book.Kept[userID]; k != nil {
		err = v.endKept(k, party.SeatLost)
	}
	if alone {
		v.endIfEmpty()
	}
	return err
}

// updated comes after a PartyUpdate, which replaces all three values.
func (v *visit) updated(m Message) error {
	err := v.led(m)
	v.roster.Update(v.id, m.Facts.Open, m.Facts.Hidden, m.Facts.Label)
	v.rosterLater()
	v.facts.Open, v.facts.Hidden, v.facts.Label = m.Facts.Open, m.Facts.Hidden, m.Facts.Label
	v.last = roster.Snapshot{}
	v.changed()
	v.out.Add(party.Change{Kind: party.PartyUpdated, ID: v.id})
	return err
}

func (v *visit) closed(Message) error {
	v.roster.End(v.id)
	v.last = roster.Snapshot{}
	v.changed()
	v.out.Add(party.Change{Kind: party.PartyClosed, ID: v.id})
	v.forget()
	return nil
}

// led comes after anything the native engine lets only the leader do: the sender led when
// they did it. It corrects the mirror where joins so close together that their hooks ran in
// the other order made it expect somebody else.
func (v *visit) led(m Message) error {
	if v.last.ID == v.id && v.last.Leader().SessionID == m.Sender.SessionID {
		return nil
	}
	now, err := v.roster.LookOnce(v.id)
	if err != nil || now.Leader().SessionID == m.Sender.SessionID {
		return nil // ended meanwhile, or right as it is
	}
	v.lead(m.Sender)
	return nil
}

func (v *visit) lead(s party.Session) {
	v.roster.SetLeader(v.id, s)
	v.leading = s.UserID
	v.rosterLater()
	v.last = roster.Snapshot{}
	v.changed()
}

// Ended comes after the end of a socket: whatever it had under way is over, its seats are
// kept as the rules say, and its parties are told. For a session that was in no party it
// costs a few look-ups in memory. A seat is kept on this node even if the error says that
// storage did not take it.
func (a *Admission) Ended(ctx context.Context, s party.Session) error {
	a.settlePending(s.SessionID, true)
	var errs []error
	for _, id := range a.placesOf(s.UserID) {
		if err := a.settle(ctx, id, s); err != nil {
			errs = append(errs, fmt.Errorf("keep seat in %s: %w", id, err))
		}
	}
	a.dropped(s)
	return errors.Join(errs...)
}

// dropped tells of the parties an ended session was in. It may come after the session has
// been forgotten everywhere else, or twice.
func (a *Admission) dropped(s party.Session) {
	for _, id := range a.roster.Attendance.Of(s.UserID) {
		if a.roster.Attendance.Remove(id, s.SessionID) {
			a.briefly(id, func(v *visit) {
				v.last = roster.Snapshot{}
				v.changed()
				v.out.Add(party.Change{Kind: party.MemberDropped, ID: id, Session: s})
			})
		}
	}
}
