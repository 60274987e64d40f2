package invite

import (
	"context"
	"slices"
	"time"

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

// If a notification fails, it is tried again after waits that double, for about four minutes in all. The caller has
// the invite already and does not learn of the failure.
const (
	tellRetryMin = time.Second
	tellRetryMax = 128 * time.Second
)

// unsent is an invite whose notifications still have to be sent.
type unsent struct {
	by    party.Caller
	view  party.View
	made  party.CreatedInvite
	users []string // named users; once known is true, only those who may be notified
	known bool
	wait  time.Duration // until the next try
}

func (t *unsent) String() string { return t.made.ID }

// tellTargets sends an invite to the users it is for.
func (ns *notices) tellTargets(ctx context.Context, t *unsent) { ns.retryLater(t, ns.tell(ctx, t)) }

func (ns *notices) tellAgain(t *unsent) {
	ns.retryLater(t, runWithTimeout(context.Background(), func(ctx context.Context) error { return ns.tell(ctx, t) }))
}

// retryLater schedules another try if err is not nil.
func (ns *notices) retryLater(t *unsent, err error) {
	if err == nil {
		return
	}
	ns.Logger.Warn("invite notification not sent yet invite=%s error=%v", t, err)
	if t.wait = max(tellRetryMin, 2*t.wait); t.wait <= tellRetryMax {
		ns.retries.Set(t, ns.Now().Add(t.wait))
	}
}

// tell notifies those users who may be notified. A later try notifies only the rest, so that nobody is notified
// twice.
func (ns *notices) tell(ctx context.Context, t *unsent) error {
	if !t.known { // only once, because it counts strangers against a limit
		users, err := ns.reachable(ctx, t.by, t.view, t.users)
		if err != nil {
			return err
		}
		t.users, t.known = users, true
	}
	users := t.users
	if t.wait > 0 {
		var err error
		if users, err = ns.unnotified(ctx, t); err != nil {
			return err
		}
	}
	if len(users) == 0 {
		return nil
	}
	return ns.Notify(ctx, t.by, t.made, users)
}

// unnotified returns the users who can still use the invite and have no notification of it.
func (ns *notices) unnotified(ctx context.Context, t *unsent) ([]string, error) {
	code, err := ParseCode(t.made.Code)
	if err != nil {
		return nil, err
	}
	f, err := ns.Store.read(ctx, code.key())
	if party.ReasonOf(err) == party.InviteNotFound || err == nil && (f.rec.ended(ns.Now()) || f.rec.spent()) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pending := slices.DeleteFunc(f.rec.pending(), func(u string) bool { return !slices.Contains(t.users, u) })
	return ns.withoutNotification(ctx, t.made.ID, code.key(), pending)
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
	users = slices.DeleteFunc(users, func(u string) bool { return slices.Contains(blocked, u) })
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
