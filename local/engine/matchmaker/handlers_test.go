package matchmaker_test

import (
	"slices"
	"testing"

	"partyline/local/engine/matchmaker"

	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func errorEnvelope(code rtapi.Error_Code, text string) *rtapi.Envelope {
	return &rtapi.Envelope{Cid: "7", Message: &rtapi.Envelope_Error{Error: &rtapi.Error{Code: int32(code), Message: text}}}
}

func addEnvelope(add *rtapi.MatchmakerAdd) *rtapi.Envelope {
	return &rtapi.Envelope{Cid: "7", Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: add}}
}

func TestHandleAdd_Refused(t *testing.T) {
	times := func(n int32) *wrapperspb.Int32Value { return wrapperspb.Int32(n) }
	cases := []struct {
		name string
		add  *rtapi.MatchmakerAdd
		code rtapi.Error_Code
		want string
	}{
		{"empty", &rtapi.MatchmakerAdd{}, rtapi.Error_BAD_INPUT, "Invalid minimum count, must be >= 2"},
		{"one", &rtapi.MatchmakerAdd{MinCount: 1, MaxCount: 2}, rtapi.Error_BAD_INPUT, "Invalid minimum count, must be >= 2"},
		{"reversed", &rtapi.MatchmakerAdd{MinCount: 3, MaxCount: 2}, rtapi.Error_BAD_INPUT, "Invalid maximum count, must be >= minimum count"},
		{"multiple", &rtapi.MatchmakerAdd{MinCount: 2, MaxCount: 2, CountMultiple: times(0)}, rtapi.Error_BAD_INPUT, "Invalid count multiple, must be >= 1"},
		{"multiple_min", &rtapi.MatchmakerAdd{MinCount: 3, MaxCount: 4, CountMultiple: times(2)}, rtapi.Error_BAD_INPUT, "Invalid count multiple for minimum count, must divide"},
		{"multiple_max", &rtapi.MatchmakerAdd{MinCount: 2, MaxCount: 3, CountMultiple: times(2)}, rtapi.Error_BAD_INPUT, "Invalid count multiple for maximum count, must divide"},
		{"query", &rtapi.MatchmakerAdd{MinCount: 2, MaxCount: 2, Query: "+properties.x:"}, rtapi.Error_RUNTIME_EXCEPTION, "Error adding to matchmaker"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b, s := newHarness(t, matchmaker.Hooks{}), &socket{name: "a"}
			out, ok := b.HandleAdd(t.Context(), s, addEnvelope(c.add))
			if out != nil || ok {
				t.Errorf("reported %v, %v", out, ok)
			}
			if want := errorEnvelope(c.code, c.want); len(s.sent) != 1 || !proto.Equal(s.sent[0], want) {
				t.Errorf("sent %v; want %v", s.sent, want)
			}
		})
	}
}

func TestHandleAddRemove(t *testing.T) {
	b, s, stranger := newHarness(t, matchmaker.Hooks{}), &socket{name: "a"}, &socket{name: "z"}
	out, ok := b.HandleAdd(t.Context(), s, addEnvelope(&rtapi.MatchmakerAdd{MinCount: 2, MaxCount: 2}))
	ticket := out.GetMatchmakerTicket().GetTicket()
	if !ok || out.Cid != "7" || ticket == "" || len(s.sent) != 1 || !proto.Equal(s.sent[0], out) {
		t.Fatalf("add: %v, %v, sent %v", out, ok, s.sent)
	}

	remove := func(ticket string) *rtapi.Envelope {
		return &rtapi.Envelope{Cid: "7", Message: &rtapi.Envelope_MatchmakerRemove{MatchmakerRemove: &rtapi.MatchmakerRemove{Ticket: ticket}}}
	}
	for name, c := range map[string]struct {
		s      *socket
		ticket string
		want   *rtapi.Envelope
	}{
		"no_ticket": {s, "", errorEnvelope(rtapi.Error_BAD_INPUT, "Invalid matchmaker ticket")},
		"unknown":   {s, "x", errorEnvelope(rtapi.Error_BAD_INPUT, "Matchmaker ticket not found")},
		"anothers":  {stranger, ticket, errorEnvelope(rtapi.Error_BAD_INPUT, "Matchmaker ticket not found")},
	} {
		c.s.sent = nil
		if out, ok := b.HandleRemove(t.Context(), c.s, remove(c.ticket)); out != nil || ok {
			t.Errorf("%s: reported %v, %v", name, out, ok)
		}
		if len(c.s.sent) != 1 || !proto.Equal(c.s.sent[0], c.want) {
			t.Errorf("%s: sent %v; want %v", name, c.s.sent, c.want)
		}
	}

	s.sent = nil
	out, ok = b.HandleRemove(t.Context(), s, remove(ticket))
	if want := (&rtapi.Envelope{Cid: "7"}); !ok || !proto.Equal(out, want) || len(s.sent) != 1 || !proto.Equal(s.sent[0], want) {
		t.Errorf("remove: %v, %v, sent %v", out, ok, s.sent)
	}
	b.add(solo("b", 2, 2))
	if got := b.pass(); got != nil {
		t.Errorf("a withdrawn ticket matched: %q", got)
	}
}

// Without a query, tickets from messages match each other, whatever their properties.
func TestHandleAdd_Matches(t *testing.T) {
	b := newHarness(t, matchmaker.Hooks{})
	for _, name := range []string{"a", "b"} {
		out, ok := b.HandleAdd(t.Context(), &socket{name: name}, addEnvelope(&rtapi.MatchmakerAdd{
			MinCount: 2, MaxCount: 4, CountMultiple: wrapperspb.Int32(2),
			StringProperties: map[string]string{"who": name}, NumericProperties: map[string]float64{"skill": 1},
		}))
		if !ok {
			t.Fatal("refused")
		}
		b.names[out.GetMatchmakerTicket().Ticket] = name
	}
	b.Process(t.Context())
	if got, want := b.pass(), []string{"a b"}; !slices.Equal(got, want) {
		t.Errorf("matched %q; want %q", got, want)
	}
	matched := b.router.all()[sessionID("a")][0].GetMatchmakerMatched()
	if self := matched.Self; self.StringProperties["who"] != "a" || self.NumericProperties["skill"] != 1 || self.Presence.Username != "a" {
		t.Errorf("self is %v", self)
	}
}
