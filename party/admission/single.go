package admission

import (
	"context"
	"fmt"
	"slices"

	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// memberships keeps users, and sessions, in one party if the rules or the host's settings demand it.
type memberships struct {
	ledger    *ledger.Ledger
	boarding  boarding
	joins     *joins
	userLocks keyed.Locks[string] // under one party per user, a user's joins wait for each other
}

// MayCreate refuses with AlreadyInParty if the user may not create a party.
func (m *memberships) MayCreate(ctx context.Context, s party.Session) error {
	_, unlock, err := m.claim(ctx, party.ID{}, reserve.Intent{Session: s})
	if err == nil {
		unlock()
	}
	return err
}

// claim applies the rule of one party per user to a session that is about to enter id. It refuses with AlreadyInParty,
// or returns the memberships to leave after the session is in. If the rule applies, other joins of the user wait until
// unlock.
func (m *memberships) claim(ctx context.Context, id party.ID, intent reserve.Intent) (leaving []party.Membership, unlock func(), err error) {
	rule, user := m.ledger.Policy().Parties.OnePerUser, intent.Session.UserID
	if !rule.Enabled() {
		return nil, func() {}, nil
	}
	release, err := m.userLocks.Lock(ctx, user)
	if err != nil {
		return nil, nil, fmt.Errorf("wait for the user's other joins: %w", err)
	}
	defer func() {
		if unlock == nil { // refused, or a panic
			release()
		}
	}()
	if !id.IsZero() {
		id = m.ledger.Current(id) // the join before may have founded the party again
	}
	// In this order: a native join stays in joins until its party is listed.
	joining := m.joins.entersAnother(intent.Session, id, m.ledger.Now())
	in, err := m.elsewhere(ctx, user, id)
	if err != nil {
		return nil, nil, err
	}
	if rule == rules.OnePartyOnly && (joining || len(in) > 0) {
		return nil, nil, reserve.Elsewhere(intent)
	}
	return in, release, nil
}

// elsewhere lists the user's memberships in all parties except one.
func (m *memberships) elsewhere(ctx context.Context, userID string, except party.ID) ([]party.Membership, error) {
	in, err := m.ledger.Roster.PartiesOf(ctx, userID)
	return slices.DeleteFunc(in, func(in party.Membership) bool { return in.ID == except }), err
}

// leave takes sessions out of parties as if each had left by itself. The caller must not hold a party's lock.
func (m *memberships) leave(ctx context.Context, from ...party.Membership) {
	for _, old := range from {
		err := m.ledger.VisitAnyway(ctx, old.ID, func(v *ledger.Visit) error {
			last, err := m.boarding.takeOff(v, old.Session, false, "")
			if err != nil {
				return err
			}
			return v.GiveUp(old.Session.UserID, last)
		})
		if err != nil {
			m.ledger.Logger.Warn("party not left party=%s session=%s error=%v", old.ID, old.Session.SessionID, err)
		}
	}
}

// leaveOthers leaves the parties that the user entered while the native join into id, or its creation, was under way.
// Two joins by two sessions may not see each other before they land. If the rules have users leave their old party, the
// last join wins, and only a session that is still in it leaves the others, except parties that it has entered since: the
// after-hook of a leader's accept may run late. If users stay in their party, the first join wins; both callers find the
// same one.
func (m *memberships) leaveOthers(ctx context.Context, id party.ID, s party.Session) {
	rule := m.ledger.Policy().Parties.OnePerUser
	if !rule.Enabled() {
		return
	}
	unlock, err := m.userLocks.Lock(context.WithoutCancel(ctx), s.UserID)
	if err != nil {
		return
	}
	defer unlock()
	in, err := m.ledger.Roster.PartiesOf(ctx, s.UserID)
	if err != nil {
		m.ledger.Logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		return
	}
	winner := slices.IndexFunc(in, func(in party.Membership) bool { return in.ID == id && in.Session.SessionID == s.SessionID })
	if rule == rules.OnePartyOnly {
		winner = len(in) - 1
	}
	if winner >= 0 {
		won := in[winner]
		m.leave(ctx, slices.DeleteFunc(in, func(in party.Membership) bool {
			return in.ID == won.ID || rule == rules.LeavePrevious && in.Session == s && in.Since.After(won.Since)
		})...)
	}
}
