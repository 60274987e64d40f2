package fleet_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/runtime"
)

// Nakama dies at each step of a match and is started again: nobody is stuck or placed twice,
// the server of before is told that its match is over, and what it still calls back or shows
// is good for nothing.
func TestKilled(t *testing.T) {
	w := start(t, func(int, asked) error { return nil })
	steps := []string{"queued", "server asked for", "server there", "players told", "players in", "one dropped"}
	asked := 0 // servers
	for last, step := range steps {
		t.Run(step, func(t *testing.T) {
			w := w.in(t)
			p := []*player{w.player(), w.player(), w.player(), w.player()}
			round := func(last int) (g *gameServer, told []event) {
				a, c := w.party(p[0], p[1]), w.party(p[2], p[3])
				p[0].queue(a)
				p[2].queue(c)
				if last < 1 {
					return nil, nil
				}
				g = w.server(asked)
				asked++
				if last < 2 {
					return g, nil
				}
				w.fleet.asked(asked-1).callback(runtime.CreateSuccess, instance(asked), nil, nil, nil)
				if last < 3 {
					return g, nil
				}
				for _, m := range p {
					told = append(told, m.told(-4, "server_ready"))
				}
				for i := 0; last >= 4 && i < len(p); i++ {
					g.must("party_server_join", map[string]any{"pass": told[i].Pass})
				}
				if last >= 5 {
					g.must("party_server_leave", map[string]any{"user_id": p[1].UserID, "reason": "dropped"})
				}
				return g, told
			}
			old, oldPasses := round(last)
			before := asked
			w.restart()
			http.DefaultClient.CloseIdleConnections()
			if old != nil {
				w.fleet.asked(before-1).callback(runtime.CreateSuccess, instance(before), nil, nil, nil)
				old.refused("invalid_request: match_id", "party_server_seats", nil)
			}
			for _, m := range p {
				m.connect()
			}
			w.fleet.mu.Lock()
			asked = len(w.fleet.creates) // one may have been asked for after the look
			w.fleet.mu.Unlock()
			g, told := round(3)
			for i, e := range told {
				if e.MatchID != g.info.MatchID || e.Port != 7000+asked {
					t.Errorf("server_ready = %+v; want match %s", e, g.info.MatchID)
				}
				if len(oldPasses) > 0 {
					g.refused("invalid_request: pass", "party_server_join", map[string]any{"pass": oldPasses[i].Pass})
				}
				g.must("party_server_join", map[string]any{"pass": e.Pass})
			}
			states := g.states()
			for _, m := range p {
				if states[m.UserID] != "taken" || len(states) != len(p) {
					t.Errorf("seats = %v", states)
				}
				for _, other := range m.Drain() {
					if data := string(other.Envelope.GetPartyData().GetData()); strings.Contains(data, "server_ready") {
						t.Errorf("%s is told twice: %s", m.UserID, data)
					}
				}
			}
			g.must("party_server_end", nil)
		})
	}
}
