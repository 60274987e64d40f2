package matchmaker_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"slices"
	"strings"
	"testing"

	"partyline/local/engine/matchmaker"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"
)

type entries = []runtime.MatchmakerEntry

func TestMatched_EnvelopeToEveryPlayer(t *testing.T) {
	var given entries
	b := newHarness(t, matchmaker.Hooks{Matched: func(_ context.Context, es entries) (string, error) {
		given = es
		return "match.node", nil
	}})
	alone := b.add(solo("a", 3, 3).region("eu").skill(7))
	together := b.add(party("b c", 3, 3))
	b.Process(t.Context())

	user := func(name, party string) *rtapi.MatchmakerMatched_MatchmakerUser {
		return &rtapi.MatchmakerMatched_MatchmakerUser{
			Presence: &rtapi.UserPresence{UserId: userID(name).String(), SessionId: sessionID(name).String(), Username: name},
			PartyId:  party,
		}
	}
	a := user("a", "")
	a.StringProperties, a.NumericProperties = map[string]string{"region": "eu"}, map[string]float64{"skill": 7}
	// The ticket that searched is last.
	users := []*rtapi.MatchmakerMatched_MatchmakerUser{user("b", "party of b c"), user("c", "party of b c"), a}
	want := func(ticket string, self int) *rtapi.Envelope {
		return &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerMatched{MatchmakerMatched: &rtapi.MatchmakerMatched{
			Ticket: ticket, Users: users, Self: users[self],
			Id: &rtapi.MatchmakerMatched_MatchId{MatchId: "match.node"},
		}}}
	}
	sent := b.router.all()
	if len(sent) != 3 {
		t.Errorf("%d players told; want 3", len(sent))
	}
	for name, env := range map[string]*rtapi.Envelope{"a": want(alone, 2), "b": want(together, 0), "c": want(together, 1)} {
		got := sent[sessionID(name)]
		if len(got) != 1 || !proto.Equal(got[0], env) {
			t.Errorf("%s got %v; want %v", name, got, env)
		}
	}

	if len(given) != 3 {
		t.Fatalf("the hook got %d entries", len(given))
	}
	e, p := given[2], given[2].GetPresence()
	if e.GetTicket() != alone || e.GetPartyId() != "" || e.GetProperties()["region"] != "eu" || e.GetProperties()["skill"] != 7.0 || e.GetCreateTime() == 0 {
		t.Errorf("entry %+v", e)
	}
	if p.GetUserId() != userID("a").String() || p.GetSessionId() != sessionID("a").String() || p.GetUsername() != "a" || p.GetNodeId() != "node" ||
		p.GetHidden() || p.GetPersistence() || p.GetStatus() != "" || p.GetReason() != runtime.PresenceReasonUnknown {
		t.Errorf("presence %+v", p)
	}
}

func TestMatched_RelayedMatch(t *testing.T) {
	hooks := map[string]func(context.Context, entries) (string, error){
		"no_hook": nil,
		"no_id":   func(context.Context, entries) (string, error) { return "", nil },
		"error":   func(context.Context, entries) (string, error) { return "ignored", errors.New("no server free") },
		"panic":   func(context.Context, entries) (string, error) { panic("out of servers") },
	}
	logged := map[string]string{"error": "no server free", "panic": "out of servers"}
	for name, hook := range hooks {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t, matchmaker.Hooks{Matched: hook})
			b.add(solo("a", 2, 2))
			b.add(solo("b", 2, 2))
			b.Process(t.Context())
			for _, player := range []string{"a", "b"} {
				sent := b.router.all()[sessionID(player)]
				if len(sent) != 1 || sent[0].GetMatchmakerMatched().GetToken() != "token-1" || sent[0].GetMatchmakerMatched().GetMatchId() != "" {
					t.Errorf("%s got %v; want one common token", player, sent)
				}
			}
			if text := b.log.text(); !strings.Contains(text, logged[name]) || (logged[name] == "") != (text == "") {
				t.Errorf("logged %q", text)
			}
		})
	}
}

// Hooks of different matches run at the same time: here each waits for the other.
func TestMatched_Concurrent(t *testing.T) {
	meet := make(chan string)
	b := newHarness(t, matchmaker.Hooks{Matched: func(context.Context, entries) (string, error) {
		select {
		case meet <- "first":
			return "one", nil
		case <-meet:
			return "two", nil
		}
	}})
	for _, name := range strings.Fields("a b c d") {
		b.add(solo(name, 2, 2))
	}
	if got, want := b.pass(), []string{"a b", "c d"}; !slices.Equal(got, want) {
		t.Errorf("matched %q; want %q", got, want)
	}
}

// Entries can be parameters of a match, which gob copies.
func TestEntries_Gob(t *testing.T) {
	var given entries
	b := newHarness(t, matchmaker.Hooks{Matched: func(_ context.Context, es entries) (string, error) {
		given = es
		return "", nil
	}})
	b.add(solo("a", 2, 2).region("eu"))
	b.add(solo("b", 2, 2))
	b.Process(t.Context())
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(given); err != nil {
		t.Fatal(err)
	}
	var copied entries
	if err := gob.NewDecoder(&buf).Decode(&copied); err != nil {
		t.Fatal(err)
	}
	if len(copied) != 2 || copied[1].GetPresence().GetUserId() != userID("a").String() || copied[1].GetProperties()["region"] != "eu" {
		t.Errorf("copied %+v", copied)
	}
}

func TestProcessor_FormsMatches(t *testing.T) {
	var seen []int
	b := newHarness(t, matchmaker.Hooks{
		Processor: func(_ context.Context, es entries) [][]runtime.MatchmakerEntry {
			seen = append(seen, len(es))
			if len(es) < 3 {
				return nil
			}
			return [][]runtime.MatchmakerEntry{es} // a full party may be a match of its own
		},
	})
	b.add(party("a b", 2, 2))
	for range 4 { // never passive
		if got := b.pass(); got != nil {
			t.Errorf("matched %q", got)
		}
	}
	b.add(solo("c", 9, 9).wants("properties.x:1"))
	if got, want := b.pass(), []string{"a+b c"}; !slices.Equal(got, want) {
		t.Errorf("matched %q; want %q", got, want)
	}
	b.Process(t.Context())
	if want := []int{2, 2, 2, 2, 3}; !slices.Equal(seen, want) {
		t.Errorf("entries per pass %v; want %v: nothing to do without tickets", seen, want)
	}
}

// other is an entry that the matchmaker has not made.
type other struct{ runtime.MatchmakerEntry }

func TestProcessor_FaultyMatchesAreIgnored(t *testing.T) {
	// The pool has the party a+b and the solo tickets c and d. by has its entries by user name.
	type by map[string]runtime.MatchmakerEntry
	cases := []struct {
		name   string
		choose func(e by) [][]runtime.MatchmakerEntry
		want   []string
		logged string
	}{
		{"part_of_a_party", func(e by) [][]runtime.MatchmakerEntry { return [][]runtime.MatchmakerEntry{{e["a"], e["c"]}} }, nil, "1 of the 2 players"},
		{"wrapped", func(e by) [][]runtime.MatchmakerEntry {
			return [][]runtime.MatchmakerEntry{{other{e["c"]}, e["d"]}}
		}, nil, "matchmaker_test.other"},
		{"nil_entry", func(e by) [][]runtime.MatchmakerEntry { return [][]runtime.MatchmakerEntry{{nil, e["d"]}} }, nil, "<nil>"},
		{"typed_nil_entry", func(e by) [][]runtime.MatchmakerEntry {
			return [][]runtime.MatchmakerEntry{{(*matchmaker.Entry)(nil), e["d"]}}
		}, nil, "*matchmaker.Entry"},
		{"copied", func(e by) [][]runtime.MatchmakerEntry {
			forged := *e["c"].(*matchmaker.Entry)
			return [][]runtime.MatchmakerEntry{{&forged, e["d"]}}
		}, nil, "was not passed in"},
		{"empty", func(e by) [][]runtime.MatchmakerEntry { return [][]runtime.MatchmakerEntry{{}} }, nil, "no entries"},
		{"twice_in_one", func(e by) [][]runtime.MatchmakerEntry { return [][]runtime.MatchmakerEntry{{e["c"], e["c"]}} }, nil, "twice"},
		{"twice_in_two", func(e by) [][]runtime.MatchmakerEntry {
			return [][]runtime.MatchmakerEntry{{e["c"]}, {e["c"], e["d"]}}
		}, []string{"c"}, "in a match before"},
		{"good_beside_faulty", func(e by) [][]runtime.MatchmakerEntry {
			return [][]runtime.MatchmakerEntry{{e["b"]}, {e["c"], e["d"]}}
		}, []string{"c d"}, "match 1 of 2 ignored"},
		{"panic", func(e by) [][]runtime.MatchmakerEntry { panic("boom") }, nil, "boom"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			faulty := true
			b := newHarness(t, matchmaker.Hooks{Processor: func(_ context.Context, es entries) [][]runtime.MatchmakerEntry {
				if !faulty {
					return [][]runtime.MatchmakerEntry{es}
				}
				byName := by{}
				for _, e := range es {
					byName[e.GetPresence().GetUsername()] = e
				}
				return c.choose(byName)
			}})
			b.add(party("a b", 2, 2))
			b.add(solo("c", 2, 2))
			b.add(solo("d", 2, 2))
			if got := b.pass(); !slices.Equal(got, c.want) {
				t.Errorf("matched %q; want %q", got, c.want)
			}
			if !strings.Contains(b.log.text(), c.logged) {
				t.Errorf("logged %q; want %q in it", b.log.text(), c.logged)
			}
			// Unmatched tickets keep waiting and keep their places.
			faulty = false
			rest := strings.Join(slices.DeleteFunc([]string{"a+b", "c", "d"}, func(name string) bool {
				return len(c.want) > 0 && slices.Contains(strings.Fields(c.want[0]), name)
			}), " ")
			if got, want := b.pass(), []string{rest}; !slices.Equal(got, want) {
				t.Errorf("then matched %q; want %q", got, want)
			}
			for _, name := range strings.Fields("a b c d") {
				for range matchmaker.DefaultMaxTickets {
					b.add(solo(name, 2, 2))
				}
			}
		})
	}
}

// If a ticket is withdrawn while the processor runs, its match is dropped.
func TestProcessor_TicketWithdrawnMeanwhile(t *testing.T) {
	var b *harness
	withdraw := true
	b = newHarness(t, matchmaker.Hooks{Processor: func(_ context.Context, es entries) [][]runtime.MatchmakerEntry {
		if withdraw {
			b.RemoveSessionAll(sessionID("a").String())
		}
		return [][]runtime.MatchmakerEntry{es}
	}})
	b.add(solo("a", 2, 2))
	b.add(solo("b", 2, 2))
	if got := b.pass(); got != nil {
		t.Errorf("matched %q", got)
	}
	withdraw = false
	if got, want := b.pass(), []string{"b"}; !slices.Equal(got, want) {
		t.Errorf("then matched %q; want %q", got, want)
	}
}
