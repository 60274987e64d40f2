package hooks_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/hooks"
	"partyline/party"
)

// keeper notes which seats were given back.
type keeper struct {
	released []string
	err      error
}

func (k *keeper) Release(_ context.Context, id party.ID, userID string) error {
	k.released = append(k.released, id.String()+" "+userID)
	return k.err
}

func TestSeats(t *testing.T) {
	k := &keeper{}
	h := serve(t, hooks.Seats(k))
	leave := func(id string) *rtapi.Envelope {
		return &rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: id}}}
	}
	kick := func(id string) *rtapi.Envelope {
		return &rtapi.Envelope{Message: &rtapi.Envelope_PartyRemove{PartyRemove: &rtapi.PartyRemove{PartyId: id, Presence: presenceOf("member")}}}
	}
	for _, step := range []struct {
		message string
		in      *rtapi.Envelope
	}{{"PartyLeave", leave(partyID)}, {"PartyLeave", leave("nonsense")}, {"PartyRemove", kick(partyID)}} {
		if err := h.after("leader", step.message, nil, step.in); err != nil {
			t.Errorf("after %s: %v", step.message, err)
		}
	}
	if want := []string{partyID + " leader", partyID + " member"}; !slices.Equal(k.released, want) {
		t.Errorf("released %q; want %q", k.released, want)
	}
	k.err = errors.New("no match answers")
	if err := h.after("leader", "PartyRemove", nil, kick(partyID)); err == nil || !strings.HasPrefix(err.Error(), string(party.Internal)) {
		t.Errorf("after a failure = %v; want it to reach the log", err)
	}
}
