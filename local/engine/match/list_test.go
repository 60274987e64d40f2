package match_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/local/engine/match"
	"partyline/local/engine/matchmaker/query"
)

func TestList(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		// Newer matches come first, so each match is created a second after the one before.
		name := map[string]string{}
		add := func(n, label string, players int) {
			id := w.create(&script{label: label})
			for i := range players {
				w.join(w.player(n+string(rune('0'+i))), id)
			}
			name[id] = n
			synctestSleep(time.Second)
		}
		add("plain", "just text", 0)
		add("eu", `{"region":"eu","skill":10,"open":true}`, 2)
		add("us", `{"region":"us","skill":20,"open":false}`, 1)
		relayed := w.ask(w.player("r"), w.HandleCreate, createMessage("")).GetMatch().GetMatchId()
		name[relayed] = "relayed"

		list := func(f match.Filter) string {
			t.Helper()
			matches, err := w.List(w.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, m := range matches {
				names = append(names, name[m.MatchId])
			}
			return strings.Join(names, " ")
		}
		if got := list(match.Filter{Limit: 10}); got != "relayed" {
			t.Errorf("before the labels are updated: %q; want only the relayed match", got)
		}
		w.updateLabels()

		p := func(s string) *string { return &s }
		n := func(i int32) *int32 { return &i }
		yes, no := true, false
		cases := []struct {
			name string
			f    match.Filter
			want string
		}{
			{"all", match.Filter{Limit: 10}, "us eu plain relayed"},
			{"limit", match.Filter{Limit: 2}, "us eu"},
			{"limit_0", match.Filter{}, ""},
			{"limit_negative", match.Filter{Limit: -1}, ""},
			{"authoritative", match.Filter{Limit: 10, Authoritative: &yes}, "us eu plain"},
			{"relayed", match.Filter{Limit: 10, Authoritative: &no}, "relayed"},
			{"label", match.Filter{Limit: 10, Label: p("just text")}, "plain"},
			{"label_part", match.Filter{Limit: 10, Label: p("just")}, ""},
			{"label_relayed", match.Filter{Limit: 10, Authoritative: &no, Label: p("just text")}, ""},
			{"query", match.Filter{Limit: 10, Query: p("+label.region:eu")}, "eu"},
			{"query_number", match.Filter{Limit: 10, Query: p("label.skill:>=10")}, "us eu"},
			{"query_bool", match.Filter{Limit: 10, Query: p("label.open:T")}, "eu"},
			{"query_boost", match.Filter{Limit: 10, Query: p("label.region:eu^5 label.region:us")}, "eu us"},
			{"query_all", match.Filter{Limit: 10, Query: p("*")}, "us eu plain"},
			{"query_empty", match.Filter{Limit: 10, Query: p("")}, "us eu plain"},
			{"query_relayed", match.Filter{Limit: 10, Authoritative: &no, Query: p("*")}, ""},
			{"query_over_label", match.Filter{Limit: 10, Query: p("+label.region:us"), Label: p("just text")}, "us"},
			{"min_size", match.Filter{Limit: 10, MinSize: n(1)}, "us eu relayed"},
			{"max_size", match.Filter{Limit: 10, MaxSize: n(0)}, "plain"},
			{"sizes_before_limit", match.Filter{Limit: 1, MinSize: n(2), MaxSize: n(2)}, "eu"},
			{"sizes_and_query", match.Filter{Limit: 1, MinSize: n(2), Query: p("*")}, "eu"},
		}
		for _, c := range cases {
			if got := list(c.f); got != c.want {
				t.Errorf("%s: %q; want %q", c.name, got, c.want)
			}
		}
		if _, err := w.List(w.Context(), match.Filter{Limit: 1, Query: p("+label.x:")}); !errors.Is(err, query.ErrInvalid) || !strings.HasPrefix(err.Error(), "error parsing query string: ") {
			t.Errorf("bad query: %v", err)
		}
		if _, err := w.List(w.Context(), match.Filter{Limit: 1, Query: p("label.x:/[/")}); err == nil {
			t.Error("bad pattern: no error")
		}

		m, _ := w.List(w.Context(), match.Filter{Limit: 1, Query: p("+label.region:eu")})
		if got := m[0]; got.Size != 2 || got.TickRate != 1 || got.HandlerName != "script" || !got.Authoritative || got.Label.Value != `{"region":"eu","skill":10,"open":true}` {
			t.Errorf("listed %v", got)
		}
	})
}

func TestList_FollowsChanges(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		s := &script{label: "old"}
		id := w.create(s)
		w.updateLabels()
		label := "new"
		list := func(label string) int {
			t.Helper()
			matches, err := w.List(w.Context(), match.Filter{Limit: 10, Label: &label})
			if err != nil {
				t.Fatal(err)
			}
			return len(matches)
		}
		s.after = relabelTo(label)
		w.tick(1, 1) // the match ticks as often as labels are updated, so the update may have come first
		w.updateLabels()
		if old, new := list("old"), list("new"); old != 0 || new != 1 {
			t.Errorf("old label lists %d, new label %d", old, new)
		}
		s.after = endIt
		w.tick(1, 1)
		if n := list("new"); n != 0 {
			t.Errorf("an ended match is listed %d times", n)
		}
		w.updateLabels()
		if n := list("new"); n != 0 {
			t.Errorf("an ended match is listed %d times", n)
		}
		if m, _ := w.Get(w.Context(), id); m != nil {
			t.Errorf("Get = %v", m)
		}
	})
}

func TestModule(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.create(&script{})
		mod := match.Module{Registry: w.Registry}
		id, err := mod.MatchCreate(w.Context(), "script", map[string]any{"x": 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mod.MatchCreate(w.Context(), "", nil); err == nil || err.Error() != "expects module name" {
			t.Errorf("no name: %v", err)
		}
		w.join(w.player("a"), id)
		w.updateLabels()
		relayed := w.ask(w.player("r"), w.HandleCreate, createMessage("")).GetMatch().GetMatchId()
		one := 1
		matches, err := mod.MatchList(w.Context(), 10, true, "", &one, &one, "*")
		if err != nil || len(matches) != 1 || matches[0].MatchId != id {
			t.Errorf("MatchList = %v, %v", matches, err)
		}
		matches, err = mod.MatchList(w.Context(), 10, false, "", nil, nil, "")
		if err != nil || len(matches) != 1 || matches[0].MatchId != relayed {
			t.Errorf("MatchList of relayed = %v, %v", matches, err)
		}
		matches, err = mod.MatchList(w.Context(), 10, true, "no such label", nil, nil, "")
		if err != nil || len(matches) != 0 {
			t.Errorf("MatchList by label = %v, %v", matches, err)
		}
		if m, err := mod.MatchGet(w.Context(), id); err != nil || m.MatchId != id {
			t.Errorf("MatchGet = %v, %v", m, err)
		}
		if answer, err := mod.MatchSignal(w.Context(), id, "x"); answer != "answer to x" || err != nil {
			t.Errorf("MatchSignal = %q, %v", answer, err)
		}
	})
}

// A relayed match is forgotten with its last player, also if its stream is closed without an event.
func TestList_RelayedGone(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		no := false
		list := func() []string {
			t.Helper()
			matches, err := w.List(w.Context(), match.Filter{Limit: 10, Authoritative: &no})
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, m := range matches {
				ids = append(ids, m.MatchId)
			}
			return ids
		}
		a, b := w.player("a"), w.player("b")
		left := w.ask(a, w.HandleCreate, createMessage("")).GetMatch().GetMatchId()
		closed := w.ask(b, w.HandleCreate, createMessage("")).GetMatch().GetMatchId()
		want := []string{left, closed}
		slices.Sort(want)
		if got := list(); !slices.Equal(got, want) {
			t.Errorf("listed %q; want %q", got, want)
		}
		w.tracker.end(a.id)
		w.tracker.UntrackStream(streamOfRelayed(closed))
		if got := list(); got != nil {
			t.Errorf("listed %q; want none", got)
		}
	})
}
