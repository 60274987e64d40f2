package rpc_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/party"
	"partyline/rpc"
)

func nothing(context.Context, party.Caller, echo) (echo, error) { return echo{}, nil }

func TestRegister_HostRefuses(t *testing.T) {
	h := &host{refuses: errors.New("too late")}
	err := rpc.Register(h, rpc.Guard{Metrics: &h.metrics, Now: time.Now, Parties: still{}}, echoSet(false, nothing))
	if !errors.Is(err, h.refuses) || !strings.Contains(err.Error(), "party_echo") {
		t.Errorf("Register = %v; want the host's error naming the RPC", err)
	}
}

func TestRegister_EveryRow(t *testing.T) {
	h := serve(t, []rpc.Row{{ID: "party_a", Handle: rpc.Call(nothing)}, {ID: "party_b", ServerOnly: true, Handle: rpc.Call(nothing)}})
	ids := slices.Sorted(maps.Keys(h.funcs))
	if !slices.Equal(ids, []string{"party_a", "party_b"}) {
		t.Errorf("registered %v", ids)
	}
}

// A party in which everybody is away is not gone, even if the call does not find it.
func TestCall_EverybodyIsAway(t *testing.T) {
	const id = "b2d3a4f0-5a1c-4c57-9c8e-1f0d2a7b6c5d.nakama1"
	for name, tt := range map[string]struct {
		found, look error
		want        party.Reason
	}{
		"away":             {party.RefuseGone(), party.RefuseAway(), party.PartyAway},
		"gone":             {party.RefuseGone(), party.RefuseGone(), party.PartyNotFound},
		"somebody is back": {party.RefuseGone(), nil, party.PartyNotFound},
		"another refusal":  {party.NotAMember(), party.RefuseAway(), party.NotMember},
		"no refusal":       {nil, party.RefuseAway(), ""},
	} {
		handle := rpc.Call(func(context.Context, party.Caller, named) (echo, error) { return echo{}, tt.found })
		_, err := handle(t.Context(), party.Caller{UserID: "u1"}, `{"party_id":"`+id+`"}`, still{gone: tt.look})
		if party.ReasonOf(err) != tt.want {
			t.Errorf("%s: refused with %v; want %q", name, err, tt.want)
		}
	}
}

type named struct {
	PartyID string `json:"party_id"`
}
