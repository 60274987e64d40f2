package partytest

import (
	"context"
	"encoding/json"

	"partyline/party"
	"partyline/party/invite"
)

// NewInvites makes an invite service. Dependencies that d leaves out have neutral defaults: no
// rule refuses, and no party has a match or statuses.
func NewInvites(d invite.Deps) *invite.Service {
	if d.Judge == nil {
		d.Judge = allowAll{}
	}
	if d.Statuses == nil {
		d.Statuses = func(context.Context, party.ID) (map[string]party.MemberStatus, error) { return nil, nil }
	}
	if d.Match == nil {
		d.Match = func(context.Context, party.ID) (string, error) { return "", nil }
	}
	if d.Seat == nil {
		d.Seat = func(context.Context, party.ID, string, bool) (string, error) { return "", nil }
	}
	if d.Footprints == nil {
		d.Footprints = func(ctx context.Context, id party.ID, without string) (party.Footprint, error) {
			look, err := d.Admission.Look(ctx, id)
			return party.Footprint{Members: look.Size(), Held: look.Held(without), MaxSize: look.MaxSize}, err
		}
	}
	if d.Attributes == nil {
		d.Attributes = func(context.Context, party.View) (map[string]json.RawMessage, error) { return nil, nil }
	}
	if d.Newcomer == nil {
		d.Newcomer = TellAtOnce(d.Sender)
	}
	if d.OnInviteOver == nil {
		d.OnInviteOver = func(string, string) {}
	}
	if d.Metrics == nil {
		d.Metrics = NoMetrics{}
	}
	return invite.New(d)
}

type allowAll struct{}

func (allowAll) Decide(context.Context, party.Question) error { return nil }

// TellAtOnce returns a function that tells a party about a new member without delay.
func TellAtOnce(sender party.Sender) party.Newcomer {
	return func(id party.ID, opCode int64, data any) error { return party.SendData(sender, id, opCode, data) }
}
