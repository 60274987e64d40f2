package party_test

import (
	"context"
	"errors"
	"testing"

	"partyline/party"
	"partyline/party/rules"
)

func TestActivity(t *testing.T) {
	failed := errors.New("not known")
	queued := func(yes bool, err error) func(context.Context, party.ID) (bool, error) {
		return func(context.Context, party.ID) (bool, error) { return yes, err }
	}
	match := func(id string, err error) party.MatchOf {
		return func(context.Context, party.ID) (string, error) { return id, err }
	}
	both := rules.Lock{WhileMatchmaking: true, InMatch: true}
	for name, tt := range map[string]struct {
		activity party.Activity
		state    string
		locked   party.Reason // the reason if both locks are on
	}{
		"idle":            {party.Activity{Queued: queued(false, nil), Match: match("", nil)}, rules.StateIdle, ""},
		"queued":          {party.Activity{Queued: queued(true, nil), Match: match("", nil)}, rules.StateMatchmaking, party.PartyLocked},
		"in_match":        {party.Activity{Queued: queued(false, nil), Match: match("m", nil)}, rules.StateInMatch, party.PartyLocked},
		"queued_in_match": {party.Activity{Queued: queued(true, nil), Match: match("m", nil)}, rules.StateInMatch, party.PartyLocked},
		"queue_unknown":   {party.Activity{Queued: queued(false, failed), Match: match("", nil)}, "", party.Internal},
		"match_unknown":   {party.Activity{Queued: queued(false, nil), Match: match("", failed)}, "", party.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			state, match, err := tt.activity.State(t.Context(), party.ID{})
			if (match == "m") != (tt.state == rules.StateInMatch) {
				t.Errorf("State names the match %q", match)
			}
			if tt.state == "" && !errors.Is(err, failed) || tt.state != "" && (err != nil || state != tt.state) {
				t.Errorf("State = %q, %v; want %q", state, err, tt.state)
			}
			for _, lock := range []rules.Lock{{}, both, {WhileMatchmaking: true}, {InMatch: true}} {
				locked := tt.activity.Locked(func() rules.Config { return rules.Config{Parties: rules.Parties{Lock: lock}} })
				want := tt.locked
				switch {
				case lock == rules.Lock{}:
					want = ""
				case lock != both && (name == "queued" || name == "queue_unknown") && !lock.WhileMatchmaking:
					want = ""
				case lock != both && (name == "in_match" || name == "match_unknown") && !lock.InMatch:
					want = ""
				}
				if err := locked(t.Context(), party.View{}); party.ReasonOf(err) != want {
					t.Errorf("with %+v: %v; want %q", lock, err, want)
				}
			}
		})
	}
}

func TestWish_Shape(t *testing.T) {
	bounds := rules.Parties{MaxSize: rules.MaxSize{Default: 4, Min: 2, Max: 6, Outside: rules.OutsideRefuse}, Open: rules.OpenAny}
	clamped, closed := bounds, bounds
	clamped.MaxSize.Outside, closed.Open = rules.OutsideClamp, rules.ClosedOnly
	for _, tt := range []struct {
		rules rules.Parties
		wish  party.CreateParams
		want  party.CreateParams // zero = refused
	}{
		{bounds, party.CreateParams{}, party.CreateParams{MaxSize: 4}},
		{bounds, party.CreateParams{MaxSize: 6, Open: true, Label: "l"}, party.CreateParams{MaxSize: 6, Open: true, Label: "l"}},
		{bounds, party.CreateParams{MaxSize: 1}, party.CreateParams{}},
		{bounds, party.CreateParams{MaxSize: 7}, party.CreateParams{}},
		{bounds, party.CreateParams{MaxSize: -1}, party.CreateParams{}},
		{clamped, party.CreateParams{MaxSize: -1}, party.CreateParams{MaxSize: 2}},
		{clamped, party.CreateParams{MaxSize: 1 << 30}, party.CreateParams{MaxSize: 6}},
		{closed, party.CreateParams{Open: true}, party.CreateParams{MaxSize: 4}},
	} {
		got, err := tt.wish.Shape(tt.rules)
		if tt.want == (party.CreateParams{}) {
			if party.ReasonOf(err) != party.InvalidRequest {
				t.Errorf("%+v: %+v, %v; want invalid_request", tt.wish, got, err)
			}
		} else if err != nil || got != tt.want {
			t.Errorf("%+v: %+v, %v; want %+v", tt.wish, got, err, tt.want)
		}
	}
}
