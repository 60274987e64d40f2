package fleet_test

import "testing"

// A server that notices late that its players play elsewhere by now does not lead their party back
// to its match.
func TestPlayersAreInTheNextMatch(t *testing.T) {
	w := start(t, ready)
	p := make([]*player, 6)
	for i := range p {
		p[i] = w.player()
	}
	red := w.party(p[0], p[1])
	p[0].queue(red)
	p[2].queue(w.party(p[2], p[3]))
	before := w.server(0)
	for _, m := range p[:4] {
		before.must("party_server_join", map[string]any{"pass": m.told(-4, "server_ready").Pass})
	}
	p[4].queue(w.party(p[4], p[5]))
	p[0].queue(red)
	now := w.server(1)
	for _, m := range p[:2] {
		now.must("party_server_join", map[string]any{"pass": m.told(-4, "server_ready").Pass})
	}
	for _, m := range p[:2] {
		before.must("party_server_leave", map[string]any{"user_id": m.UserID, "reason": "dropped"})
	}
	for _, m := range p[:2] {
		var plays struct {
			MatchID string `json:"match_id"`
		}
		if err := m.rpc("party_match", map[string]any{"party_id": red}, &plays); err != nil || plays.MatchID != now.info.MatchID {
			t.Errorf("the party plays in %q, error %v; want %q", plays.MatchID, err, now.info.MatchID)
		}
	}
}
