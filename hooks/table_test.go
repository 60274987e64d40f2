package hooks_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/hooks"
	"partyline/party"
)

func handles(context.Context, *hooks.Call) error { return nil }

func TestCheck_ListsEveryMistake(t *testing.T) {
	session := func(context.Context, party.Session) error { return nil }
	sets := []hooks.Set{
		{Owner: "first", Hooks: []hooks.Hook{
			{Message: hooks.PartyJoin, Name: "a", Before: handles},
			{Message: hooks.PartyLeave, Name: "a", After: handles}, // another message: no clash
			{Message: "partyjoin", Name: "b", Before: handles},
			{Message: "PartyJion", Name: "c", Before: handles},
			{Message: "PartyData", Name: "d", Before: handles}, // servers send it, clients never do
			{Message: "Rpc", Name: "e", Before: handles},       // the host runs no hooks for it
		}, Sessions: []hooks.SessionHook{{Name: "s", End: session}}},
		{Owner: "second", Hooks: []hooks.Hook{
			{Message: hooks.PartyJoin, Name: "A", Before: handles},
			{Message: hooks.PartyJoin, Name: "", Before: handles},
			{Message: hooks.PartyJoin, Name: "f"},
		}, Sessions: []hooks.SessionHook{{Name: "S", Start: session}, {Name: "t"}},
			Listing: []hooks.ListingHook{{Name: "l"}}},
	}
	err := hooks.Check(sets...)
	if err == nil {
		t.Fatal("Check found nothing")
	}
	want := []string{
		`hook partyjoin "b" of first: the host has no such message, but PartyJoin`,
		`hook PartyJion "c" of first: the host has no such message`,
		`hook PartyData "d" of first: the host has no such message`,
		`hook Rpc "e" of first: the host has no such message`,
		`hook PartyJoin "A" of second: the name is already taken by first`,
		`hook PartyJoin "" of second: it has no name`,
		`hook PartyJoin "f" of second: it handles nothing`,
		`hook session "S" of second: the name is already taken by first`,
		`hook session "t" of second: it handles nothing`,
		`hook ListParties "l" of second: it handles nothing`,
	}
	if lines := strings.Split(err.Error(), "\n"); !slices.Equal(lines, want) {
		t.Errorf("Check =\n%v\nwant\n%v", err, strings.Join(want, "\n"))
	}
	h := newHost()
	if err := hooks.Register(h, hooks.NewChain(&h.metrics, time.Now, nil), sets...); err == nil || len(h.befores)+len(h.afters)+len(h.ends) != 0 {
		t.Errorf("Register = %v and registered something; want an error and nothing", err)
	}
}

// Every name the table accepts is a message of the protocol that clients send, so that
// a new version of it cannot leave a name behind.
func TestCheck_KnowsEveryClientMessage(t *testing.T) {
	fields := (&rtapi.Envelope{}).ProtoReflect().Descriptor().Oneofs().ByName("message").Fields()
	var accepted []string
	for i := range fields.Len() {
		name := string(fields.Get(i).Message().Name())
		set := hooks.Set{Owner: "test", Hooks: []hooks.Hook{{Message: name, Name: "a", Before: handles}}}
		if hooks.Check(set) == nil {
			accepted = append(accepted, name)
		}
	}
	slices.Sort(accepted)
	want := []string{
		"ChannelJoin", "ChannelLeave", "ChannelMessageRemove", "ChannelMessageSend", "ChannelMessageUpdate",
		"MatchCreate", "MatchDataSend", "MatchJoin", "MatchLeave", "MatchmakerAdd", "MatchmakerRemove",
		"PartyAccept", "PartyClose", "PartyCreate", "PartyDataSend", "PartyJoin", "PartyJoinRequestList", "PartyLeave",
		"PartyMatchmakerAdd", "PartyMatchmakerRemove", "PartyPromote", "PartyRemove", "PartyUpdate",
		"Ping", "Pong", "StatusFollow", "StatusUnfollow", "StatusUpdate",
	}
	if !slices.Equal(accepted, want) {
		t.Errorf("accepted %v; want %v", accepted, want)
	}
}

func TestRegister_HostRefuses(t *testing.T) {
	set := hooks.Set{
		Owner:    "test",
		Hooks:    []hooks.Hook{{Message: hooks.PartyJoin, Name: "a", Before: handles, After: handles}},
		Sessions: []hooks.SessionHook{{Name: "a", Start: func(context.Context, party.Session) error { return nil }, End: func(context.Context, party.Session) error { return nil }}},
		Listing:  []hooks.ListingHook{{Name: "a", Before: func(context.Context, *api.ListPartiesRequest) error { return nil }}},
	}
	for _, what := range []string{"before PartyJoin", "after PartyJoin", "start", "end", "list"} {
		h := newHost()
		h.refuses[what] = errors.New("too late")
		err := hooks.Register(h, hooks.NewChain(&h.metrics, time.Now, nil), set)
		if !errors.Is(err, h.refuses[what]) {
			t.Errorf("Register with a host that refuses %s = %v", what, err)
		}
	}
}
