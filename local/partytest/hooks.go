package partytest

import (
	"context"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/ledger"
	"partyline/party/reserve"
)

// Hooks calls admission as the module's hooks do around the host's messages, with one method for
// each message.
type Hooks struct{ *admission.Admission }

// NewHooks makes an admission with its ledger. A nil founder founds no party. Dependencies that
// of and with leave out have neutral defaults: no party waits for a match, and no user is
// invited, banned or a friend.
func NewHooks(of ledger.Deps, with admission.Deps, found admission.Founder) Hooks {
	if of.Ages == nil {
		of.Ages = func(party.ID) map[string]party.Age { return nil }
	}
	if of.Holds == nil {
		of.Holds = func(context.Context, party.ID) ([]reserve.Hold, error) { return nil, nil }
	}
	if with.Locked == nil {
		with.Locked = func(context.Context, party.View) error { return nil }
	}
	if with.Requests == nil {
		with.Requests = func(string) error { return nil }
	}
	if with.Friends == nil {
		with.Friends = func(context.Context, string, []string) ([]string, error) { return nil, nil }
	}
	with.Ledger = ledger.New(of)
	with.Found = found
	return Hooks{admission.New(with)}
}

func (h Hooks) after(ctx context.Context, m admission.Message) { _ = h.After(ctx, m) }

// BeginCreate runs before a PartyCreate. offered says that the user's earlier party continues with
// the new one, with these facts.
func (h Hooks) BeginCreate(ctx context.Context, s party.Session) (facts party.Facts, offered bool, err error) {
	h.Settle(s)
	if facts, offered, err = h.Offered(ctx, s); err == nil && !offered {
		err = h.MayCreate(ctx, s)
	}
	if err == nil {
		err = h.Before(ctx, admission.Message{Kind: admission.Create, Sender: s}, nil)
	}
	return facts, offered, err
}

// EndCreate runs after a PartyCreate with the answer p.
func (h Hooks) EndCreate(ctx context.Context, s party.Session, p *rtapi.Party) error {
	id, err := party.ParseID(p.GetPartyId())
	if err != nil {
		return err
	}
	facts := party.Facts{MaxSize: int(p.GetMaxSize()), Open: p.GetOpen(), Hidden: p.GetHidden(), Label: p.GetLabel()}
	return h.After(ctx, admission.Message{Kind: admission.Create, Party: id, Sender: s, Facts: facts})
}

// BeginJoin runs before a PartyJoin. EndJoin runs after one, or after a PartyAccept of s.
func (h Hooks) BeginJoin(ctx context.Context, id party.ID, s party.Session) error {
	return h.Before(ctx, admission.Message{Kind: admission.Join, Party: id, Sender: s, Client: party.ClientOf(ctx, s.UserID)}, nil)
}

func (h Hooks) EndJoin(ctx context.Context, id party.ID, s party.Session) {
	h.after(ctx, admission.Message{Kind: admission.Join, Party: id, Sender: s})
}

// BeginAccept runs before a PartyAccept of s.
func (h Hooks) BeginAccept(ctx context.Context, id party.ID, s, by party.Session) error {
	h.Settle(by)
	return h.Before(ctx, admission.Message{Kind: admission.Accept, Party: id, Sender: by, Target: s}, nil)
}

// BeginKick runs before a PartyRemove of target. Kicked runs after one.
func (h Hooks) BeginKick(ctx context.Context, id party.ID, target, by party.Session) error {
	return h.Before(ctx, admission.Message{Kind: admission.Remove, Party: id, Sender: by, Target: target}, nil)
}

func (h Hooks) Kicked(ctx context.Context, id party.ID, target party.Session) error {
	look, err := h.Look(ctx, id)
	if err != nil {
		return err
	}
	return h.After(ctx, admission.Message{Kind: admission.Remove, Party: id, Sender: look.Leader().Session, Target: target})
}

// Left, Closed, Updated, Promoted and LeaderSeen run after the messages with those names.
func (h Hooks) Left(ctx context.Context, id party.ID, s party.Session) {
	h.after(ctx, admission.Message{Kind: admission.Leave, Party: id, Sender: s})
}

func (h Hooks) Closed(ctx context.Context, id party.ID) {
	h.after(ctx, admission.Message{Kind: admission.Close, Party: id})
}

func (h Hooks) Updated(ctx context.Context, id party.ID, open, hidden bool, label string) {
	look, err := h.Look(ctx, id)
	if err != nil {
		return
	}
	h.after(ctx, admission.Message{
		Kind: admission.Update, Party: id, Sender: look.Leader().Session, Facts: party.Facts{Open: open, Hidden: hidden, Label: label},
	})
}

func (h Hooks) Promoted(ctx context.Context, id party.ID, s party.Session) {
	h.after(ctx, admission.Message{Kind: admission.Promote, Party: id, Target: s})
}

func (h Hooks) LeaderSeen(ctx context.Context, id party.ID, s party.Session) {
	h.after(ctx, admission.Message{Kind: admission.ByLeader, Party: id, Sender: s})
}

// MayJoin makes the decision of BeginJoin without its effects.
func (h Hooks) MayJoin(ctx context.Context, id party.ID, s party.Session) (reserve.Look, error) {
	return h.Check(ctx, id, reserve.Intent{Kind: reserve.Join, Session: s, By: s.SessionID}, nil)
}

// Held returns how many seats are kept or held for users who are not in the party.
func (h Hooks) Held(ctx context.Context, id party.ID) (int, error) {
	look, err := h.Look(ctx, id)
	return look.Held(""), err
}
