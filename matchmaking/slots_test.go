package matchmaking_test

import (
	"testing"
	"testing/synctest"

	"partyline/party"
)

// TestServer_SlowSlot: nobody waits long for a fleet that takes its time, which is asked once, and gives
// the seat as soon as it has a slot.
func TestServer_SlowSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.slow = make(chan struct{})
		for range 2 {
			if match, err := s.matches.Late(t.Context(), parse(t, s.party), "cat", false); err != nil || match != "" {
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
		synctest.Wait()
		if m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "cat"}, s.party, ""); err != nil || m.Server == nil {
			t.Errorf("party_match = %+v, error %v; want a seat now that there is a slot", m, err)
		}
		if n := len(s.joined); n != 1 {
			t.Errorf("the fleet was asked %d times; want once", n)
		}
	})
}
