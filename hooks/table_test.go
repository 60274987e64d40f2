package hooks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"partyline/hooks"
	"partyline/party"
	"partyline/party/rules"
)

func TestRegister_HostRefuses(t *testing.T) {
	handles := func(context.Context, *hooks.Call) error { return nil }
	session := func(context.Context, party.Session) error { return nil }
	table := []hooks.Hook{{Message: hooks.PartyJoin, Name: "a", Before: handles, After: handles}, hooks.Started("a", session), hooks.Ended("a", session)}
	for _, what := range []string{"before PartyJoin", "after PartyJoin", "start", "end", "list", "matches"} {
		h := newHost()
		h.refuses[what] = errors.New("too late")
		err := hooks.Register(h, hooks.Chain{Metrics: &h.metrics, Now: time.Now}, rules.Default, table)
		if !errors.Is(err, h.refuses[what]) {
			t.Errorf("Register with a host that refuses %s = %v", what, err)
		}
	}
}
