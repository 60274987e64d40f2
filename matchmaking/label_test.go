package matchmaking_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
)

func TestLabel_KeptCurrent(t *testing.T) {
	h := newFakeHost(t)
	s, p := duel(h, "")
	if want := fmt.Sprintf(`{"queue":"duel","open_seats":1,"parties":[%q]}`, p); s.label != want {
		t.Errorf("label = %s\nwant %s", s.label, want)
	}
	s.enter("ann", "bob", "cat")
	s.loop()
	if s.labels != 0 {
		t.Errorf("%d label updates though no field changed", s.labels)
	}
	s.leave("ann", "ann1", runtime.PresenceReasonLeave)
	if s.labels != 1 || s.labelled("open_seats") != 2.0 {
		t.Errorf("%d updates, label %s", s.labels, s.label)
	}
	s.leave("bob", "bob1", runtime.PresenceReasonLeave)
	if want := `{"queue":"duel","open_seats":3,"parties":[]}`; s.label != want {
		t.Errorf("label = %s\nwant %s", s.label, want)
	}
}

func TestLabel_Backfill(t *testing.T) {
	h := newFakeHost(t)
	s := h.launch(matchmaking.Launch{
		Queue: "duel", Teams: 2, TeamSize: 2, Backfill: true, Key: "eu|b7", Skill: 1500.5, Claims: []seats.Claim{claim("", 1, "ann")},
	})
	if want := `{"queue":"duel","open_seats":3,"parties":[],"backfill":true,"open":[2,1],"key":"eu|b7","skill":1500.5}`; s.label != want {
		t.Errorf("label = %s\nwant %s", s.label, want)
	}
}

// The handler's own fields are in the same object; the module's fields have priority.
func TestLabel_OfTheHandler(t *testing.T) {
	h := newFakeHost(t)
	sc := newScriptedHandler()
	sc.label = `{"mode":"ctf","queue":"mine","open_seats":99}`
	h.handlers["script"] = h.seated(sc)
	s, p := duel(h, "script")
	if s.labelled("mode") != "ctf" || s.labelled("queue") != "duel" || s.labelled("open_seats") != 1.0 {
		t.Errorf("label = %s", s.label)
	}
	html := strings.Repeat("<&>", 600) // fits unescaped; escaped it would be too long
	for text, want := range map[string]string{
		`{"mode":"koth","round":2}`: `"mode":"koth"`,
		`plain text`:                `"inner":"plain text"`,
		`[1,2]`:                     `"inner":"[1,2]"`,
		`{"mode":"` + html + `"}`:   `"mode":"` + html + `"`,
		`{"guild": 9007199254740993, "of": {"ratio": 1.0}}`: `"guild":9007199254740993,"of":{"ratio":1.0}`,
	} {
		sc.before = func(call string, d runtime.MatchDispatcher) {
			if call == "loop" {
				if err := d.MatchLabelUpdate(text); err != nil {
					t.Errorf("MatchLabelUpdate(%s): %v", text, err)
				}
			}
		}
		s.loop()
		if !strings.Contains(s.label, want) || strings.Contains(s.label, "ctf") || !strings.Contains(s.label, p) {
			t.Errorf("after %s the label is %s", text, s.label)
		}
	}
	sc.before = func(call string, d runtime.MatchDispatcher) {
		if call == "loop" {
			if err := d.MatchLabelUpdate(`{"x":"` + strings.Repeat("y", matchmaking.MaxLabel) + `"}`); err == nil {
				t.Error("a label that is too long was taken")
			}
		}
	}
	before := s.label
	s.loop()
	if s.label != before {
		t.Errorf("a refused label left %s", s.label)
	}
	sc.before = nil
	s.leave("ann", "ann1", runtime.PresenceReasonLeave)
	s.enter("ann")
	if s.over() || strings.Contains(s.label, "yyy") {
		t.Error("a refused label came back")
	}
}

// A battle royale has more parties than fit in a label. The parties that do not fit are found too.
func TestLabel_ManyParties(t *testing.T) {
	h := newFakeHost(t)
	l := matchmaking.Launch{Queue: "royale", Teams: 64, TeamSize: 3, SeatHold: time.Minute}
	var parties []string
	for i := range 64 {
		users := []string{fmt.Sprint("u", i)}
		if i == 63 {
			users = append(users, "v63", "w63")
		}
		p := h.partyOf(users...)
		parties = append(parties, p)
		l.Claims = append(l.Claims, claim(p, i, users...))
	}
	s := h.launch(l)
	var shown struct {
		Parties  []string `json:"parties"`
		Unlisted int      `json:"unlisted_parties"`
	}
	if err := json.Unmarshal([]byte(s.label), &shown); err != nil {
		t.Fatal(err)
	}
	if len(s.label) > matchmaking.MaxLabel || len(s.label) < matchmaking.MaxLabel-50 || len(shown.Parties)+shown.Unlisted != 64 {
		t.Errorf("%d bytes, %d parties and %d unlisted", len(s.label), len(shown.Parties), shown.Unlisted)
	}
	for _, p := range parties {
		if got, err := h.client().MatchOf(t.Context(), parse(t, p)); err != nil || got != s.id {
			t.Fatalf("Of(%s) = %q, %v; want %s", p, got, err, s.id)
		}
	}
}
