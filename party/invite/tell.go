package invite

import (
	"context"
	"slices"

	"partyline/party"
)

// event is a message to the party, with op code [party.OpInvite]. By is the user who caused it. User is the user it
// is about, if any.
type event struct {
	Event eventName `json:"event"`
	ID    string    `json:"id"` // the invite's
	By    string    `json:"by"`
	User  string    `json:"user"`
}

type eventName string

const (
	eventCreated  eventName = "created"
	eventRedeemed eventName = "redeemed"
	eventDeclined eventName = "declined"
	eventRevoked  eventName = "revoked"
)

// invitation is the content of notification 1001: who invites to which party.
type invitation struct {
	PartyID string `json:"party_id"`
	URL     string `json:"url"`
	Code    string `json:"code"`
	From    string `json:"from"` // the inviter's username
	Message string `json:"message"`
}

// declined is the content of notification 1002: who will not come.
type declined struct {
	PartyID string `json:"party_id"`
	ID      string `json:"id"`   // the invite's
	From    string `json:"from"` // the username of the player who declined
}

// tellParty counts an event and sends it to all members of the party.
func (ns *notices) tellParty(id party.ID, e event) {
	ns.funnel.count(step(e.Event))
	var err error
	if e.Event == eventRedeemed {
		err = ns.Newcomer(id, party.OpInvite, e)
	} else {
		err = party.SendData(ns.Sender, id, party.OpInvite, e)
	}
	if err != nil {
		ns.Logger.Warn("invite event not sent event=%s invite=%s error=%v", e.Event, e.ID, err)
	}
}

// tellTargets notifies the named users whom the caller may notify. The invite is made, so a failure is only logged, and
// a caller who goes away stops nothing.
func (ns *notices) tellTargets(ctx context.Context, c party.Caller, v party.View, made party.CreatedInvite, named []string) {
	err := runWithTimeout(context.WithoutCancel(ctx), func(ctx context.Context) error {
		users, err := ns.reachable(ctx, c, v, named)
		if err != nil || len(users) == 0 {
			return err
		}
		return ns.Notify(ctx, c, made, users)
	})
	if err != nil {
		ns.Logger.Warn("invite notification not sent invite=%s error=%v", made.ID, err)
	}
}

// reachable returns the users whom the caller may notify. It omits members and users with a block between them and
// the caller, and limits how many strangers the caller may notify.
func (ns *notices) reachable(ctx context.Context, c party.Caller, v party.View, users []string) ([]string, error) {
	users = slices.DeleteFunc(slices.Clone(users), func(u string) bool { _, in := v.Member(u); return in })
	if len(users) == 0 {
		return nil, nil
	}
	blocked, err := ns.Blocks.With(ctx, c.UserID, users)
	if err != nil {
		return nil, err
	}
	users = without(users, blocked)
	strangers, err := ns.Blocks.Strangers(ctx, c.UserID, users)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(users, func(u string) bool {
		return slices.Contains(strangers, u) && !ns.Limits.Stranger(c.UserID, u)
	}), nil
}

// tellInviter notifies the inviter that a user declined. Inviters who are in the party get the event instead.
func (ns *notices) tellInviter(ctx context.Context, c party.Caller, r *record) {
	if v, err := ns.Roster.View(ctx, ns.partyOf(r)); err == nil {
		if _, member := v.Member(r.By); member {
			return
		}
	}
	err := party.Notify(ctx, ns.Notifier, party.NoticeDeclined.To(r.By, c.UserID, declined{PartyID: ns.partyOf(r).String(), ID: r.ID, From: c.Username}))
	if err != nil {
		ns.Logger.Warn("decline notification not sent invite=%s error=%v", r.ID, err)
	}
}
