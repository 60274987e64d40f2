package invite

import (
	"context"
	"errors"
	"fmt"
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
func (s *Service) tellTargets(ctx context.Context, t *telling) {
	err := s.learnTargets(ctx, t)
	if err == nil && len(t.users) > 0 {
		err = s.Notify(ctx, t.by, t.made, t.users)
	}
	if err != nil {
		s.tellLater(t, err)
	}
}

// learnTargets finds out who may be told, once: strangers are counted.
func (s *Service) learnTargets(ctx context.Context, t *telling) error {
	if t.known {
		return nil
	}
	users, err := s.reachable(ctx, t.by, t.view, t.users)
	if err == nil {
		t.users, t.known = users, true
	}
	return err
}

func (s *Service) tellLater(t *telling, err error) {
	s.Logger.Warn("invite not announced yet invite=%s error=%v", t, err)
	if t.wait = max(tellFirst, 2*t.wait); t.wait <= tellLast {
		s.untold.Set(t, s.Now().Add(t.wait))
	}
}

func (s *Service) tellAgain(t *telling) {
	err := try(context.Background(), func(ctx context.Context) error {
		if err := s.learnTargets(ctx, t); err != nil {
			return err
		}
		return s.tellRest(ctx, t)
	})
	if err != nil {
		s.tellLater(t, err)
	}
}

// tellRest is Notify for those of the users who still may come by the invite and have not been told of it,
// so that nobody is told twice.
func (s *Service) tellRest(ctx context.Context, t *telling) error {
	code, err := ParseCode(t.made.Code)
	if err != nil {
		return err
	}
	f, err := s.Store.read(ctx, code.key())
	if party.ReasonOf(err) == party.InviteNotFound || err == nil && (f.rec.ended(s.Now()) || f.rec.spent()) {
		return nil
	}
	if err != nil {
		return err
	}
	rest, err := s.notices.without(ctx, t.made.ID, code.key(), slices.DeleteFunc(f.rec.pending(), func(u string) bool { return !slices.Contains(t.users, u) }))
	if err != nil || len(rest) == 0 {
		return err
	}
	return s.Notify(ctx, t.by, t.made, rest)
}

// without are those of the users who have no notification of the invite. It fails while one that was sent
// may still be written.
func (ns *notices) without(ctx context.Context, inviteID, key string, users []string) (untold []string, err error) {
	var n notified
	if _, err := party.ReadObject(ctx, ns.storage, noticesCollection, inviteID, &n); err != nil {
		return nil, fmt.Errorf("read whom it was sent to: %w", err)
	}
	for _, user := range users {
		found, err := ns.of(ctx, user, key)
		switch {
		case err != nil:
			return nil, fmt.Errorf("list notifications: %w", err)
		case len(found) > 0:
			continue
		case slices.Contains(n.Users, user) && ns.now().Unix() < n.Until:
			return nil, errors.New("what was sent may still be written")
		}
		untold = append(untold, user)
	}
	return untold, nil
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
