// Package entry has the checks before admission if a call of the module, and not a message to the host, brings a user
// into a party. It chooses which of the user's sessions comes in, and checks blocks and the designers' rules.
package entry

import (
	"context"
	"fmt"
	"slices"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// Entry brings users into parties. All fields are needed.
type Entry struct {
	Admission *admission.Admission
	Roster    *roster.Roster
	Blocks    party.BlockList
	Judge     party.Judge // the designers' rules
	Policy    party.Policy
}

// Session chooses the session that joins a party. Over a socket that is the caller's own, unless sessionID names
// another; over HTTP the user's only live one. It refuses with NoLiveSession, SessionAmbiguous, or InvalidRequest.
func (e Entry) Session(c party.Caller, sessionID string, v party.View) (party.Session, error) {
	if c.SessionID != "" && (sessionID == "" || sessionID == c.SessionID) {
		return c.Session(), nil
	}
	live, err := e.Roster.Sessions(c.UserID)
	if err != nil {
		return party.Session{}, err
	}
	if sessionID != "" {
		i := slices.IndexFunc(live, func(l party.Session) bool { return l.SessionID == sessionID })
		if i < 0 {
			return party.Session{}, party.Invalid("session_id", "must be one of your live sessions.")
		}
		return live[i], nil
	}
	if m, member := v.Member(c.UserID); member {
		return m.Session, nil // the user is in already, so any session will do
	}
	if len(live) == 0 {
		return party.Session{}, party.Refuse(party.NoLiveSession, "Start the game first, then try again.")
	}
	if only, clear := party.ChooseSession(live, e.Policy().Invites.SeveralSessions == rules.SeveralSessionsNewest); clear {
		return only, nil
	}
	return party.Session{}, party.Refuse(party.SessionAmbiguous, "The game is running more than once; call this over the socket of the game that should join.")
}

// Check refuses with Blocked or with a designer's rule. by is the inviter; "" for a user without an invite.
func (e Entry) Check(ctx context.Context, c party.Caller, by string, look reserve.Look) error {
	others := look.Users()
	if by != "" && !slices.Contains(others, by) {
		others = append(others, by)
	}
	blocked, err := e.Blocks.With(ctx, c.UserID, others)
	if err != nil {
		return fmt.Errorf("read blocks: %w", err)
	}
	if len(blocked) > 0 {
		return party.Refuse(party.Blocked, "You cannot join this party.")
	}
	if look.Returning(c.UserID) { // rules do not apply to a player who comes back
		return nil
	}
	err = e.Judge.Decide(ctx, party.Question{
		Action: rules.ActionJoin, Caller: c, Client: party.ClientOf(ctx, c.UserID), View: look.View, Held: look.Held(c.UserID), Away: look.Away, Invited: by != "",
	})
	if err != nil {
		return fmt.Errorf("ask rules: %w", err)
	}
	return nil
}

// Join makes the caller a member of an open party, without an invite. look is the caller's look at it.
func (e Entry) Join(ctx context.Context, c party.Caller, look reserve.Look) error {
	s, err := e.Session(c, "", look.View)
	if err != nil {
		return err
	}
	if _, err := e.Admission.Check(ctx, look.ID, reserve.Intent{Kind: reserve.Admit, Session: s, By: s.SessionID}, &look); err != nil {
		return fmt.Errorf("check admission: %w", err)
	}
	may := func(ctx context.Context, l reserve.Look) error { return e.Check(ctx, c, "", l) }
	if err := may(ctx, look); err != nil {
		return err
	}
	if err := e.Admission.Admit(ctx, look.ID, s, party.Grant{}, &admission.Judged{Look: look, Rejudge: may}); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	return nil
}
