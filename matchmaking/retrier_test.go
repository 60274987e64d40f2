package matchmaking_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
)

// countingHost is a host that counts requests for a late friend's seat. It may fail to reach its matches.
type countingHost struct {
	*fakeHost
	away error
	late int
}

func (a *countingHost) MatchSignal(ctx context.Context, id, data string) (string, error) {
	if strings.Contains(data, `"op":"late"`) {
		a.late++
	}
	if a.away != nil {
		return "", a.away
	}
	return a.fakeHost.MatchSignal(ctx, id, data)
}

// latecomer is a friend, bob, of a party that plays. One seat of its team is open.
type latecomer struct {
	*fakeMatch
	host         *countingHost
	party, other string // the party's ID, and one it may get
}

// If a problem that keeps a late friend from a seat may pass, the seat is tried again a few times, as long as the
// friend is in the party and the match runs.
func TestRetrier_Seat(t *testing.T) {
	eve := []seats.Claim{claim("", 0, "eve")}
	unread := func(w latecomer) { w.friendsErr = errors.New("no database") }
	for name, c := range map[string]struct {
		begins, ends func(latecomer)
		tries        int
		seated       bool
		logged       int
	}{
		"blocks are not read": {unread, func(w latecomer) { w.friendsErr = nil }, 2, true, 0},
		"match is busy":       {func(w latecomer) { w.host.away = runtime.ErrMatchBusy }, func(w latecomer) { w.host.away = nil }, 2, true, 0},
		"seat is reserved": {
			func(w latecomer) { _, _, _ = w.client().Reserve(w.ctx, w.id, eve) },
			func(w latecomer) { _ = w.client().Withdraw(w.ctx, w.id, eve) }, 2, true, 0,
		},
		"party is restored": {unread, func(w latecomer) {
			w.friendsErr, w.members[w.other] = nil, w.members[w.party]
			delete(w.members, w.party)
			_ = w.client().MoveParty(w.ctx, parse(w.t, w.party), parse(w.t, w.other))
		}, 2, true, 0},
		"it does not pass": {unread, func(latecomer) {}, 4, false, 1},
		"friend leaves":    {unread, func(w latecomer) { w.friendsErr, w.members[w.party] = nil, []string{"ann"} }, 1, false, 0},
		"match ends":       {unread, func(w latecomer) { w.friendsErr, w.state = nil, nil }, 1, false, 0},
		"friend is blocked": {unread, func(w latecomer) {
			w.friendsErr, w.blocked = nil, map[string][]string{"cat": {"bob"}}
		}, 2, false, 0},
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			h, log := newFakeHost(t), &partytest.Log{}
			w := latecomer{nil, &countingHost{fakeHost: h}, h.partyOf("ann", "bob"), h.partyOf()}
			w.fakeMatch = h.launch(matchmaking.Launch{Teams: 2, TeamSize: 2, AvoidBlocks: true, Claims: []seats.Claim{claim(w.party, 0, "ann"), claim("", 1, "cat")}})
			var turn sync.Mutex
			current := func(id party.ID) party.ID {
				turn.Lock() // so that a try sees everything the test did before
				defer turn.Unlock()
				if _, lives := h.members[id.String()]; !lives {
					return parse(t, w.other)
				}
				return id
			}
			l := matchmaking.NewRetrier(matchmaking.NewMatches(w.host, h, nil, nil, h.clock.Now), current, log, time.Now)
			defer l.Close()

			c.begins(w)
			if match, err := l.Seat(t.Context(), parse(t, w.party), "bob", false); match != "" || err == nil {
				t.Errorf("Seat = %q, %v; want none yet", match, err)
			}
			turn.Lock()
			c.ends(w)
			turn.Unlock()
			time.Sleep(time.Minute) // in the bubble's time
			synctest.Wait()
			if w.host.late != c.tries {
				t.Errorf("asked for %d times; want %d", w.host.late, c.tries)
			}
			if seated := !w.over() && w.seat("bob") == "held@0"; seated != c.seated {
				t.Errorf("bob has a seat: %v; want %v", seated, c.seated)
			}
			if lines := log.Lines(); len(lines) != c.logged {
				t.Errorf("logged %q", lines)
			}
		}))
	}
}

// After an answer that will not change, there is no other try.
func TestRetrier_SeatNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, log := newFakeHost(t), &partytest.Log{}
		host := &countingHost{fakeHost: h}
		s, p := duel(h, "")
		h.members[p] = append(h.members[p], "eve")
		l := matchmaking.NewRetrier(matchmaking.NewMatches(host, h, nil, nil, h.clock.Now), func(id party.ID) party.ID { return id }, log, time.Now)
		defer l.Close()
		if match, err := l.Seat(t.Context(), parse(t, p), "eve", false); match != "" || err != nil {
			t.Errorf("Seat = %q, %v; want none", match, err)
		}
		s.leave("bob", "bob1", runtime.PresenceReasonLeave)
		time.Sleep(time.Minute) // in the bubble's time
		synctest.Wait()
		if host.late != 1 {
			t.Errorf("asked for %d times; want once", host.late)
		}
	})
}

// leftWhileBusy makes bob leave a party that plays while its match is busy. It runs then before the match is asked
// again. It returns the match a minute later.
func leftWhileBusy(t *testing.T, h *fakeHost, members matchmaking.Members, then func(partyID string)) (*fakeMatch, *partytest.Log) {
	t.Helper()
	host, log := &countingHost{fakeHost: h, away: runtime.ErrMatchBusy}, &partytest.Log{}
	p := h.partyOf("ann", "bob")
	s := h.launch(matchmaking.Launch{Teams: 2, TeamSize: 2, Claims: []seats.Claim{claim(p, 0, "ann", "bob")}})
	var turn sync.Mutex
	current := func(id party.ID) party.ID {
		turn.Lock() // so that a try sees everything the test did before
		defer turn.Unlock()
		return id
	}
	l := matchmaking.NewRetrier(matchmaking.NewMatches(host, members, nil, nil, h.clock.Now), current, log, time.Now)
	defer l.Close()
	h.members[p] = []string{"ann"}
	l.Release(t.Context(), parse(t, p), "bob")
	turn.Lock()
	host.away = nil
	then(p)
	turn.Unlock()
	time.Sleep(time.Minute) // in the bubble's time
	synctest.Wait()
	return s, log
}

// If a match is too busy to open the seat of a user who left, the seat opens later, unless the user has joined the
// party again.
func TestRetrier_Release(t *testing.T) {
	for _, again := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h := newFakeHost(t)
			s, _ := leftWhileBusy(t, h, h, func(p string) {
				if again {
					h.members[p] = []string{"ann", "bob"}
				}
			})
			m, err := s.client().Seats(t.Context(), s.id, "")
			kept := slices.ContainsFunc(m.Seats, func(seat party.MatchSeat) bool { return seat.UserID == "bob" })
			if err != nil || kept != again {
				t.Errorf("in again: %v: seats %+v, %v", again, m.Seats, err)
			}
		})
	}
}
