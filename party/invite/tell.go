package invite

import (
	"context"
	"slices"
	"time"

	"partyline/party"
)

// event is a message to the party, op code [party.OpInvite]. By is the user who did it,
// User the one it is about, where it is about one.
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

// invitation is the content of notification 1001: who invites whereto.
type invitation struct {
	PartyID string `json:"party_id"`
	URL     string `json:"url"`
	Code    string `json:"code"`
	From    string `json:"from"` // the inviter's username
	Message string `json:"message"`
}

// declined is the content of notification 1002: who does not come.
type declined struct {
	PartyID string `json:"party_id"`
	ID      string `json:"id"`   // the invite's
	From    string `json:"from"` // the username of the one who declined
}

// tellParty counts an event and sends it to everybody in the party.
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

// What has failed to bring an invite to those it is for is tried again after waits that double, for some
// four minutes in all: the caller has the invite, and cannot know.
const (
	tellFirst = time.Second
	tellLast  = 128 * time.Second
)

// telling is an invite that those it is for have to hear of.
type telling struct {
	by    party.Caller
	view  party.View // of the party
	made  party.CreatedInvite
	users []string // those it is for; with known, those of them who may be told
	known bool
	wait  time.Duration // until the next try
}

func (t *telling) String() string { return t.made.ID }

// tellTargets brings an invite to those it is for.
func (ns *notices) tellTargets(ctx context.Context, t *telling) { ns.tellLater(t, ns.tell(ctx, t)) }

func (ns *notices) tellAgain(t *telling) {
	ns.tellLater(t, try(context.Background(), func(ctx context.Context) error { return ns.tell(ctx, t) }))
}

// tellLater has an invite told again that has not been, for this reason; nil for none.
func (ns *notices) tellLater(t *telling, err error) {
	if err == nil {
		return
	}
	ns.Logger.Warn("invite not announced yet invite=%s error=%v", t, err)
	if t.wait = max(tellFirst, 2*t.wait); t.wait <= tellLast {
		ns.again.Set(t, ns.Now().Add(t.wait))
	}
}

// tell notifies those who may be told of an invite; later only the rest of them, so that nobody is told twice.
func (ns *notices) tell(ctx context.Context, t *telling) error {
	if !t.known { // once: strangers are counted
		users, err := ns.reachable(ctx, t.by, t.view, t.users)
		if err != nil {
			return err
		}
		t.users, t.known = users, true
	}
	users := t.users
	if t.wait > 0 {
		var err error
		if users, err = ns.untold(ctx, t); err != nil {
			return err
		}
	}
	if len(users) == 0 {
		return nil
	}
	return ns.Notify(ctx, t.by, t.made, users)
}

// untold are those of the users who still may come by the invite and have not been told of it.
func (ns *notices) untold(ctx context.Context, t *telling) ([]string, error) {
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
	return ns.without(ctx, t.made.ID, code.key(), pending)
}

// reachable are those of the users whom the caller may notify: no member, nobody with a
// block between, and strangers at a bounded rate.
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

// tellInviter says that a target declined. An inviter in the party hears it there.
func (ns *notices) tellInviter(ctx context.Context, c party.Caller, r *record) {
	err := party.Notify(ctx, ns.Notifier, party.NoticeDeclined.To(r.By, c.UserID, declined{PartyID: ns.partyOf(r).String(), ID: r.ID, From: c.Username}))
	if err != nil {
		ns.Logger.Warn("decline not announced invite=%s error=%v", r.ID, err)
	}
}
