package queue

import (
	"fmt"
	"testing"

	"partyline/party"
	"partyline/party/rules"
)

// Thousands of tickets that expect one player, and thousands of players who have blocked that player, are no more work
// than as many tickets without.
func TestApartPairs_OfOnePlayer(t *testing.T) {
	var pool []*poolTicket
	for i := range 2000 {
		w := &poolTicket{id: fmt.Sprint(i), users: []string{fmt.Sprintf("00000000-0000-0000-0000-%012d", i)}}
		if i%2 == 0 {
			w.expected = []string{"streamer"}
		} else {
			w.blocked = []party.Block{{By: w.users[0], Of: "streamer"}}
		}
		pool = append(pool, w)
	}
	pool = append(pool, &poolTicket{id: "own", users: []string{"streamer"}})
	pairs := apartPairs(rules.Queue{Blocks: rules.BlocksAvoid}, pool)
	if n := len(pairs); n < 2000 || n > 1000*(maxExpecting+2) {
		t.Errorf("%d pairs of %d tickets", n, len(pool))
	}
}
