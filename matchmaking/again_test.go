package matchmaking_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"partyline/matchmaking"
	"partyline/party"
)

// A user who left the party and joins it again gets a seat, in whatever way they join,
func TestServer_InAgainByNativeJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.fleet.joined = make(chan []string, 100)
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "ann", party.ServerLeft); err != nil {
			t.Fatal(err)
		}
		s.members[s.party] = []string{"bob"} // ann leaves the party; module/wiring does this
		if err := s.matches.Release(t.Context(), parse(t, s.party), "ann"); err != nil {
			t.Fatal(err)
		}
		s.members[s.party] = []string{"bob", "ann"} // and joins again with the stock call, which asks for no seat
		m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "ann"}, s.party, "")
		if err != nil || m.Server == nil {
			t.Errorf("party_match has no server, error %v; want a seat: ann has come into the party again", err)
		}
	})
}

// also if the fleet has no slot for them yet,
func TestServer_InAgainWhileFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.fleet.joined = make(chan []string, 100)
		l := matchmaking.NewRetrier(s.matches, func(id party.ID) party.ID { return id }, s, time.Now)
		defer l.Close()
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "ann", party.ServerLeft); err != nil {
			t.Fatal(err)
		}
		s.full = errors.New("no slot")
		if _, err := l.Seat(t.Context(), parse(t, s.party), "ann", false); err == nil { // joins the party again
			t.Error("a seat without a slot")
		}
		for range 30 { // until all tries are over
			time.Sleep(time.Second)
			s.clock.Advance(time.Second)
			synctest.Wait()
			for len(s.joined) > 0 {
				<-s.joined
			}
		}
		s.full = nil
		m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "ann"}, s.party, "")
		if err != nil || m.Server == nil {
			t.Errorf("party_match = %+v, %v; want a seat, as it is sought with each party_match", m, err)
		}
	})
}

// if their team is full,
func TestServer_InAgainWhileTeamFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.fleet.joined = make(chan []string, 100)
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "ann", party.ServerLeft); err != nil {
			t.Fatal(err)
		}
		id := parse(t, s.party)
		for _, u := range []string{"cat", "dan", "eve"} {
			if m, err := s.matches.HoldLateSeat(t.Context(), id, u, false); err != nil || m == "" {
				t.Fatal(u, m, err)
			}
		}
		if m, err := s.matches.HoldLateSeat(t.Context(), id, "ann", false); err != nil || m != "" { // joins the party again
			t.Fatal(m, err)
		}
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "cat", party.ServerLeft); err != nil {
			t.Fatal(err)
		}
		m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "ann"}, s.party, "")
		if err != nil || m.Server == nil {
			t.Errorf("party_match = %+v, %v; want the seat that has come free", m, err)
		}
	})
}

// or if they were matched again.
func TestServer_OutUntilMatchedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.fleet.joined = make(chan []string, 100)
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "ann", party.ServerLeft); err != nil {
			t.Fatal(err)
		}
		if err := s.matches.Commit(t.Context(), s.id, s.claims); err != nil { // the queue fills the match with them
			t.Fatal(err)
		}
		if s.seat("ann") != "held@0" {
			t.Fatal(s.seat("ann"))
		}
		if _, err := s.matches.ServerJoin(t.Context(), s.id, s.token, s.pass("bob")); err != nil {
			t.Fatal(err)
		}
		for range 9 {
			if _, err := s.matches.ServerSeats(t.Context(), s.id, s.token); err != nil {
				t.Fatal(err)
			}
			s.after(70 * time.Second)
		}
		if s.seat("ann") != "" {
			t.Fatal(s.seat("ann"))
		}
		m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "ann"}, s.party, "")
		if err != nil || m.Server == nil {
			t.Errorf("party_match = %+v, %v; want a seat: ann has not left since", m, err)
		}
	})
}

// A retry is only for the time in which a friend has not got a seat: one who has played and left since gets none.
func TestServer_NotInAgainByAnOldRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.fleet.joined = make(chan []string, 100)
		l := matchmaking.NewRetrier(s.matches, func(id party.ID) party.ID { return id }, s, s.clock.Now)
		defer l.Close()
		s.full = errors.New("no slot")
		if _, err := l.Seat(t.Context(), parse(t, s.party), "cat", false); err == nil {
			t.Error("a seat without a slot")
		}
		s.full = nil
		s.clock.Advance(time.Second)
		time.Sleep(time.Second)
		if m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "cat"}, s.party, ""); err != nil || m.Server == nil {
			t.Fatalf("party_match = %+v, %v; want a seat", m, err)
		}
		if _, err := s.matches.ServerJoin(t.Context(), s.id, s.token, s.pass("cat")); err != nil {
			t.Fatal(err)
		}
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "cat", party.ServerLeft); err != nil {
			t.Fatal(err)
		}
		asked := len(s.joined)
		for range 20 {
			s.clock.Advance(time.Second)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if s.seat("cat") != "" || len(s.joined) != asked {
			t.Errorf("cat has seat %q, and the fleet was asked %d more times; want neither", s.seat("cat"), len(s.joined)-asked)
		}
	})
}

// A slow fleet is asked only once for a player, and again if it never answers.
func TestServer_SlowFleetAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.fleet.joined = make(chan []string, 100)
		s.slow = make(chan struct{})
		if _, err := s.matches.ServerJoin(t.Context(), s.id, s.token, s.pass("ann")); err != nil {
			t.Fatal(err)
		}
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "ann", party.ServerDropped); err != nil {
			t.Fatal(err)
		}
		for range 9 { // within the fleetTimeout of 10 s
			s.after(time.Second)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if n := len(s.joined); n != 1 {
			t.Errorf("the fleet was asked %d times for one player at once; want once", n)
		}
		s.after(time.Minute) // the slot that the fleet may have reserved is given up by then
		synctest.Wait()
		if n := len(s.joined); n != 2 {
			t.Errorf("a fleet that does not answer was asked %d times; want again", n)
		}
		close(s.slow)
		synctest.Wait()
	})
}
