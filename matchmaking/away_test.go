package matchmaking_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
)

// labelledHandler is a game's handler with its own label.
type labelledHandler struct {
	runtime.Match
	text string
}

func (l labelledHandler) MatchInit(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, params map[string]any) (any, int, string) {
	st, rate, _ := l.Match.MatchInit(ctx, logger, db, nk, params)
	return st, rate, l.text
}

// A handler's own label may have the module's field names in capitals.
func TestLaunch_OwnLabelOfAnotherCase(t *testing.T) {
	h := newFakeHost(t)
	h.handlers["arena"] = h.seated(labelledHandler{matchmaking.Relay(), `{"Open":true,"Region":5}`})
	p := h.partyOf("ann")
	id, err := h.client().Launch(t.Context(), matchmaking.Launch{Handler: "arena", Teams: 1, TeamSize: 2, SeatHold: time.Minute, Claims: []seats.Claim{claim(p, 0, "ann")}})
	if err != nil || id == "" {
		t.Fatalf("Launch = %q, %v; want a match, its handler has seats; label %s", id, err, h.matches[0].label)
	}
	if m, err := h.client().Seats(t.Context(), id, "ann"); err != nil || len(m.Seats) != 2 {
		t.Fatalf("seats %+v %v", m, err)
	}
}

// A player who never joins does not keep the seat by losing the connection again and again.
func TestMatches_AwayHasAnEnd(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "bob")
	s := h.launch(matchmaking.Launch{Teams: 1, TeamSize: 3, SeatHold: 45 * time.Second, SeatHoldMax: 5 * time.Minute, Grace: time.Minute, Claims: []seats.Claim{claim(p, 0, "ann", "bob")}})
	s.enter("bob")
	for range 60 {
		if err := h.client().Away(t.Context(), parse(t, p), "ann"); err != nil {
			t.Error(err)
		}
		s.after(30 * time.Second)
	}
	if got := s.seat("ann"); got != "" {
		t.Errorf("ann, who never came, has seat %q after 30 minutes; seat_hold_max is 5", got)
	}
}

// One lost connection, reported by the match and by the party, is one event.
func TestMatches_DropToldOnce(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "bob")
	s := h.launch(matchmaking.Launch{Teams: 1, TeamSize: 3, SeatHold: 5 * time.Second, SeatHoldMax: 5 * time.Second, Grace: time.Minute, Claims: []seats.Claim{claim(p, 0, "ann", "bob")}})
	s.enter("ann", "bob")
	s.loop()
	s.events(p)
	s.got = nil
	s.leave("ann", "ann1", runtime.PresenceReasonDisconnect)
	s.after(50 * time.Millisecond)
	if err := h.client().Away(t.Context(), parse(t, p), "ann"); err != nil {
		t.Error(err)
	}
	s.after(50 * time.Millisecond)
	wantLines(t, "the party heard", s.events(p), "seat_held ann@0")
}
