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

// A redemption that finds everybody away looks again, for five seconds.
const (
	awaitLooks = 25
	awaitEvery = 200 * time.Millisecond
)

// followAttempts is how many parties a redemption tries, where each ends just then.
const followAttempts = 3

// redemptions bring users into parties by invites. Safe for concurrent use.
type redemptions struct {
	*routes
	notices *notices
	funnel  *funnel
}

// Redeem makes the caller's session that [entry.Entry.Session] chooses a member of the party the
// invite leads to. It may be repeated: a member gets the same answer and nothing is used up.
// Where everybody in the party is away it waits for the first of them for a moment.
//
// Refusals: RateLimited, InviteNotFound, InviteNotForYou, the invite's state, PartyNotFound,
// PartyAway, Conflict, and those of [entry.Entry.Session], [entry.Entry.May] and
// [admission.Admission.Admit]. After a refusal no use is gone; where storage fails, it comes
// back once it recovers.
func (s *redemptions) Redeem(ctx context.Context, c party.Caller, typed, sessionID string) (party.Redemption, error) {
	var redemption party.Redemption
	read := func(ctx context.Context, key string) (found, error) {
		if f, known := s.Store.kept.Kept(key); known && f.rec.refusal(c.UserID, s.Now()) != nil {
			return s.Store.read(ctx, key) // a refusal counts only on a record that was read now
		}
		return s.Store.lately(ctx, key)
	}
	key, r, err := s.lookup(ctx, read, c, typed)
	if err != nil {
		return redemption, err
	}
	if !r.isFor(c.UserID) {
		return redemption, r.refusal(c.UserID, s.Now())
	}
	var refusal error
	var gone party.ID
	for range followAttempts {
		look, err := s.await(ctx, r, c.UserID)
		if look.ID == gone && refusal != nil && party.ReasonOf(err) != party.PartyAway {
			break
		}
		redemption, refusal = s.redeemInto(ctx, c, key, r, look, err, sessionID)
		reason := party.ReasonOf(refusal)
		endedNow := err == nil && (reason == party.PartyNotFound || reason == party.PartyAway) // its members may come back
		if !endedNow && !(r.Follow && reason == party.PartyNotFound) {                         // the inviter may be in another
			break
		}
		gone = look.ID
	}
	return redemption, refusal
}

// RedeemInto is [Service.Redeem] for somebody who waits for a seat of the party by the invite with this ID. It
// refuses with PartyNotFound where that leads elsewhere now.
func (s *redemptions) RedeemInto(ctx context.Context, c party.Caller, inviteID string, id party.ID) error {
	key, r, err := s.find(ctx, c, inviteID, "")
	if err != nil {
		return err
	}
	look, gone := s.leads(ctx, r, c.UserID)
	if gone == nil && look.ID != id {
		return party.Gone()
	}
	_, err = s.redeemInto(ctx, c, key, r, look, gone, "")
	return err
}

// redeemInto redeems an invite that leads to the party looked at; goneErr is why it leads nowhere.
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
	if sessionErr == nil && (member || look.Returning(c.UserID)) { // their own seat needs no invite
		err := s.Admission.Admit(ctx, id, session, party.Grant{Back: true}, &admission.Judged{Look: look})
		if err == nil {
			if slices.Contains(r.pending(), c.UserID) {
				s.answered(ctx, key, c.UserID)
			}
			return s.redemption(ctx, s.Admission.Current(id), r, c.UserID, awaited), nil
		}
		if party.ReasonOf(err) != party.PartyNotFound { // else it was lost in between
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
	may := func(ctx context.Context, l reserve.Look) error { return s.entry.May(ctx, c, r.By, l) }
	if err := may(ctx, look); err != nil {
		return none, err
	}
	if err := s.enter(ctx, key, &admission.Judged{Look: look, Again: may}, session); err != nil {
		if now, lookErr := s.Admission.Look(ctx, id); lookErr == nil {
			if _, member := now.Session(session.SessionID); member { // by another call of theirs, before the invite ended
				return s.redemption(ctx, id, r, c.UserID, awaited), nil
			}
		}
		return none, err
	}
	id = s.Admission.Current(id)
	s.came(key, r, c.UserID)
	s.notices.tellParty(id, event{Event: eventRedeemed, ID: r.ID, By: c.UserID, User: c.UserID})
	redemption := s.redemption(ctx, id, r, c.UserID, awaited)
	s.funnel.cameWith(c.UserID, redemption.MatchID)
	if r.Follow { // by which they may have been on the way to another party
		s.Over(r.ID, c.UserID)
	}
	return redemption, nil
}

// answered notes that a user whom the invite names has come, on a seat of their own: it waits for them no more.
func (s *redemptions) answered(ctx context.Context, key, user string) {
	r, err := s.Store.change(ctx, key, func(r *record) error {
		if !slices.Contains(r.pending(), user) || r.refusal(user, s.Now()) != nil {
			return errUnchanged
		}
		r.claim(user)
		return nil
	})
	if err != nil {
		s.Logger.Warn("invite still waits for somebody who has come user=%s error=%v", user, err)
		return
	}
	s.came(key, r, user)
	if r.spent() {
		s.notices.withdraw(r.ID)
	}
}

// came ends what the invite kept for a user who has come.
func (s *redemptions) came(key string, r *record, user string) {
	s.shown.Drop(key)
	if origin := s.partyOf(r); r.Hold {
		s.Admission.Release(origin, r.ID, user) // another party than theirs where the inviter has moved on
		s.Admission.HoldsChanged(origin, false)
	}
}

// await is leads, but where everybody is away it looks again for a while. If the user is one of
// them there is no error: the first to come back brings the party back.
func (s *redemptions) await(ctx context.Context, r *record, userID string) (reserve.Look, error) {
	for again := awaitLooks; ; again-- {
		look, err := s.leads(ctx, r, userID)
		if party.ReasonOf(err) != party.PartyAway {
			return look, err
		}
		if look.Returning(userID) {
			return look, nil
		}
		if again == 0 || s.refusal(r, userID, look.ID) != nil || bounded.Pause(ctx, awaitEvery) != nil {
			return look, err
		}
	}
}

// enter claims a use, then admits, then gives the use back if that failed. All of it is
// one turn with the invite, so that on this node no redemption sees another's half.
func (s *redemptions) enter(ctx context.Context, key string, by *admission.Judged, session party.Session) error {
	end, err := s.Store.take(ctx, key)
	if err != nil {
		return err
	}
	defer end()
	var seq int64
	var isNew bool
	settled := false // whether there is nothing to give back
	defer func() {
		if isNew && !settled { // also if a panic goes through
			s.refund(ctx, key, session.UserID, seq)
		}
	}()
	r, err := s.Store.changeNow(ctx, key, func(r *record) error {
		if err := s.refusal(r, session.UserID, by.Look.ID); err != nil {
			return err
		}
		seq, isNew = r.claim(session.UserID)
		return nil
	})
	if err != nil {
		settled = !errors.As(err, &unsure{})
		return fmt.Errorf("claim use: %w", err)
	}
	if err = s.Admission.Admit(ctx, by.Look.ID, session, r.grant(session.UserID), by); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	settled = true
	if r.spent() {
		s.notices.withdraw(r.ID)
	}
	return nil
}

// redemption names the match the party is in if there is a seat for the user.
func (s *redemptions) redemption(ctx context.Context, id party.ID, r *record, userID string, awaited bool) party.Redemption {
	match, err := s.Seat(ctx, id, userID, awaited)
	if err != nil {
		s.Logger.Warn("seat in match not sought party=%s user=%s error=%v", id, userID, err)
	}
	return party.Redemption{
		PartyID: id.String(), Joined: true, MatchID: match, Message: r.Message, Info: list(r.Info), Launch: json.RawMessage(r.Launch),
	}
}
