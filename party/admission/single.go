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

// memberships keep users in one party, and sessions too, where the rules or the host's own settings
// know one.
type memberships struct {
	ledger   *ledger.Ledger
	boarding boarding
	joins    *joins
	users    keyed.Locks[string] // where one party per user is the rule, a user's joins wait for each other
}

// MayCreate refuses with AlreadyInParty a user who may not make a party.
func (m *memberships) MayCreate(ctx context.Context, s party.Session) error {
	_, unlock, err := m.claim(ctx, party.ID{}, reserve.Intent{Session: s})
	if err == nil {
		unlock()
	}
	return err
}

// claim applies the rule of one party per user to a session about to enter id: it refuses
// with AlreadyInParty, or returns the memberships to leave once the session is in. Where the
// rule applies, joins of one user wait for each other until unlock.
func (m *memberships) claim(ctx context.Context, id party.ID, intent reserve.Intent) (leaving []party.Membership, unlock func(), err error) {
	rule, user := m.ledger.Policy().Parties.OnePerUser, intent.Session.UserID
	if !rule.One() {
		return nil, func() {}, nil
	}
	release, err := m.users.Lock(ctx, user)
	if err != nil {
		return nil, nil, fmt.Errorf("wait for the user's other joins: %w", err)
	}
	defer func() {
		if unlock == nil { // refused, or a panic went through
			release()
		}
	}()
	if !id.IsZero() {
		id = m.ledger.Current(id) // who was waited for may have founded the party again
	}
	// In this order: a native join stops being under way only once its party is listed.
	joining := m.joins.elsewhere(intent.Session, id, m.ledger.Now())
	in, err := m.elsewhere(ctx, user, id)
	if err != nil {
		return nil, nil, err
	}
	if rule == rules.OnePartyOnly && (joining || len(in) > 0) {
		return nil, nil, reserve.Elsewhere(intent)
	}
	return in, release, nil
}

// elsewhere lists the user's memberships in all parties but one.
func (m *memberships) elsewhere(ctx context.Context, userID string, but party.ID) ([]party.Membership, error) {
	in, err := m.ledger.Roster.PartiesOf(ctx, userID)
	return slices.DeleteFunc(in, func(in party.Membership) bool { return in.ID == but }), err
}

// leave takes sessions out of parties as if each had left by itself. The caller holds the
// lock of no party.
func (m *memberships) leave(ctx context.Context, from ...party.Membership) {
	for _, old := range from {
		err := m.ledger.VisitAnyway(ctx, old.ID, func(v *ledger.Visit) error {
			last, err := m.boarding.takeOff(v, old.Session, false)
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

// leaveOthers leaves what the user has got into while the native join into id, or its creation,
// was under way: two at once, by two sessions, may not find each other before they land. Where
// the party before is left, the last to land counts, and only one that is still in it leaves the
// others. Where users stay in it, the first one counts, and both who look find the same.
func (m *memberships) leaveOthers(ctx context.Context, id party.ID, s party.Session) {
	rule := m.ledger.Policy().Parties.OnePerUser
	if !rule.One() {
		return
	}
	unlock, err := m.users.Lock(context.WithoutCancel(ctx), s.UserID)
	if err != nil {
		return
	}
	defer unlock()
	in, err := m.ledger.Roster.PartiesOf(ctx, s.UserID)
	if err != nil {
		m.ledger.Logger.Warn("other parties not left party=%s session=%s error=%v", id, s.SessionID, err)
		return
	}
	counts := slices.IndexFunc(in, func(in party.Membership) bool { return in.ID == id && in.Session.SessionID == s.SessionID })
	if rule == rules.OnePartyOnly {
		counts = len(in) - 1
	}
	if counts >= 0 {
		stays := in[counts].ID
		m.leave(ctx, slices.DeleteFunc(in, func(in party.Membership) bool { return in.ID == stays })...)
	}
}
