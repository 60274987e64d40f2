package matchmaking_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/party"
	"partyline/party/rules"
)

// shaky is a fleet manager whose Join panics while broken.
type shaky struct {
	*fleet
	broken bool
}

func (s *shaky) Join(ctx context.Context, id string, users []string, m map[string]string) (*runtime.JoinInfo, error) {
	if s.broken {
		panic("as asked")
	}
	return s.fleet.Join(ctx, id, users, m)
}

func shakyServed(t *testing.T) (*served, *shaky) {
	f := newFleet()
	sh := &shaky{fleet: f}
	s := hosted(t, map[string]runtime.FleetManager{"": sh})
	s.fleet = f
	id, o := s.order(rules.Fleet{})
	told, _ := (<-f.creates)["partyline"].(string)
	(<-f.answers)(runtime.CreateSuccess, reachable("one"), nil, nil, nil)
	s.begin(id, o, told)
	return s, sh
}

// A panic of the fleet manager counts as a refusal: the seat is asked for again.
func TestRetrier_OrderSeatAfterAPanicOfTheManager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, sh := shakyServed(t)
		l := matchmaking.NewRetrier(s.matches, func(id party.ID) party.ID { return id }, s, time.Now)
		defer l.Close()
		sh.broken = true
		l.OrderSeat(s.id, parse(t, s.party), "cat")
		synctest.Wait()
		sh.broken = false
		for range 20 {
			s.clock.Advance(time.Second)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if got := s.seat("cat"); !strings.HasPrefix(got, "held") {
			t.Errorf("cat has seat %q 20 s later", got)
		}
	})
}

// A panic of the fleet manager lets nobody wait.
func TestMatches_LateFriendWaitsForNoPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, sh := shakyServed(t)
		sh.broken = true
		began := time.Now()
		_, err := s.matches.HoldLateSeat(t.Context(), parse(t, s.party), "cat", false)
		if d := time.Since(began); d > 0 {
			t.Errorf("the socket waited %v, error %v", d, err)
		}
	})
}

// A friend whose slot the fleet did not renew gets no seat before it has given another slot.
func TestServed_LostSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		for _, user := range []string{"ann", "bob"} {
			if _, err := s.matches.ServerJoin(t.Context(), s.id, s.token, s.pass(user)); err != nil {
				t.Fatal(err)
			}
		}
		if match, err := s.matches.HoldLateSeat(t.Context(), parse(t, s.party), "cat", false); err != nil || match == "" {
			t.Fatal(match, err)
		}
		<-s.joined
		s.full = errors.New("full")
		for s.seat("cat") != "" {
			s.after(time.Second)
			synctest.Wait()
			for len(s.joined) > 0 {
				<-s.joined
			}
			if _, err := s.matches.ServerSeats(t.Context(), s.id, s.token); err != nil { // the server lives
				t.Fatal(err)
			}
		}
		_, err := s.matches.HoldLateSeat(t.Context(), parse(t, s.party), "cat", false)
		if got := s.seat("cat"); got != "" || err == nil || len(s.joined) != 1 {
			t.Errorf("cat has seat %q, error %v, the fleet was asked %d times; want no seat after one question", got, err, len(s.joined))
		}
	})
}

// A server reports the end just before a shutdown.
func TestServed_EndIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		if err := s.matches.ServerEnd(t.Context(), s.id, s.token, []byte(`{"winner":0}`)); err != nil {
			t.Fatal(err)
		}
		s.fakeHost.events(s.party)
		s.take(s.core.MatchTerminate(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, 30))
		s.loop()
		if got := s.fakeHost.events(s.party); len(got) != 1 {
			t.Errorf("heard %v; want one end", got)
		}
	})
}

// The manager calls back again, as it may, with the same server.
func TestOrder_CallbackAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, id, o, told, answer := readyServed(t)
		s.begin(id, o, told)
		answer(runtime.CreateSuccess, &runtime.InstanceInfo{Id: "one"}, nil, nil, nil)
		synctest.Wait()
		if len(s.deleted) > 0 {
			t.Errorf("server %q of the running match is deleted", <-s.deleted)
		}
	})
}
