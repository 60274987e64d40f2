package matchmaker_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/local/engine/matchmaker"
	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

func solo(name string, min, max int) spec { return spec{sessions: name, min: min, max: max} }

func party(sessions string, min, max int) spec {
	return spec{sessions: sessions, party: "party of " + sessions, min: min, max: max}
}

func (e spec) wants(query string) spec { e.query = query; return e }
func (e spec) by(multiple int) spec    { e.multiple = multiple; return e }
func (e spec) region(name string) spec {
	e.texts = map[string]string{"region": name}
	return e
}
func (e spec) skill(n float64) spec {
	e.numbers = map[string]float64{"skill": n}
	return e
}

func TestProcess_DefaultMatching(t *testing.T) {
	cases := []struct {
		name     string
		tickets  []spec
		passes   [][]string // the matches of each pass
		waitings int        // tickets that still wait
	}{
		{"two_solos", []spec{solo("a", 2, 2), solo("b", 2, 2)}, [][]string{{"a b"}}, 0},
		{"one_waits", []spec{solo("a", 2, 2)}, [][]string{nil, nil, nil}, 1},
		{"three_for_two", []spec{solo("a", 2, 2), solo("b", 2, 2), solo("c", 2, 2)}, [][]string{{"a b"}, nil}, 1},
		{"many", []spec{solo("a", 2, 2), solo("b", 2, 2), solo("c", 2, 2), solo("d", 2, 2)}, [][]string{{"a b", "c d"}}, 0},
		{"party_and_solo", []spec{party("a b", 3, 3), solo("c", 3, 3)}, [][]string{{"a+b c"}}, 0},
		{"two_parties", []spec{party("a b", 4, 4), party("c d", 4, 4)}, [][]string{{"a+b c+d"}}, 0},
		{"full_party_never_alone", []spec{party("a b", 2, 2)}, [][]string{nil, nil, nil}, 1},
		{"party_larger_than_match", []spec{party("a b c", 2, 2), solo("d", 2, 2)}, [][]string{nil, nil}, 2},
		{"party_too_large_to_add", []spec{party("a b", 3, 3), party("c d", 3, 3)}, [][]string{nil, nil}, 2},
		{"full_at_once_smaller_only_in_the_last_pass", []spec{solo("a", 2, 4), solo("b", 2, 4)}, [][]string{nil, {"a b"}}, 0},
		{"full_range_at_once", []spec{solo("a", 2, 3), solo("b", 2, 3), solo("c", 2, 3)}, [][]string{{"a b c"}}, 0},
		{"ranges_apart", []spec{solo("a", 2, 2), solo("b", 3, 3)}, [][]string{nil, nil}, 2},
		{"narrow_is_found_by_wide", []spec{solo("a", 3, 3), solo("b", 2, 4), solo("c", 2, 4)}, [][]string{nil, {"a b c"}}, 0},
		{"wide_finds_narrow", []spec{solo("a", 2, 4), solo("b", 2, 2)}, [][]string{nil, {"a b"}}, 0},
		{"passive_is_found_but_does_not_search", []spec{
			solo("a", 2, 2).wants("properties.region:eu"), solo("b", 2, 2).wants("properties.region:eu").region("us")},
			[][]string{nil, nil}, 2},
		{"one_query_is_enough", []spec{
			solo("a", 2, 2).wants("properties.region:eu").region("us"), solo("b", 2, 2).wants("properties.region:nowhere").region("eu")},
			[][]string{{"a b"}}, 0},
		{"no_query_matches", []spec{
			solo("a", 2, 2).wants("+properties.region:eu").region("us"), solo("b", 2, 2).wants("+properties.region:us").region("eu")},
			[][]string{{"a b"}}, 0},
		{"query_excludes", []spec{
			solo("a", 2, 2).wants("-properties.region:us").region("us"), solo("b", 2, 2).wants("-properties.region:us").region("us")},
			[][]string{nil}, 2},
		{"numbers", []spec{
			solo("a", 2, 2).wants("+properties.skill:>=90 +properties.skill:<=110").skill(100),
			solo("b", 2, 2).wants("+properties.skill:>=290 +properties.skill:<=310").skill(300),
			solo("c", 2, 2).wants("+properties.skill:>=95 +properties.skill:<=115").skill(105)},
			[][]string{{"a c"}}, 1},
		{"boost_decides", []spec{
			solo("a", 2, 2).wants("properties.region:eu^10 properties.region:us"),
			solo("b", 2, 2).region("us").wants("properties.region:x"), solo("c", 2, 2).region("eu").wants("properties.region:x")},
			[][]string{{"a c"}}, 1},
		{"oldest_first_when_equal", []spec{
			solo("old", 2, 2).wants("properties.x:1"), solo("young", 2, 2).wants("properties.x:1"), solo("seeker", 2, 2)},
			[][]string{{"old seeker"}}, 1},
		{"party_matches_alone_when_the_surplus_is_all_it_found", []spec{
			party("a b", 2, 4).by(2), solo("c", 2, 4).wants("properties.x:1")},
			[][]string{nil, {"a+b"}}, 1},
		{"multiple_leaves_out_the_surplus", []spec{
			solo("a", 2, 4).by(2), solo("b", 2, 4).by(2), solo("c", 2, 4).by(2)},
			[][]string{nil, {"a c"}}, 1},
		{"multiple_of_a_hit", []spec{solo("a", 2, 3).wants("*"), solo("b", 2, 2).by(2).wants("properties.x:1"), solo("c", 2, 2).by(2).wants("properties.x:1")},
			[][]string{nil, nil}, 3},
		{"same_session_never_meets_itself", []spec{
			solo("a", 2, 2), {sessions: "a", min: 2, max: 2}},
			[][]string{nil, nil}, 2},
		{"member_solo_beside_party", []spec{
			party("a b", 3, 3), solo("a", 3, 3), solo("c", 3, 3)},
			[][]string{{"a+b c"}}, 1},
		{"own_party_is_no_opponent", []spec{
			{sessions: "a", party: "p", min: 2, max: 2}, {sessions: "b", party: "p", min: 2, max: 2}},
			[][]string{nil, nil}, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newHarness(t, matchmaker.Hooks{})
			for _, e := range c.tickets {
				b.add(e)
			}
			for i, want := range c.passes {
				if got := b.pass(); !slices.Equal(got, want) {
					t.Errorf("pass %d matched %q; want %q", i+1, got, want)
				}
			}
			if got := b.Waiting(); got != c.waitings {
				t.Errorf("%d tickets left; want %d", got, c.waitings)
			}
			if b.log.text() != "" {
				t.Errorf("logged: %s", b.log.text())
			}
		})
	}
}

// A newer ticket that searches finds a passive ticket.
func TestProcess_PassiveTicketIsFound(t *testing.T) {
	b := newHarness(t, matchmaker.Hooks{})
	b.add(solo("old", 2, 2).wants("properties.region:eu").region("us"))
	for range 5 {
		if got := b.pass(); got != nil {
			t.Fatalf("matched %q", got)
		}
	}
	b.add(solo("new", 2, 2).wants("properties.region:us"))
	if got, want := b.pass(), []string{"new old"}; !slices.Equal(got, want) {
		t.Errorf("matched %q; want %q", got, want)
	}
}

func TestAdd_Refused(t *testing.T) {
	b := newHarness(t, matchmaker.Hooks{})
	cases := []struct {
		name string
		spec
		want error
	}{
		{"query", solo("a", 2, 2).wants("+a:"), runtime.ErrMatchmakerQueryInvalid},
		{"duplicate_session", party("a b a", 4, 4), runtime.ErrMatchmakerDuplicateSession},
		{"query_before_duplicate", party("a a", 4, 4).wants("\""), runtime.ErrMatchmakerQueryInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if ticket, err := b.tryAdd(c.spec); !errors.Is(err, c.want) || ticket != "" {
				t.Errorf("Add = %q, %v; want %v", ticket, err, c.want)
			}
		})
	}
	if n := b.Waiting(); n != 0 {
		t.Errorf("%d tickets were filed", n)
	}
}

func TestAdd_TicketLimit(t *testing.T) {
	b := newHarness(t, matchmaker.Hooks{})
	for range matchmaker.DefaultMaxTickets {
		b.add(solo("a", 2, 2))
	}
	if _, err := b.tryAdd(solo("a", 2, 2)); !errors.Is(err, runtime.ErrMatchmakerTooManyTickets) {
		t.Errorf("fourth solo ticket: %v", err)
	}
	if _, err := b.tryAdd(party("b a", 2, 2)); !errors.Is(err, runtime.ErrMatchmakerTooManyTickets) {
		t.Errorf("party of a member with three tickets: %v", err)
	}
	for _, member := range []string{"c", "d", "e"} {
		b.add(spec{sessions: member, party: "p", min: 2, max: 2})
	}
	if _, err := b.tryAdd(spec{sessions: "f", party: "p", min: 2, max: 2}); !errors.Is(err, runtime.ErrMatchmakerTooManyTickets) {
		t.Errorf("fourth party ticket: %v", err)
	}
	b.RemovePartyAll("p")
	b.RemoveSessionAll(sessionID("a").String())
	b.add(spec{sessions: "f", party: "p", min: 2, max: 2})
	b.add(party("b a", 2, 2))
}

func TestAdd_ContextDone(t *testing.T) {
	b := newHarness(t, matchmaker.Hooks{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ticket, created, err := b.Add(ctx, nil, "s", "", "*", 2, 2, 1, nil, nil)
	if ticket != "" || created != 0 || err != nil {
		t.Errorf("Add = %q, %d, %v; want nothing", ticket, created, err)
	}
}

func TestAdd_AfterClose(t *testing.T) {
	b := newHarness(t, matchmaker.Hooks{})
	b.add(solo("a", 2, 2))
	b.add(solo("b", 2, 2))
	b.Close()
	if _, err := b.tryAdd(solo("c", 2, 2)); !errors.Is(err, runtime.ErrMatchmakerNotAvailable) {
		t.Errorf("Add = %v", err)
	}
	if got := b.pass(); got != nil {
		t.Errorf("matched %q after Close", got)
	}
}

func TestRemove(t *testing.T) {
	setUp := func(t *testing.T) (b *harness, soloTicket, partyTicket string) {
		b = newHarness(t, matchmaker.Hooks{})
		return b, b.add(solo("a", 2, 2).wants("properties.x:1")), b.add(party("b c", 3, 3).wants("properties.x:1"))
	}
	// left finds out which tickets remain: those that can still be found.
	left := func(b *harness) []string {
		b.add(solo("x", 2, 2))
		b.add(solo("y", 3, 3))
		return b.pass()
	}
	party := "party of b c"
	cases := []struct {
		name   string
		remove func(b *harness, soloTicket, partyTicket string) error
		err    error
		left   []string
	}{
		{"nothing", func(*harness, string, string) error { return nil }, nil, []string{"a x", "b+c y"}},
		{"solo", func(b *harness, s, _ string) error { return b.RemoveSession(sessionID("a").String(), s) }, nil, []string{"b+c y"}},
		{"anothers_solo", func(b *harness, s, _ string) error { return b.RemoveSession(sessionID("b").String(), s) }, runtime.ErrMatchmakerTicketNotFound, []string{"a x", "b+c y"}},
		{"party_ticket_by_member", func(b *harness, _, p string) error { return b.RemoveSession(sessionID("b").String(), p) }, runtime.ErrMatchmakerTicketNotFound, []string{"a x", "b+c y"}},
		{"party_ticket_by_nobody", func(b *harness, _, p string) error { return b.RemoveSession("", p) }, runtime.ErrMatchmakerTicketNotFound, []string{"a x", "b+c y"}},
		{"unknown", func(b *harness, _, _ string) error { return b.RemoveSession(sessionID("a").String(), "?") }, runtime.ErrMatchmakerTicketNotFound, []string{"a x", "b+c y"}},
		{"party", func(b *harness, _, p string) error { return b.RemoveParty(party, p) }, nil, []string{"a x"}},
		{"anothers_party", func(b *harness, _, p string) error { return b.RemoveParty("other", p) }, runtime.ErrMatchmakerTicketNotFound, []string{"a x", "b+c y"}},
		{"solo_by_party", func(b *harness, s, _ string) error { return b.RemoveParty("", s) }, runtime.ErrMatchmakerTicketNotFound, []string{"a x", "b+c y"}},
		{"all_of_party", func(b *harness, _, _ string) error { b.RemovePartyAll(party); return nil }, nil, []string{"a x"}},
		{"all_of_no_party", func(b *harness, _, _ string) error { b.RemovePartyAll(""); return nil }, nil, []string{"a x", "b+c y"}},
		{"all_of_member", func(b *harness, _, _ string) error { b.RemoveSessionAll(sessionID("c").String()); return nil }, nil, []string{"a x"}},
		{"all_of_stranger", func(b *harness, _, _ string) error { b.RemoveSessionAll(sessionID("z").String()); return nil }, nil, []string{"a x", "b+c y"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b, s, p := setUp(t)
			if err := c.remove(b, s, p); !errors.Is(err, c.err) {
				t.Errorf("error %v; want %v", err, c.err)
			}
			if got := left(b); !slices.Equal(got, c.left) {
				t.Errorf("then matched %q; want %q", got, c.left)
			}
		})
		t.Run(c.name+"/after_a_pass", func(t *testing.T) {
			b, s, p := setUp(t)
			b.Process(t.Context())
			if err := c.remove(b, s, p); !errors.Is(err, c.err) {
				t.Errorf("error %v; want %v", err, c.err)
			}
			if got := left(b); !slices.Equal(got, c.left) {
				t.Errorf("then matched %q; want %q", got, c.left)
			}
		})
	}
}

func TestRun_PassPerTickUntilDone(t *testing.T) {
	ticks := make(chan time.Time)
	stopped := false
	matched := make(chan struct{}, 1)
	m, err := matchmaker.New(matchmaker.Options{
		Router: &router{sent: nil}, Logger: &log{}, RelayToken: func() string { return "token" },
		Interval: 7 * time.Second,
		Ticker: func(d time.Duration) (<-chan time.Time, func()) {
			if d != 7*time.Second {
				t.Errorf("interval %v", d)
			}
			return ticks, func() { stopped = true }
		},
	}, matchmaker.Hooks{Processor: func(context.Context, []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry {
		matched <- struct{}{}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { m.Run(ctx); close(done) }()
	if _, _, err := m.Add(ctx, nil, "s", "", "*", 2, 2, 1, nil, nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ticks <- time.Time{}
		<-matched
	}
	cancel()
	<-done
	if !stopped {
		t.Error("the ticker runs on")
	}
	if _, _, err := m.Add(t.Context(), nil, "s", "", "*", 2, 2, 1, nil, nil); !errors.Is(err, runtime.ErrMatchmakerNotAvailable) {
		t.Errorf("Add after Run = %v", err)
	}
}

// With default options, tickets are matched after Nakama's 15 seconds. The bubble checks that no goroutine outlives
// Run.
func TestRun_Defaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &router{sent: map[uuid.UUID][]*rtapi.Envelope{}}
		m, err := matchmaker.New(matchmaker.Options{Router: r, Logger: &log{}, RelayToken: func() string { return "token" }}, matchmaker.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go m.Run(ctx)
		began := time.Now()
		for _, name := range []string{"a", "b"} {
			_, created, err := m.Add(ctx, []presence.Presence{player(name)}, sessionID(name).String(), "", "*", 2, 2, 1, nil, nil)
			if err != nil || created != began.UnixNano() {
				t.Fatalf("Add: %v, created %d", err, created)
			}
		}
		<-time.After(matchmaker.DefaultInterval - 1)
		if n := len(r.all()); n != 0 {
			t.Errorf("%d told before the first interval was over", n)
		}
		<-time.After(2)
		synctest.Wait()
		if n := len(r.all()); n != 2 {
			t.Errorf("%d told after the first interval", n)
		}
	})
}
