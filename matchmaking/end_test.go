package matchmaking_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

func TestEnd_ByTheHandler(t *testing.T) {
	h, s, sc, p := scripted(t)
	s.enter("ann")
	h.events(p)
	sc.end = true
	s.loop()
	if !s.over() {
		t.Fatal("the match goes on")
	}
	wantLines(t, "the party heard", h.events(p), "ended")
	if len(h.marks[p]) != 0 {
		t.Errorf("marks %v lead to a match that ended", h.marks[p])
	}
	last := s.got[len(s.got)-1]
	if last.OpCode != party.OpMatch || !strings.Contains(last.Data, `"event":"ended"`) || strings.Contains(last.Data, "expires_at") {
		t.Errorf("the players got %+v", last)
	}
}

func TestEnd_WithTheServer(t *testing.T) {
	h, s, sc, p := scripted(t)
	s.enter("ann")
	h.events(p)
	sc.seen()
	s.take(s.core.MatchTerminate(s.ctx, s, nil, h, s, s.tick, s.state, 30))
	if want := h.clock.Now().Add(30 * time.Second).Unix(); len(h.heard) != 1 || h.heard[0].Event.ExpiresAt != want {
		t.Errorf("the party heard %+v; want ended at %d", h.heard, want)
	}
	wantLines(t, "the party heard", h.events(p), "ended")
	sc.end = true
	s.loop()
	wantLines(t, "the handler saw", sc.seen(), "terminate:30")
	if !s.over() || len(h.events(p)) != 0 {
		t.Error("the end was told twice, or never came")
	}
}

// A match that ends with the server takes nobody from a queue. A friend who comes late hears that it ends.
func TestEnd_WithTheServer_takesNobodyNew(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "cat")
	s := h.launch(matchmaking.Launch{Teams: 2, TeamSize: 2, Backfill: true, Claims: []seats.Claim{claim(p, 0, "ann")}})
	s.enter("ann")
	if s.labelled("backfill") != true {
		t.Fatalf("label %s", s.label)
	}
	s.take(s.core.MatchTerminate(s.ctx, s, nil, h, s, s.tick, s.state, 30))
	h.events(p)
	if _, _, err := h.client().Reserve(t.Context(), s.id, []seats.Claim{claim("", 1, "dan")}); !errors.Is(err, matchmaking.ErrGone) || s.labelled("backfill") != nil {
		t.Errorf("a player of the queue: %v; label %s", err, s.label)
	}
	if match, err := h.client().HoldLateSeat(t.Context(), parse(t, p), "cat", false); err != nil || match != s.id {
		t.Fatalf("late friend: %q, %v", match, err)
	}
	wantLines(t, "the party heard", h.events(p), "seat_held cat@0", "ended")
	s.got = nil
	s.enter("cat")
	end := fmt.Sprintf(`"expires_at":%d`, h.clock.Now().Add(30*time.Second).Unix())
	if first := s.got[0]; !strings.Contains(first.Data, `"event":"ended"`) || !strings.Contains(first.Data, end) || !slices.Equal(first.To, []string{"cat1"}) {
		t.Errorf("the late friend got %+v; want the end", first)
	}
	wantLines(t, "the party heard", h.events(p), "seat_taken cat@0")
}

// A match ends half a minute after the last player left and the last hold expired.
func TestEnd_Deserted(t *testing.T) {
	h, s, sc, p := scripted(t)
	s.enter("ann", "bob")
	s.leave("ann", "ann1", runtime.PresenceReasonLeave)
	s.leave("bob", "bob1", runtime.PresenceReasonDisconnect)
	s.after(44 * time.Second) // bob's grace is over; cat may still come
	s.after(time.Second)
	s.after(matchmaking.EmptyAfter - time.Millisecond)
	if s.over() {
		t.Fatal("ended early")
	}
	h.events(p)
	sc.seen()
	s.after(time.Millisecond)
	if !s.over() {
		t.Fatal("a deserted match goes on")
	}
	wantLines(t, "the handler saw", sc.seen(), "terminate:0")
}

// A player who joins just before an empty match would end keeps it alive.
func TestEnd_NotWhileSomebodyComes(t *testing.T) {
	h := newFakeHost(t)
	s := h.launch(matchmaking.Launch{Teams: 1, TeamSize: 2, OpenJoins: true})
	s.after(matchmaking.EmptyAfter - time.Second)
	s.enter("ann")
	s.after(time.Hour)
	s.leave("ann", "ann1", runtime.PresenceReasonLeave)
	s.loop()
	s.after(matchmaking.EmptyAfter - time.Second)
	if s.over() {
		t.Fatal("the time before somebody came was counted")
	}
	s.after(time.Second)
	if !s.over() {
		t.Error("a deserted match goes on")
	}
}

// TestEnd_BeforeTheCommit: if the game server ends a match that nobody was told of, the match ends at once, and so
// does its server.
func TestEnd_BeforeTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		s := hosted(t, map[string]runtime.FleetManager{"": f})
		id, _ := s.order(rules.Fleet{})
		var info matchmaking.ServerInfo
		told, _ := (<-f.creates)["partyline"].(string)
		if err := json.Unmarshal([]byte(told), &info); err != nil {
			t.Fatal(err)
		}
		(<-f.answers)(runtime.CreateSuccess, reachable("one"), nil, nil, nil)
		if err := s.matches.ServerEnd(t.Context(), id, info.Token, nil); err != nil {
			t.Fatal(err)
		}
		match := s.match(id)
		if match.loop(); !match.over() {
			t.Error("the match goes on")
		}
		synctest.Wait()
		if len(f.deleted) != 1 {
			t.Errorf("%d servers given back; want the one", len(f.deleted))
		}
		if heard := s.events(s.party); len(heard) > 0 {
			t.Errorf("the party hears of it: %v", heard)
		}
	})
}
