package matchmaking_test

import (
	"context"
	"errors"
	"slices"
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

// offlineHost is a host whose Left works as in *roster.Roster: a user without a socket has lost the connection and
// has not left.
type offlineHost struct {
	*fakeHost
	gone map[string]bool // users without a socket
}

func (o *offlineHost) Left(id party.ID, users []string) ([]string, error) {
	left, err := o.fakeHost.Left(id, users)
	return slices.DeleteFunc(left, func(user string) bool { return o.gone[user] }), err
}

// A user who leaves the party and closes the game loses the seat, even if the match is busy at first.
func TestRetrier_ReleaseOfWhoIsOffline(t *testing.T) {
	for _, offlineThen := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h := newFakeHost(t)
			members := &offlineHost{h, map[string]bool{}}
			s, _ := leftWhileBusy(t, h, members, func(string) { members.gone["bob"] = offlineThen })
			m, err := s.client().Seats(t.Context(), s.id, "")
			if err != nil || slices.ContainsFunc(m.Seats, func(seat party.MatchSeat) bool { return seat.UserID == "bob" }) {
				t.Errorf("offline: %v: bob has left the party and has the seat still: %+v, %v", offlineThen, m.Seats, err)
			}
		})
	}
}

// unreadableHost is a host whose parties cannot be read for a while.
type unreadableHost struct {
	*fakeHost
	err error
}

func (u *unreadableHost) Left(id party.ID, users []string) ([]string, error) {
	if u.err != nil {
		return nil, u.err
	}
	return u.fakeHost.Left(id, users)
}

func (u *unreadableHost) View(ctx context.Context, id party.ID) (party.View, error) {
	if u.err != nil {
		return party.View{}, u.err
	}
	return u.fakeHost.View(ctx, id)
}

// A user who joined again keeps the seat, even if the party cannot be read at the next try.
func TestRetrier_ReleaseWhileThePartyIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFakeHost(t)
		members := &unreadableHost{fakeHost: h}
		s, log := leftWhileBusy(t, h, members, func(p string) {
			h.members[p], members.err = []string{"ann", "bob"}, errors.New("the party is not read")
		})
		if got := s.seat("bob"); got == "" {
			t.Errorf("bob is in again and has lost the seat; log %q", log.Lines())
		}
	})
}

// If the match was too busy for a leave, the next try uses the party ID that the seats have there.
func TestRetrier_ReleaseOfARestoredParty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, log := newFakeHost(t), &partytest.Log{}
		host := &countingHost{fakeHost: h, away: runtime.ErrMatchBusy}
		was, now := h.partyOf("ann", "bob"), h.partyOf("ann")
		s := h.launch(matchmaking.Launch{Teams: 2, TeamSize: 2, Claims: []seats.Claim{claim(was, 0, "ann", "bob")}})
		var turn sync.Mutex
		restored := false
		current := func(id party.ID) party.ID {
			turn.Lock()
			defer turn.Unlock()
			if restored {
				return parse(t, now)
			}
			return id
		}
		l := matchmaking.NewRetrier(matchmaking.NewMatches(host, h, nil, nil, h.clock.Now), current, log, time.Now)
		defer l.Close()
		h.members[was] = []string{"ann"}
		l.Release(t.Context(), parse(t, was), "bob")
		turn.Lock()
		restored = true
		turn.Unlock()
		time.Sleep(500 * time.Millisecond) // so that the two are not tried at the same moment
		l.Follow(t.Context(), parse(t, was))
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		turn.Lock()
		host.away = nil
		turn.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := s.seat("bob"); got != "" {
			t.Errorf("bob has left the party and has the seat %s still (ann: %s); log %q", got, s.seat("ann"), log.Lines())
		}
	})
}

// A friend who came while the match was busy, and whose connection was lost then, still gets the seat: the party keeps
// their place.
func TestRetrier_SeatOfAFriendWhoIsOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, log := newFakeHost(t), &partytest.Log{}
		members := &offlineHost{h, map[string]bool{}}
		host := &countingHost{fakeHost: h}
		p := h.partyOf("ann", "bob")
		s := h.launch(matchmaking.Launch{Teams: 2, TeamSize: 2, Claims: []seats.Claim{claim(p, 0, "ann"), claim("", 1, "cat")}})
		var turn sync.Mutex
		current := func(id party.ID) party.ID {
			turn.Lock()
			defer turn.Unlock()
			return id
		}
		l := matchmaking.NewRetrier(matchmaking.NewMatches(host, members, nil, nil, h.clock.Now), current, log, time.Now)
		defer l.Close()
		h.members[p], members.gone["bob"] = []string{"ann"}, true
		host.away = runtime.ErrMatchBusy
		if match, err := l.Seat(t.Context(), parse(t, p), "bob", true); match != "" || err == nil {
			t.Fatalf("Seat = %q, %v; want none yet", match, err)
		}
		turn.Lock()
		host.away = nil
		turn.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := s.seat("bob"); got == "" {
			t.Errorf("bob has no seat; asked %d times", host.late)
		}
	})
}
