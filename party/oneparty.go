package party

import (
	"context"
	"slices"

	"partyline/party/rules"
)

// elsewhere applies the rule of one party per user to a session about to enter id: it
// refuses with AlreadyInParty, or answers the memberships to leave once the session is
// in. Where the rule applies, joins of one user wait for each other until unlock.
func (a *Admission) elsewhere(ctx context.Context, id ID, s Session) (leaving []Membership, unlock func(), err error) {
	rule := a.policy().Parties.OnePerUser
	if rule != rules.OnePartyOnly && rule != rules.LeavePrevious {
		return nil, func() {}, nil
	}
	mu := a.users.of(s.UserID)
	mu.Lock()
	handedOver := false
	defer func() {
		if !handedOver { // refused, or a panic went through
			mu.Unlock()
		}
	}()
	// In this order: a native join stops being under way only once its party is listed.
	joining := a.gates.joining(s.UserID, id, a.now())
	in, err := a.roster.PartiesOf(ctx, s.UserID)
	if err != nil {
		return nil, nil, err
	}
	in = slices.DeleteFunc(in, func(m Membership) bool { return m.ID == id })
	if rule == rules.OnePartyOnly {
		if joining || len(in) > 0 {
			return nil, nil, Refuse(AlreadyInParty, "You are in another party; leave it first.")
		}
	}
	handedOver = true
	return in, mu.Unlock, nil
}

// leaveOthers leaves what the user has got into while the native join into id was under
// way: two at once, by two sessions, do not find each other before they land. Of those
// the last to land counts, and only one that is still in it leaves the others.
func (a *Admission) leaveOthers(ctx context.Context, id ID, s Session) {
	if a.policy().Parties.OnePerUser != rules.LeavePrevious {
		return
	}
	mu := a.users.of(s.UserID)
	mu.Lock()
	defer mu.Unlock()
	in, err := a.roster.PartiesOf(ctx, s.UserID)
	if err != nil {
		a.logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		return
	}
	if slices.ContainsFunc(in, func(m Membership) bool { return m.ID == id && m.Session.SessionID == s.SessionID }) {
		a.moveOut(ctx, slices.DeleteFunc(in, func(m Membership) bool { return m.ID == id }))
	}
}

// stayOnly takes a session that has entered a party out of all others, where the host's
// session.single_party says so: the host does that in silence for its own joins, and not at
// all for invited sessions. No gate may be held.
func (a *Admission) stayOnly(ctx context.Context, id ID, s Session) {
	if !a.single {
		return
	}
	ids, err := a.roster.listed(s)
	if err != nil {
		a.logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		return
	}
	for _, other := range ids {
		if other != id {
			a.moveOut(ctx, []Membership{{ID: other, Session: s}})
		}
	}
}

// moveOut takes sessions out of parties; no seat is kept for them, and a party without
// members ends. No gate may be held.
func (a *Admission) moveOut(ctx context.Context, from []Membership) {
	a.leave(ctx, from)
	for _, m := range from {
		a.Left(ctx, m.ID, m.Session)
	}
}

// leave takes sessions out of parties as if each had left by itself.
func (a *Admission) leave(ctx context.Context, from []Membership) {
	for _, m := range from {
		if err := a.streams.StreamUserLeave(StreamMode, m.ID.UUID.String(), "", m.ID.Node, m.Session.UserID, m.Session.SessionID); err != nil {
			a.logger.Warn("party not left party=%s session=%s error=%v", m.ID, m.Session.SessionID, err)
			continue
		}
		a.roster.Left(ctx, m.ID, m.Session)
	}
}
