package wiring

import (
	"context"
	"slices"
	"testing"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/hooks"
	"partyline/party"
)

func TestHookNames(t *testing.T) {
	handle := func(context.Context, *hooks.Call) error { return nil }
	got := hookNames(hooks.Set{
		Owner:    "one",
		Hooks:    []hooks.Hook{{Message: hooks.PartyJoin, Name: "a", Before: handle, After: handle}},
		Sessions: []hooks.SessionHook{{Name: "b", End: func(context.Context, party.Session) error { return nil }}},
		Listing:  []hooks.ListingHook{{Name: "c", Before: func(context.Context, *api.ListPartiesRequest) error { return nil }}},
	})
	want := []string{"before PartyJoin one.a", "after PartyJoin one.a", "end session one.b", "before ListParties one.c"}
	if !slices.Equal(got, want) {
		t.Errorf("hookNames = %q; want %q", got, want)
	}
}
