package invite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"partyline/internal/bounded"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reserve"
)

// If all members are away, a redemption looks again for five seconds.
const (
	awaitTries = 25
	awaitEvery = 200 * time.Millisecond
)

// redeemAttempts is how often a redemption is tried if the party ends, or all members go away, at that moment.
const redeemAttempts = 2

// redemptions brings users into parties by invites. Safe for concurrent use.
type redemptions struct {
	*resolver
	notices *notices
	funnel  *funnel
}

// Redeem makes one of the caller's sessions, chosen by [entry.Entry.Session], a member of the party that the invite
// leads to. The call may be repeated: a member gets the same answer and no use is taken. If all members are away, it
// waits a moment for the first one to return.
//
// Refusals: RateLimited, InviteNotFound, InviteNotForYou, the invite's state, PartyNotFound, PartyAway, Conflict, and
// those of [entry.Entry.Session], [entry.Entry.Check] and [admission.Admission.Admit]. A refused redemption costs no
// use. If storage fails, the use comes back when storage recovers.
func (s *redemptions) Redeem(ctx context.Context, c party.Caller, typed, sessionID string) (party.Redemption, error) {
	read := func(ctx context.Context, key string) (*record, error) {
		if r, known := s.Store.cache.Peek(key); known && r.refusal(c.UserID, s.Now()) != nil {
			return s.Store.read(ctx, key) // a refusal counts only on a record that was just read
		}
		return s.Store.readCached(ctx, key)
	}
	key, r, err := s.lookup(ctx, read, c, typed)
	if err == nil && !r.isFor(c.UserID) {
		err = r.refusal(c.UserID, s.Now())
	}
	if err != nil {
		return party.Redemption{}, err
	}
	var redemption party.Redemption
	for range redeemAttempts {
		look, gone := s.await(ctx, r, c.UserID)
		redemption, err = s.redeemInto(ctx, c, key, r, look, gone, sessionID)
		endedNow := gone == nil || r.Follow && party.ReasonOf(gone) == party.PartyNotFound // the inviter may be on their way
		if reason := party.ReasonOf(err); !endedNow || reason != party.PartyNotFound && reason != party.PartyAway {
			break
		}
	}
	return redemption, err
}

// RedeemInto is [Service.Redeem] for a user who waits for a seat of the party by the invite with this ID. It refuses
// with PartyNotFound if the invite now leads to another party.
func (s *redemptions) RedeemInto(ctx context.Context, c party.Caller, inviteID string, id party.ID) error {
	key, r, err := s.find(ctx, c, inviteID, "")
	if err != nil {
		return err
	}
	look, gone := s.lookDestination(ctx, r, c.UserID)
	if gone == nil && look.ID != id {
		return party.RefuseGone()
	}
	_, err = s.redeemInto(ctx, c, key, r, look, gone, "")
	return err
}

// redeemInto redeems an invite into the party of look. goneErr is the error of that look, if the invite leads
// nowhere.
func (s *redemptions) redeemInto(ctx context.Context, c party.Caller, key string, r *record, look reserve.Look, goneErr error, sessionID string) (party.Redemption, error) {
	var none party.Redemption
	id, awaited := look.ID, look.Expects(c.UserID)
	switch party.ReasonOf(goneErr) {
	case "", party.PartyNotFound, party.PartyAway:
	default:
		return none, fmt.Errorf("look at party: %w", goneErr)
	}
	session, sessionErr := s.entry.Session(c, sessionID, look.View)
	if sessionErr == nil {
		if _, member := look.Session(session.SessionID); member {
			return s.redemption(ctx, id, r, c.UserID, awaited), nil
		}
	}
	_, member := look.Member(c.UserID)
	if sessionErr == nil && (member || look.Returning(c.UserID)) { // their own seat: they need no invite
		err := s.Admission.Admit(ctx, id, session, party.Grant{Back: true}, &admission.Judged{Look: look})
		if err == nil {
			if slices.Contains(r.pending(), c.UserID) {
				s.claimForMember(ctx, key, c.UserID)
			}
			return s.redemption(ctx, s.Admission.Current(id), r, c.UserID, awaited), nil
		}
		if party.ReasonOf(err) != party.PartyNotFound { // otherwise the seat was lost meanwhile
			return none, fmt.Errorf("take their own seat: %w", err)
		}
	}
	if err := s.refusal(r, c.UserID, id); err != nil {
		return none, err
	}
	if goneErr != nil {
		return none, goneErr
	}
	if sessionErr != nil {
		return none, fmt.Errorf("choose session: %w", sessionErr)
	}
	if _, err := s.Admission.Check(ctx, id, r.intent(session), &look); err != nil && look.Size() > 0 {
		return none, fmt.Errorf("check admission: %w", err)
	}
	may := func(ctx context.Context, l reserve.Look) error { return s.entry.Check(ctx, c, r.By, l) }
	if err := may(ctx, look); err != nil {
		return none, err
	}
	if err := s.enter(ctx, key, &admission.Judged{Look: look, Rejudge: may}, session); err != nil {
		if now, lookErr := s.Admission.Look(ctx, id); lookErr == nil {
			if _, member := now.Session(session.SessionID); member { // by another call, before the invite ended
				return s.redemption(ctx, id, r, c.UserID, awaited), nil
			}
		}
		return none, err
	}
	id = s.Admission.Current(id)
	s.releaseHeldSeat(key, r, c.UserID)
	s.notices.tellParty(id, event{Event: eventRedeemed, ID: r.ID, By: c.UserID, User: c.UserID})
	redemption := s.redemption(ctx, id, r, c.UserID, awaited)
	s.funnel.recordArrival(arrival{c.UserID, look.Origin}, redemption.MatchID != "")
	if r.Follow { // the user may have been on the way to another party by this invite
		s.OnInviteOver(r.ID, c.UserID)
	}
	return redemption, nil
}

// claimForMember records that a named user has come on a seat of their own, so that the invite no longer waits for
// them.
func (s *redemptions) claimForMember(ctx context.Context, key, user string) {
	r, err := s.Store.change(ctx, key, func(r *record) error {
		if !slices.Contains(r.pending(), user) || r.refusal(user, s.Now()) != nil {
			return errUnchanged
		}
		r.claim(user)
		return nil
	})
	if err != nil {
		s.Logger.Warn("invite not marked as used by a member who came back user=%s error=%v", user, err)
		return
	}
	s.releaseHeldSeat(key, r, user)
	if r.spent() {
		s.notices.withdraw(r.ID, "")
	}
}

// releaseHeldSeat releases what the invite held for a user who has come.
func (s *redemptions) releaseHeldSeat(key string, r *record, user string) {
	s.publicPreviews.Invalidate(key)
	if origin := s.partyOf(r); r.Hold {
		s.Admission.Release(origin, r.ID, user) // if the inviter has moved on, this is another party than the user's
		s.Admission.HoldsChanged(origin, false)
	}
}

// await is lookDestination, but looks again for a while if all members are away. There is no error if the user is one
// of them: the first member who comes back brings the party back.
func (s *redemptions) await(ctx context.Context, r *record, userID string) (reserve.Look, error) {
	for again := awaitTries; ; again-- {
		look, err := s.lookDestination(ctx, r, userID)
		if party.ReasonOf(err) != party.PartyAway {
			return look, err
		}
		if look.Returning(userID) {
			return look, nil
		}
		if again == 0 || s.refusal(r, userID, look.ID) != nil || bounded.Sleep(ctx, awaitEvery) != nil {
			return look, err
		}
	}
}

// enter claims a use, admits the session, and gives the use back if that failed. It does all of this in one turn with
// the invite, so no other redemption on this node sees an intermediate state.
func (s *redemptions) enter(ctx context.Context, key string, by *admission.Judged, session party.Session) error {
	end, err := s.Store.takeTurn(ctx, key)
	if err != nil {
		return err
	}
	defer end()
	var seq int64
	var isNew bool
	settled := false // true if there is nothing to give back
	defer func() {
		if isNew && !settled { // also after a panic
			s.refund(ctx, key, session.UserID, seq)
		}
	}()
	r, err := s.Store.changeInTurn(ctx, key, func(r *record) error {
		if err := s.refusal(r, session.UserID, by.Look.ID); err != nil {
			return err
		}
		seq, isNew = r.claim(session.UserID)
		return nil
	})
	if err != nil {
		settled = !errors.As(err, &unsureError{})
		return fmt.Errorf("claim use: %w", err)
	}
	if err = s.Admission.Admit(ctx, by.Look.ID, session, r.grant(session.UserID), by); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	settled = true
	if r.spent() {
		s.notices.withdraw(r.ID, "")
	}
	return nil
}

// redemption builds the answer. It names the party's match if that has a seat for the user.
func (s *redemptions) redemption(ctx context.Context, id party.ID, r *record, userID string, awaited bool) party.Redemption {
	match, err := s.Seat(ctx, id, userID, awaited)
	if err != nil {
		s.Logger.Warn("search for a seat in the match failed party=%s user=%s error=%v", id, userID, err)
	}
	return party.Redemption{
		PartyID: id.String(), Joined: true, MatchID: match, Message: r.Message, Info: nonNil(r.Info), Launch: json.RawMessage(r.Launch),
	}
}
