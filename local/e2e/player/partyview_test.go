package player

import (
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// TestEar_NewsBeforeTheEnvelope asserts that changes before a party's envelope count, in every order in
// which a server may send them, and that a later envelope replaces everything.
func TestEar_NewsBeforeTheEnvelope(t *testing.T) {
	of := func(session string) *rtapi.UserPresence { return &rtapi.UserPresence{SessionId: session} }
	said := func(open bool, leader string) client.Message {
		return client.Message{Envelope: &rtapi.Envelope{Message: &rtapi.Envelope_Party{Party: &rtapi.Party{
			PartyId: "p", Open: open, Leader: of(leader), Presences: []*rtapi.UserPresence{of("me"), of("a"), of("b")},
		}}}}
	}
	arrived := client.Message{Envelope: &rtapi.Envelope{Message: &rtapi.Envelope_PartyPresenceEvent{
		PartyPresenceEvent: &rtapi.PartyPresenceEvent{PartyId: "p", Joins: []*rtapi.UserPresence{of("me")}},
	}}}
	shut := client.Message{Envelope: &rtapi.Envelope{Message: &rtapi.Envelope_PartyUpdate{PartyUpdate: &rtapi.PartyUpdate{PartyId: "p"}}}}
	led := client.Message{Envelope: &rtapi.Envelope{Message: &rtapi.Envelope_PartyLeader{
		PartyLeader: &rtapi.PartyLeader{PartyId: "p", Presence: of("b")},
	}}}

	for name, messages := range map[string][]client.Message{
		"envelope first":     {said(true, "a"), shut, led},
		"envelope last":      {shut, led, said(true, "a")},
		"envelope between":   {led, said(true, "a"), shut},
		"presence before it": {arrived, led, shut, said(true, "a")},
	} {
		view := NewPartyView("me")
		if unexpected := view.Process(messages); len(unexpected) > 0 {
			t.Errorf("%s: unexpected %v; want none", name, unexpected)
		}
		if h := view.Parties["p"]; h.Open || h.Leader != "b" || len(h.Members) != 3 {
			t.Errorf("%s: heard %+v; want a closed party of three, led by b", name, h)
		}
		view.Process([]client.Message{said(true, "a")})
		if h := view.Parties["p"]; !h.Open || h.Leader != "a" {
			t.Errorf("%s: heard %+v after one more envelope; want what it says", name, h)
		}
	}
}
