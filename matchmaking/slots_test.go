package matchmaking_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/matchmaking"
	"partyline/party"
)

// TestServer_SlowSlot: nobody waits long for a slow fleet, which is asked once. The friend gets the seat soon after
// the fleet has a slot, whether they ask again or not.
func TestServer_SlowSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.slow = make(chan struct{})
		l := matchmaking.NewRetrier(s.matches, func(id party.ID) party.ID { return id }, s, time.Now)
		defer l.Close()
		for range 2 {
			if match, err := l.Seat(t.Context(), parse(t, s.party), "cat", false); err == nil || match != "" {
				t.Errorf("cat gets match %q, error %v; want none yet", match, err)
			}
			if m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "cat"}, s.party, ""); err != nil || m.MatchID != s.id || m.Server != nil {
				t.Errorf("party_match = %+v, error %v; want the match alone", m, err)
			}
		}
		if got := s.seat("cat"); got != "" {
			t.Errorf("cat has seat %s without a slot", got)
		}
		close(s.slow)
		time.Sleep(10 * time.Second) // in the bubble's time
		synctest.Wait()
		if told := strings.Join(s.events(s.party), ", "); s.seat("cat") == "" || !strings.Contains(told, "server_ready cat@0") {
			t.Errorf("cat has seat %q, the party heard %s; want the seat now that there is a slot", s.seat("cat"), told)
		}
		if m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "cat"}, s.party, ""); err != nil || m.Server == nil {
			t.Errorf("party_match = %+v, error %v; want how to get there", m, err)
		}
		l.OrderSeat(s.id, parse(t, s.party), "cat") // who has the slot by now
		synctest.Wait()
		if n := len(s.joined); n != 1 {
			t.Errorf("the fleet was asked %d times; want once", n)
		}
	})
}

// TestServer_OrderSeat: a friend who joined while the match waited for its server gets the seat once there is a
// slot, also if the fleet is slow or refused at first. A friend who has left the party gets none.
func TestServer_OrderSeat(t *testing.T) {
	for name, tt := range map[string]struct {
		full error
		out  bool
		want string // after the fleet has answered
		then string // 2 s later, when the fleet refuses nobody
	}{"slot": {want: "held", then: "held"}, "no_slot": {full: errors.New("full"), then: "held"}, "has_left": {out: true}} {
		t.Run(name, inBubble(func(t *testing.T) {
			s := newServed(t)
			s.slow, s.full = make(chan struct{}), tt.full
			l := matchmaking.NewRetrier(s.matches, func(id party.ID) party.ID { return id }, s, time.Now)
			defer l.Close()
			l.OrderSeat(s.id, parse(t, s.party), "cat")
			time.Sleep(5 * time.Second) // in the bubble: longer than a player waits
			if got := s.seat("cat"); got != "" {
				t.Errorf("cat has seat %s without a slot", got)
			}
			if tt.out {
				s.members[s.party] = []string{"ann", "bob"}
			}
			close(s.slow)
			synctest.Wait()
			if got := s.seat("cat"); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("cat has seat %q; want %q", got, tt.want)
			}
			if users := <-s.joined; !slices.Equal(users, []string{"cat"}) || len(s.joined) > 0 {
				t.Errorf("slots asked for %v and %d more", users, len(s.joined))
			}
			s.full = nil
			s.clock.Advance(3 * time.Second)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			if got := s.seat("cat"); !strings.HasPrefix(got, tt.then) || tt.then == "" && got != "" {
				t.Errorf("cat has seat %q in the end; want %q", got, tt.then)
			}
		}))
	}
}
