package admission

import (
	"context"
	"fmt"
	"slices"

	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// Users are kept in one party, and sessions too, where the rules or the host's own settings
// know one.

// claim applies the rule of one party per user to a session about to enter id: it refuses
// with AlreadyInParty, or returns the memberships to leave once the session is in. Where the
// rule applies, joins of one user wait for each other until unlock.
func (a *Admission) claim(ctx context.Context, id party.ID, intent reserve.Intent) (leaving []party.Membership, unlock func(), err error) {
	rule, user := a.Policy().Parties.OnePerUser, intent.Session.UserID
	if !rule.One() {
		return nil, func() {}, nil
	}
	release, err := a.users.Lock(ctx, user)
	if err != nil {
		return nil, nil, fmt.Errorf("wait for the user's other joins: %w", err)
	}
	claimed := false
	defer func() {
		if !claimed { // refused, or a panic went through
			release()
		}
	}()
	if !id.IsZero() {
		id = a.Current(id) // who was waited for may have founded the party again
	}
	// In this order: a native join stops being under way only once its party is listed.
	joining := a.joins.elsewhere(intent.Session, id, a.Now())
	in, err := a.elsewhere(ctx, user, id)
	if err != nil {
		return nil, nil, err
	}
	if rule == rules.OnePartyOnly && (joining || len(in) > 0) {
		return nil, nil, reserve.Elsewhere(intent)
	}
	claimed = true
	return in, release, nil
}

// elsewhere lists the user's memberships in all parties but one.
func (a *Admission) elsewhere(ctx context.Context, userID string, but party.ID) ([]party.Membership, error) {
	in, err := a.Roster.PartiesOf(ctx, userID)
	return slices.DeleteFunc(in, func(m party.Membership) bool { return m.ID == but }), err
}

// leave takes sessions out of parties as if each had left by itself. The caller holds the
// lock of no party.
func (a *Admission) leave(ctx context.Context, from ...party.Membership) {
	for _, old := range from {
		err := a.VisitAnyway(ctx, old.ID, func(v *ledger.Visit) error {
			last, err := v.Remove(old.Session, false)
			if err != nil {
				return err
			}
			return v.GiveUp(old.Session.UserID, last)
		})
		if err != nil {
			a.Logger.Warn("party not left party=%s session=%s error=%v", old.ID, old.Session.SessionID, err)
		}
	}
}

// entered comes after a session has entered a party, so that no other one is offered to its user
// any more. Under session.single_party it leaves all others: the host does that in silence for its
// own joins, and not at all for invited sessions.
func (a *Admission) entered(ctx context.Context, id party.ID, s party.Session) {
	a.offers.Drop(s.UserID)
	if a.SingleParty {
		ids, err := a.Roster.Listed(s)
		if err != nil {
			a.Logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		}
		for _, other := range ids {
			if other != id {
				a.leave(ctx, party.Membership{ID: other, Session: s})
			}
		}
	}
	if a.Policy().Parties.OnePerUser.One() {
		a.GiveUpOthers(ctx, s.UserID, id)
	}
}

// leaveOthers leaves what the user has got into while the native join into id, or its creation,
// was under way: two at once, by two sessions, may not find each other before they land. Where
// the party before is left, the last to land counts, and only one that is still in it leaves the
// others. Where users stay in it, the first one counts, and both who look find the same.
func (a *Admission) leaveOthers(ctx context.Context, id party.ID, s party.Session) {
	rule := a.Policy().Parties.OnePerUser
	if !rule.One() {
		return
	}
	unlock, err := a.users.Lock(context.WithoutCancel(ctx), s.UserID)
	if err != nil {
		return
	}
	defer unlock()
	in, err := a.Roster.PartiesOf(ctx, s.UserID)
	if err != nil {
		a.Logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		return
	}
	counts := slices.IndexFunc(in, func(m party.Membership) bool { return m.ID == id && m.Session.SessionID == s.SessionID })
	if rule == rules.OnePartyOnly {
		counts = len(in) - 1
	}
	if counts >= 0 {
		stays := in[counts].ID
		a.leave(ctx, slices.DeleteFunc(in, func(m party.Membership) bool { return m.ID == stays })...)
	}
}
