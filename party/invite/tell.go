package invite

import (
	"context"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Notifications. Clients know them by their codes.
const (
	NotifyInvite    = 1001 // to whoever is invited; persistent
	SubjectInvite   = "party_invite"
	NotifyDeclined  = 1002 // to an inviter who has left the party meanwhile
	SubjectDeclined = "party_invite_declined"
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

// invitation is the content of NotifyInvite: who invites whereto.
type invitation struct {
	PartyID string `json:"party_id"`
	URL     string `json:"url"`
	Code    string `json:"code"`
	From    string `json:"from"` // the inviter's username
	Message string `json:"message"`
}

// declined is the content of NotifyDeclined: who does not come.
type declined struct {
	PartyID string `json:"party_id"`
	ID      string `json:"id"`   // the invite's
	From    string `json:"from"` // the username of who declined
}

// tellParty counts an event and sends it to everybody in the party. What has happened
// stays, whether or not anybody hears of it.
func (s *Service) tellParty(id party.ID, e event) {
	s.counted.count(e.Event)
	if err := party.SendData(s.Sender, id, party.OpInvite, e); err != nil {
		s.Logger.Warn("invite event not sent event=%s invite=%s error=%v", e.Event, e.ID, err)
	}
}

// tellTargets notifies those the invite is for, but nobody with a block between.
func (s *Service) tellTargets(ctx context.Context, c party.Caller, r *record, code Code, url string) {
	if len(r.For) == 0 {
		return
	}
	blocked, err := s.Blocks.With(ctx, c.UserID, r.For)
	if err != nil {
		s.Logger.Warn("invite not announced invite=%s error=%v", r.ID, err)
		return
	}
	quiet := map[string]bool{}
	for _, user := range blocked {
		quiet[user] = true
	}
	var notices []*runtime.NotificationSend
	for _, user := range r.For {
		if quiet[user] {
			continue
		}
		notices = append(notices, Notice(c, user, party.CreatedInvite{PartyID: s.partyNow(r), URL: url, Code: code.Reveal(), Message: r.Message}))
	}
	s.notify(ctx, r, notices)
}

// Notice is the notification that brings an invite to a user. It is kept for users who
// are offline.
func Notice(from party.Caller, to string, inv party.CreatedInvite) *runtime.NotificationSend {
	return &runtime.NotificationSend{
		UserID: to, Sender: from.UserID, Subject: SubjectInvite, Code: NotifyInvite, Persistent: true,
		Content: party.Content(invitation{PartyID: inv.PartyID, URL: inv.URL, Code: inv.Code, From: from.Username, Message: inv.Message}),
	}
}

// tellInviter says that a target declined. An inviter in the party hears it there.
func (s *Service) tellInviter(ctx context.Context, c party.Caller, r *record) {
	s.notify(ctx, r, []*runtime.NotificationSend{{
		UserID: r.By, Sender: c.UserID, Subject: SubjectDeclined, Code: NotifyDeclined,
		Content: party.Content(declined{PartyID: s.partyNow(r), ID: r.ID, From: c.Username}),
	}})
}

func (s *Service) notify(ctx context.Context, r *record, notices []*runtime.NotificationSend) {
	if len(notices) == 0 {
		return
	}
	if err := s.Notifier.NotificationsSend(ctx, notices); err != nil {
		s.Logger.Warn("invite notifications not sent invite=%s count=%d error=%v", r.ID, len(notices), err)
	}
}
