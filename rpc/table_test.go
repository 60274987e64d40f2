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
	err := rpc.Register(h, rpc.Guard{Metrics: &h.metrics, Now: time.Now, Current: unmoved}, echoSet(false, nothing))
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
