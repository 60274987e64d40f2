package invite

import (
	"context"
	"slices"

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
func (s *Service) tellParty(id party.ID, e event) {
	s.count(step(e.Event))
	var err error
	if e.Event == eventRedeemed {
		err = s.Newcomer(id, party.OpInvite, e)
	} else {
		err = party.SendData(s.Sender, id, party.OpInvite, e)
	}
	if err != nil {
		s.Logger.Warn("invite event not sent event=%s invite=%s error=%v", e.Event, e.ID, err)
	}
}

// tellTargets brings an invite to those it is for.
func (s *Service) tellTargets(ctx context.Context, c party.Caller, v party.View, r *record, inv party.CreatedInvite) {
	users, err := s.reachable(ctx, c, v, r.For)
	if err == nil && len(users) > 0 {
		err = s.Notify(ctx, c, inv, users)
	}
	if err != nil {
		s.Logger.Warn("invite not announced invite=%s error=%v", r.ID, err)
	}
}

// reachable are those of the users whom the caller may notify: no member, nobody with a
// block between, and strangers at a bounded rate.
func (s *Service) reachable(ctx context.Context, c party.Caller, v party.View, users []string) ([]string, error) {
	users = slices.DeleteFunc(slices.Clone(users), func(u string) bool { _, in := v.Member(u); return in })
	if len(users) == 0 {
		return nil, nil
	}
	blocked, err := s.Blocks.With(ctx, c.UserID, users)
	if err != nil {
		return nil, err
	}
	users = slices.DeleteFunc(users, func(u string) bool { return slices.Contains(blocked, u) })
	strangers, err := s.Blocks.Strangers(ctx, c.UserID, users)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(users, func(u string) bool {
		return slices.Contains(strangers, u) && !s.Limits.Stranger(c.UserID, u)
	}), nil
}

// tellInviter says that a target declined. An inviter in the party hears it there.
func (s *Service) tellInviter(ctx context.Context, c party.Caller, r *record) {
	err := party.Notify(ctx, s.Notifier, party.NoticeDeclined.To(r.By, c.UserID, declined{PartyID: s.routes.partyNow(r), ID: r.ID, From: c.Username}))
	if err != nil {
		s.Logger.Warn("decline not announced invite=%s error=%v", r.ID, err)
	}
}
