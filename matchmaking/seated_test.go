package matchmaking_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
)

// duel is two teams of two: a party of two on team 0, a player without a party on 1.
func duel(h *fakeHost, handler string) (s *fakeMatch, partyID string) {
	partyID = h.partyOf("ann", "bob")
	return h.launch(matchmaking.Launch{
		Handler: handler, Queue: "duel", Teams: 2, TeamSize: 2,
		Claims: []seats.Claim{claim(partyID, 0, "ann", "bob"), claim("", 1, "cat")},
	}), partyID
}

// scripted is duel on a handler that records its calls.
func scripted(t *testing.T) (*fakeHost, *fakeMatch, *scriptedHandler, string) {
	h := newFakeHost(t)
	sc := newScriptedHandler()
	h.handlers["script"] = h.seated(sc)
	s, p := duel(h, "script")
	sc.seen()
	return h, s, sc, p
}

func TestSeated_ThePartyComes(t *testing.T) {
	h := newFakeHost(t)
	s, p := duel(h, "")
	wantLines(t, "the party heard", h.events(p), "seat_held ann@0", "seat_held bob@0")
	s.enter("ann", "bob", "cat")
	wantLines(t, "the party heard", h.events(p), "seat_taken ann@0", "seat_taken bob@0")
	for user, want := range map[string]string{"ann": "taken@0", "bob": "taken@0", "cat": "taken@1"} {
		if got := s.seat(user); got != want {
			t.Errorf("seat of %s = %q; want %q", user, got, want)
		}
	}
	if len(s.got) != 0 {
		t.Errorf("the players heard of their seats before the tick: %v", s.got)
	}
	s.loop()
	s.loop()
	if len(s.got) != 1 || s.got[0].OpCode != party.OpMatch || s.got[0].From != "" {
		t.Fatalf("the players got %+v; want the seats once", s.got)
	}
	wantLines(t, "recipients", s.got[0].To, "ann1", "bob1", "cat1")
	var told party.MatchSeats
	if err := json.Unmarshal([]byte(s.got[0].Data), &told); err != nil || len(told.Seats) != 4 || told.MatchID != s.id || told.Queue != "duel" {
		t.Errorf("seats %s: %v", s.got[0].Data, err)
	}
}

func TestSeated_Outsiders(t *testing.T) {
	h := newFakeHost(t)
	s, _ := duel(h, "")
	s.refused("out", party.SeatReserved) // one seat is open, but not for everybody
	s.enter("ann", "bob", "cat")
	s.refused("out", party.SeatReserved)
	if err := h.client().Commit(context.Background(), s.id, []seats.Claim{claim("", 1, "dan")}); err != nil {
		t.Fatal(err)
	}
	s.refused("out", party.SeatReserved) // the last seat is held
	s.enter("dan")
	s.refused("out", party.MatchFull)
	if taken, held, open := s.count(); taken != 4 || held != 0 || open != 0 {
		t.Errorf("count = %d, %d, %d", taken, held, open)
	}
}

func TestSeated_OpenJoins(t *testing.T) {
	h := newFakeHost(t)
	s := h.launch(matchmaking.Launch{Teams: 2, TeamSize: 1, OpenJoins: true, Claims: []seats.Claim{claim("", 0, "ann")}})
	s.enter("out")
	if got := s.seat("out"); got != "taken@1" {
		t.Errorf("an outsider of an open match = %q", got)
	}
	s.refused("out2", party.SeatReserved)
	s.enter("ann")
	s.refused("out2", party.MatchFull)
}

// A member of a party that plays may join without their own seat, because the host says that they are a member.
func TestSeated_FriendOfAParty(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "bob")
	q := h.partyOf("xena")
	s := h.launch(matchmaking.Launch{Teams: 2, TeamSize: 3, Claims: []seats.Claim{claim(p, 1, "ann"), claim(q, 0, "xena")}})
	s.enter("ann", "bob")
	if got := s.seat("bob"); got != "taken@1" {
		t.Errorf("the friend's seat = %q; want the team of the party", got)
	}
	h.members[p] = append(h.members[p], "cat", "dan")
	s.enter("cat")
	s.refused("dan", party.MatchFull) // their team is full, the other one is not
	if reason, _ := s.attempt("dan", "dan2"); !strings.Contains(reason, "team") {
		t.Errorf("the reason %q does not name the team", reason)
	}
	s.refused("out", party.SeatReserved)
}

func TestSeated_NoShow(t *testing.T) {
	h := newFakeHost(t)
	s, p := duel(h, "")
	s.enter("ann", "cat")
	h.events(p)
	s.after(45 * time.Second)
	wantLines(t, "the party heard", h.events(p), "seat_released bob@0")
	if s.labelled("open_seats") != 2.0 {
		t.Errorf("label %s after a no-show", s.label)
	}
	s.refused("eve", party.SeatReserved)
	if err := h.client().Commit(context.Background(), s.id, []seats.Claim{claim("", 0, "eve")}); err != nil {
		t.Fatal(err)
	}
	s.enter("eve")
	s.refused("bob", party.MatchFull) // too late: the team is full
}

func TestSeated_DropAndReturn(t *testing.T) {
	h, s, sc, p := scripted(t)
	s.enter("ann", "bob", "cat")
	h.events(p)
	s.leave("ann", "ann1", runtime.PresenceReasonDisconnect)
	wantLines(t, "the party heard", h.events(p), "seat_held ann@0")
	s.refused("out", party.SeatReserved)
	s.after(19 * time.Second)
	if reason, ok := s.attempt("ann", "ann2"); !ok {
		t.Fatalf("ann may not come back: %s", reason)
	}
	wantLines(t, "the party heard", h.events(p), "seat_taken ann@0")
	s.leave("ann", "ann2", runtime.PresenceReasonUnknown) // let in, but never appeared
	s.after(20 * time.Second)
	wantLines(t, "the party heard", h.events(p), "seat_held ann@0", "seat_released ann@0")
	wantLines(t, "the handler saw", sc.seen(), "attempt ann1", "join ann1", "attempt bob1", "join bob1", "attempt cat1", "join cat1",
		"leave ann1", "attempt ann2", "join ann2", "leave ann2")
}

func TestSeated_LeaveOnPurpose(t *testing.T) {
	h, s, sc, p := scripted(t)
	s.enter("ann", "cat")
	h.events(p)
	sc.seen()
	s.leave("ann", "ann1", runtime.PresenceReasonLeave)
	s.leave("nobody", "nobody1", runtime.PresenceReasonLeave)
	wantLines(t, "the party heard", h.events(p), "seat_released ann@0")
	s.enter("ann") // ann is still in the party, and the party in the match
	s.leave("cat", "cat1", runtime.PresenceReasonLeave)
	s.refused("cat", party.SeatReserved)
	wantLines(t, "the handler saw", sc.seen(), "leave ann1", "attempt ann1", "join ann1", "leave cat1")
}

// The host reports everybody who left the stream in one call, also sessions that are not players.
func TestSeated_LeavesOfStrangers(t *testing.T) {
	_, s, sc, _ := scripted(t)
	s.enter("ann")
	sc.seen()
	all := []runtime.Presence{player{user: "spy", session: "spy1"}, player{user: "ann", session: "ann1"}}
	s.take(s.core.MatchLeave(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, all))
	wantLines(t, "the handler saw", sc.seen(), "leave ann1")
}

func TestSeated_SecondSession(t *testing.T) {
	h, s, sc, p := scripted(t)
	s.enter("ann", "bob")
	s.loop()
	h.events(p)
	sc.seen()
	s.got = nil
	if _, ok := s.attempt("ann", "ann2"); !ok {
		t.Fatal("the second session may not join")
	}
	wantLines(t, "the handler saw", sc.seen(), "attempt ann2", "leave ann1", "join ann2")
	if len(s.kicked) != 1 || s.kicked[0].session != "ann1" {
		t.Fatalf("kicked %v; want the first session", s.kicked)
	}
	// Until the host reports the session gone, it cannot send data.
	s.take(s.core.MatchLoop(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, []runtime.MatchData{
		message{player{user: "ann", session: "ann1"}, 7, "old"}, message{player{user: "ann", session: "ann2"}, 7, "new"},
		message{player{user: "spy", session: "spy1"}, 7, "stranger"},
	}))
	var data, alone []sent
	for _, g := range s.got {
		if g.OpCode == 7 {
			data = append(data, g)
		}
		if slices.Equal(g.To, []string{"ann1"}) {
			alone = append(alone, g)
		}
	}
	if len(alone) != 1 || alone[0].OpCode != party.OpMatch || !strings.Contains(alone[0].Data, `"ended"`) {
		t.Errorf("the replaced session alone got %+v; want to be told that it is over", alone)
	}
	if len(data) != 1 || data[0].Data != "new" {
		t.Errorf("passed on %+v; want only the new session's", data)
	}
	s.loop() // reports ann1 gone
	if len(sc.seen()) != 0 {
		t.Error("the handler heard twice of the first session")
	}
	if got := s.seat("ann"); got != "taken@0" {
		t.Errorf("seat = %q", got)
	}
	if events := h.events(p); len(events) != 0 {
		t.Errorf("the party heard %q of a change of sessions", events)
	}
	s.leave("ann", "ann2", runtime.PresenceReasonLeave)
	if got := s.seat("ann"); got != "" {
		t.Errorf("seat = %q after the last session left", got)
	}
}

// The seat belongs to the user. The end of a replaced session does not change it.
func TestSeated_ReplacedSessionGoesLast(t *testing.T) {
	_, s, _, _ := scripted(t)
	s.enter("ann")
	if _, ok := s.attempt("ann", "ann2"); !ok {
		t.Fatal("refused")
	}
	s.leave("ann", "ann2", runtime.PresenceReasonDisconnect)
	s.loop() // reports ann1 gone
	if got := s.seat("ann"); got != "held@0" {
		t.Errorf("seat = %q; want it kept for the grace", got)
	}
}

// Most ticks of a match have nothing to do. They must cost nothing, and still notice within a second that nobody came.
func TestSeated_IdleTicks(t *testing.T) {
	s, p := duel(newFakeHost(t), "")
	s.loop()
	if n := testing.AllocsPerRun(100, s.idleTick); n != 0 {
		t.Errorf("a tick in which nothing is due makes %v allocations", n)
	}
	s.enter("ann")
	s.loop()
	if n := testing.AllocsPerRun(100, s.idleTick); n != 0 {
		t.Errorf("with a silent player it makes %v", n)
	}
	s.events(p)
	s.clock.Advance(45*time.Second - 50*time.Millisecond)
	s.loop()
	wantLines(t, "the party heard too early", s.events(p))
	s.after(time.Second)
	wantLines(t, "the party heard", s.events(p), "seat_released bob@0")
}

// Two devices of a player are let in, and the host reports the second one first. One of them has to go, and the handler
// sees no session leave that it has not seen join.
func TestSeated_DevicesInTheOtherOrder(t *testing.T) {
	_, s, sc, _ := scripted(t)
	for _, session := range []string{"ann1", "ann2"} {
		state, allow, reason := s.core.MatchJoinAttempt(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, player{user: "ann", session: session}, nil)
		if !s.take(state) || !allow {
			t.Fatal(session, reason)
		}
	}
	s.kicked = nil
	onStream := map[string]bool{}
	join := func(session string) {
		onStream[session] = true
		s.take(s.core.MatchJoin(s.ctx, s, nil, s.fakeHost, s, 0, s.state, []runtime.Presence{player{user: "ann", session: session}}))
		for _, k := range s.kicked { // the host takes a session off the stream that is on it
			delete(onStream, k.session)
		}
		s.kicked = nil
	}
	join("ann2")
	join("ann1")
	for range 10 {
		s.clock.Advance(time.Second)
		s.take(s.core.MatchLoop(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, nil))
		for _, k := range s.kicked {
			delete(onStream, k.session)
		}
		s.kicked = nil
	}
	if len(onStream) != 1 {
		t.Errorf("on the match's stream after 10 s: %v; want one device of ann", onStream)
	}
	wantLines(t, "the handler saw", sc.seen(), "attempt ann1", "attempt ann2", "join ann2")
}

func TestSeated_UnaskedSessionsAreKicked(t *testing.T) {
	_, s, sc, _ := scripted(t)
	s.take(s.core.MatchJoin(s.ctx, s, nil, s.fakeHost, s, 0, s.state, []runtime.Presence{player{user: "spy", session: "spy1"}}))
	if len(s.kicked) != 1 || len(sc.seen()) != 0 || s.over() {
		t.Errorf("kicked %v, over %v", s.kicked, s.over())
	}
}

func TestSeated_TheHandlerRefuses(t *testing.T) {
	h, s, sc, p := scripted(t)
	h.events(p)
	var sat []string
	sc.attempt = func(ctx context.Context, pr runtime.Presence) (bool, string) {
		seat, ok := matchmaking.SeatOf(ctx, pr.GetUserId())
		if !ok || seat.Team != 0 || seat.PartyID != p || len(matchmaking.SeatsOf(ctx)) != 4 {
			t.Errorf("the handler sees %+v, %v", seat, ok)
		}
		sat = append(sat, pr.GetUserId())
		return false, "no pets"
	}
	if reason, ok := s.attempt("ann", "ann1"); ok || reason != "no pets" {
		t.Errorf("attempt = %q, %v; want the handler's own reason", reason, ok)
	}
	if got := s.seat("ann"); got != "held@0" {
		t.Errorf("the refused player's seat = %q; want it held as before", got)
	}
	if events := h.events(p); len(events) != 0 || len(sat) != 1 {
		t.Errorf("the party heard %q", events)
	}
	sc.attempt = nil
	s.enter("ann")
	if _, ok := matchmaking.SeatOf(context.Background(), "ann"); ok || matchmaking.SeatsOf(context.Background()) != nil {
		t.Error("seats outside of a match")
	}
}

func TestSeated_Panics(t *testing.T) {
	for _, call := range []string{"attempt", "join", "leave", "loop", "terminate:5", "signal:x"} {
		t.Run(call, func(t *testing.T) {
			h, s, sc, p := scripted(t)
			other, _ := duel(h, "")
			s.enter("ann", "bob")
			h.events(p)
			sc.before = func(at string, _ runtime.MatchDispatcher) {
				if at == call {
					panic("the handler's own fault")
				}
			}
			switch call {
			case "attempt", "join":
				if reason, ok := s.attempt("cat", "cat1"); ok || call == "attempt" && !strings.HasPrefix(reason, string(party.Internal)) {
					t.Errorf("attempt = %q, %v", reason, ok)
				}
			case "leave":
				s.leave("ann", "ann1", runtime.PresenceReasonLeave)
			case "loop":
				s.loop()
			case "terminate:5":
				s.take(s.core.MatchTerminate(s.ctx, s, nil, h, s, s.tick, s.state, 5))
			default:
				if _, err := h.MatchSignal(context.Background(), s.id, "x"); err == nil {
					t.Error("a signal answered by a match that ended")
				}
			}
			if !s.over() {
				t.Fatal("the match goes on after a panic")
			}
			if !slices.ContainsFunc(s.logged, func(l string) bool {
				return strings.Contains(l, "the handler's own fault") && strings.Contains(l, "goroutine ")
			}) {
				t.Errorf("logged %q; want the panic with its stack", s.logged)
			}
			if events := h.events(p); !slices.Contains(events, "ended") {
				t.Errorf("the party heard %q", events)
			}
			if other.over() {
				t.Error("another match ended too")
			}
		})
	}
	t.Run("init", func(t *testing.T) {
		h := newFakeHost(t)
		sc := newScriptedHandler()
		sc.before = func(string, runtime.MatchDispatcher) { panic("in init") }
		h.handlers["script"] = h.seated(sc)
		if _, err := h.client().Launch(t.Context(), matchmaking.Launch{Handler: "script", Teams: 1, TeamSize: 1, SeatHold: time.Second}); err == nil {
			t.Error("a match was made by a handler that panicked")
		}
	})
}

func TestSeated_NotMade(t *testing.T) {
	h := newFakeHost(t)
	good := matchmaking.Launch{Teams: 1, TeamSize: 2, SeatHold: time.Second}
	for name, change := range map[string]func(*matchmaking.Launch){
		"no teams":      func(l *matchmaking.Launch) { l.Teams = 0 },
		"too many":      func(l *matchmaking.Launch) { l.TeamSize = 257 },
		"no hold":       func(l *matchmaking.Launch) { l.SeatHold = 0 },
		"grace":         func(l *matchmaking.Launch) { l.Grace = -1 },
		"no room":       func(l *matchmaking.Launch) { l.Claims = []seats.Claim{claim("p", 0, "a", "b", "c")} },
		"no such team":  func(l *matchmaking.Launch) { l.Claims = []seats.Claim{claim("p", 3, "a")} },
		"no such match": func(l *matchmaking.Launch) { l.Handler = "nowhere" },
		"label":         func(l *matchmaking.Launch) { l.Queue = strings.Repeat("q", matchmaking.MaxLabel) },
	} {
		l := good
		change(&l)
		if id, err := h.client().Launch(t.Context(), l); err == nil {
			t.Errorf("%s: made match %s", name, id)
		}
	}
	if _, err := h.MatchCreate(t.Context(), matchmaking.PartyMatchName, map[string]any{}); err == nil {
		t.Error("a match with seats was made without Launch.MatchParams")
	}
	if _, err := h.MatchCreate(t.Context(), matchmaking.PartyMatchName, map[string]any{matchmaking.ParamSeats: "{"}); err == nil {
		t.Error("a match was made from broken parameters")
	}
	h.handlers["ends"] = h.seated(endsAtOnce{matchmaking.Relay()})
	good.Handler = "ends"
	if _, err := h.client().Launch(t.Context(), good); err == nil {
		t.Error("a match was made whose handler does not want to")
	}
}
