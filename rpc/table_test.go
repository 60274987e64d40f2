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

func TestCheck_ListsEveryMistake(t *testing.T) {
	good := rpc.Call(nothing)
	number := rpc.Call(func(context.Context, party.Caller, echo) (int, error) { return 0, nil })
	sets := []rpc.Set{
		{Owner: "first", Rows: []rpc.Row{
			{ID: "party_a", Handle: good}, {ID: "Party_B", Handle: good}, {ID: "invite", Handle: good},
		}},
		{Owner: "second", Rows: []rpc.Row{
			{ID: "party_A", Handle: good}, {ID: "party_c"}, {ID: "party_d", Handle: number}, {ID: "party_e", Who: 9, Handle: good},
		}},
	}
	err := rpc.Check(sets...)
	if err == nil {
		t.Fatal("Check found nothing")
	}
	want := []string{
		`rpc "Party_B" of first: an ID is`,
		`rpc "invite" of first: an ID is`,
		`rpc "party_A" of second: an ID is`,
		`rpc "party_A" of second: the ID is already taken by first`,
		`rpc "party_c" of second: it has no handler`,
		`rpc "party_d" of second: its answer is a int`,
		`rpc "party_e" of second: Who(9) is nobody`,
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Errorf("Check = %d problems; want %d:\n%v", len(lines), len(want), err)
	}
	for _, w := range want {
		if !contains(lines, w) {
			t.Errorf("Check lacks %q:\n%v", w, err)
		}
	}
	h := &host{}
	if err := rpc.Register(h, rpc.NewGuard(&h.metrics, time.Now, unmoved), sets...); err == nil || len(h.funcs) != 0 {
		t.Errorf("Register = %v and registered %d; want an error and none", err, len(h.funcs))
	}
}

func TestRegister_HostRefuses(t *testing.T) {
	h := &host{refuses: errors.New("too late")}
	err := rpc.Register(h, rpc.NewGuard(&h.metrics, time.Now, unmoved), echoSet(rpc.SignedIn, nothing))
	if !errors.Is(err, h.refuses) || !strings.Contains(err.Error(), "party_echo") {
		t.Errorf("Register = %v; want the host's error naming the RPC", err)
	}
}

func TestRegister_EveryRow(t *testing.T) {
	sets := []rpc.Set{
		{Owner: "one", Rows: []rpc.Row{{ID: "party_a", Handle: rpc.Call(nothing)}}},
		{Owner: "two", Rows: []rpc.Row{{ID: "party_b", Who: rpc.ServerOnly, Handle: rpc.Call(nothing)}}},
	}
	h := serve(t, sets...)
	ids := slices.Sorted(maps.Keys(h.funcs))
	if !slices.Equal(ids, []string{"party_a", "party_b"}) {
		t.Errorf("registered %v", ids)
	}
}

func TestWho_String(t *testing.T) {
	if rpc.SignedIn.String() == rpc.ServerOnly.String() || rpc.Who(7).String() != "Who(7)" {
		t.Errorf("names: %s, %s, %s", rpc.SignedIn, rpc.ServerOnly, rpc.Who(7))
	}
}
