package matchmaking_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"
	"pgregory.net/rapid"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
)

// recordingHandler is a handler that records which players it was told of.
type recordingHandler struct {
	*scriptedHandler
	t      failer
	here   map[string]string // user by session
	refuse bool
}

func (l *recordingHandler) MatchJoinAttempt(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, p runtime.Presence, _ map[string]string) (any, bool, string) {
	if s, ok := matchmaking.SeatOf(ctx, p.GetUserId()); !ok || s.State != seats.Taken {
		l.t.Fatalf("%s asks with the seat %+v", p.GetUserId(), s)
	}
	return state, !l.refuse, "not today"
}

func (l *recordingHandler) MatchJoin(ctx context.Context, lg runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, ps []runtime.Presence) any {
	for _, p := range ps {
		for session, user := range l.here {
			if session == p.GetSessionId() || user == p.GetUserId() {
				l.t.Fatalf("%s joins while %s of %s is here", p.GetSessionId(), session, user)
			}
		}
		l.here[p.GetSessionId()] = p.GetUserId()
	}
	return l.scriptedHandler.MatchJoin(ctx, lg, db, nk, d, tick, state, ps)
}

func (l *recordingHandler) MatchLeave(ctx context.Context, lg runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, ps []runtime.Presence) any {
	for _, p := range ps {
		if l.here[p.GetSessionId()] != p.GetUserId() {
			l.t.Fatalf("%s leaves and was not here", p.GetSessionId())
		}
		delete(l.here, p.GetSessionId())
	}
	return l.scriptedHandler.MatchLeave(ctx, lg, db, nk, d, tick, state, ps)
}

// With any events in any order: the handler never has more players than seats, in the match and on each team. Every
// player has a seat, and parties stay together.
func TestSeated_Properties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		teams, size := rapid.IntRange(1, 3).Draw(t, "teams"), rapid.IntRange(1, 4).Draw(t, "size")
		h := newFakeHost(t)
		book := &recordingHandler{scriptedHandler: newScriptedHandler(), t: t, here: map[string]string{}}
		h.handlers["ledger"] = h.seated(book)
		user := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("u", rapid.IntRange(0, 9).Draw(t, "user")) })
		parties := []string{h.partyOf("u0", "u1", "u2"), h.partyOf("u3", "u4"), h.partyOf("u5")}
		anyParty := rapid.SampledFrom(parties)
		claims := rapid.Custom(func(t *rapid.T) []seats.Claim {
			list := make([]seats.Claim, rapid.IntRange(1, 2).Draw(t, "claims"))
			for i := range list {
				list[i] = seats.Claim{Team: rapid.IntRange(0, teams-1).Draw(t, "team"), UserIDs: rapid.SliceOfN(user, 0, 3).Draw(t, "users")}
				if rapid.Bool().Draw(t, "partied") {
					list[i].PartyID, list[i].Spares = anyParty.Draw(t, "party"), rapid.IntRange(0, 1).Draw(t, "spares")
				}
			}
			return list
		})
		s := h.launch(matchmaking.Launch{
			Handler: "ledger", Teams: teams, TeamSize: size, Backfill: true, OpenJoins: rapid.Bool().Draw(t, "open"),
			SeatHold: 10 * time.Second, SeatHoldMax: 25 * time.Second, Grace: time.Duration(rapid.IntRange(0, 8).Draw(t, "grace")) * time.Second,
		})
		ctx, c := context.Background(), h.client()
		session := func(t *rapid.T) (string, string) {
			u := user.Draw(t, "user")
			return u, fmt.Sprint(u, "s", rapid.IntRange(1, 2).Draw(t, "session"))
		}
		t.Repeat(map[string]func(*rapid.T){
			"attempt": func(t *rapid.T) {
				book.refuse = rapid.IntRange(0, 5).Draw(t, "mood") == 0
				s.attempt(session(t))
			},
			"leave": func(t *rapid.T) {
				u, sid := session(t)
				s.leave(u, sid, rapid.SampledFrom([]runtime.PresenceReason{
					runtime.PresenceReasonUnknown, runtime.PresenceReasonLeave, runtime.PresenceReasonDisconnect,
				}).Draw(t, "reason"))
			},
			"tick":    func(t *rapid.T) { s.after(time.Duration(rapid.IntRange(0, 9).Draw(t, "seconds")) * time.Second) },
			"fill":    func(t *rapid.T) { _ = c.Commit(ctx, s.id, claims.Draw(t, "claims")) },
			"reserve": func(t *rapid.T) { _, _, _ = c.Reserve(ctx, s.id, claims.Draw(t, "claims")) },
			"withdraw": func(t *rapid.T) {
				if err := c.Withdraw(ctx, s.id, claims.Draw(t, "claims")); err != nil {
					t.Fatalf("Withdraw: %v", err)
				}
			},
			"late": func(t *rapid.T) {
				_, _ = c.HoldLateSeat(ctx, parse(t, anyParty.Draw(t, "party")), user.Draw(t, "user"), false)
			},
			"extend":  func(t *rapid.T) { _ = c.Extend(ctx, parse(t, anyParty.Draw(t, "party")), user.Draw(t, "user")) },
			"release": func(t *rapid.T) { _ = c.Release(ctx, parse(t, anyParty.Draw(t, "party")), user.Draw(t, "user")) },
			"": func(t *rapid.T) {
				if !s.over() { // the match ended as deserted
					checkSeats(t, s, book, teams, size)
				}
			},
		})
	})
}

func checkSeats(t *rapid.T, s *fakeMatch, book *recordingHandler, teams, size int) {
	m, err := s.client().Seats(context.Background(), s.id, "")
	if err != nil {
		t.Fatalf("Seats: %v", err)
	}
	if len(m.Seats) != teams*size {
		t.Fatalf("%d seats of %d", len(m.Seats), teams*size)
	}
	onTeam, open, teamOf, taken := make([]int, teams), 0, map[string]int{}, map[string]bool{}
	for _, r := range m.Seats {
		onTeam[r.Team]++
		if r.State == party.SeatOpen {
			open++
			continue
		}
		if was, ok := teamOf[r.PartyID]; ok && was != r.Team && r.PartyID != "" {
			t.Fatalf("party %s is on teams %d and %d", r.PartyID, was, r.Team)
		}
		teamOf[r.PartyID] = r.Team
		if r.State == party.SeatTaken {
			if taken[r.UserID] {
				t.Fatalf("%s sits twice", r.UserID)
			}
			taken[r.UserID] = true
		}
	}
	for team, n := range onTeam {
		if n != size {
			t.Fatalf("team %d has %d seats of %d", team, n, size)
		}
	}
	if len(book.here) != len(taken) {
		t.Fatalf("%d players, %d taken seats", len(book.here), len(taken))
	}
	for session, user := range book.here {
		if !taken[user] {
			t.Fatalf("%s plays without a seat", session)
		}
	}
	var l struct {
		OpenSeats int   `json:"open_seats"`
		Open      []int `json:"open"`
	}
	if err := json.Unmarshal([]byte(s.label), &l); err != nil || l.OpenSeats != open || (len(l.Open) == teams) != (open < teams*size) {
		t.Fatalf("label %s with %d open seats: %v", s.label, open, err)
	}
}

// No signal, even a malformed one, ends a match or changes the number of its seats.
func FuzzSignal(f *testing.F) {
	for _, data := range []string{
		`{"op":"hold","claims":[{"party_id":"p","team":0,"user_ids":["ann"],"spares":1}]}`, `{"op":"withdraw","claims":[{"team":-1}]}`,
		`{"op":"late","party_id":"p","user_id":"ann"}`, `{"op":"extend"}`, `{"op":"release","party_id":""}`, `{"op":"seats"}`, `{`, ``,
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data string) {
		h := newFakeHost(t)
		s, _ := duel(h, "")
		s.enter("ann")
		if _, err := h.MatchSignal(t.Context(), s.id, "partyline:"+data); err != nil {
			t.Fatalf("signal %q: %v", data, err)
		}
		s.loop()
		if taken, held, open := s.count(); taken+held+open != 4 || s.seat("ann") != "taken@0" || len(s.logged) != 0 {
			t.Errorf("after %q: %d, %d, %d; logged %q", data, taken, held, open, s.logged)
		}
	})
}
