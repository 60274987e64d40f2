package fleet_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/runtime"
)

// How far a match is when Nakama dies.
const (
	queued = iota
	playersAsked
	someAccepted
	serverAsked
	serverThere
	playersTold
	playersIn
	oneDropped
)

// matchSeries is four players who play one match after another.
type matchSeries struct {
	*world
	p     []*player
	asked int // servers so far
}

// play plays a match in a queue up to a step.
func (e *matchSeries) play(queue string, step int) (g *gameServer, told []event) {
	e.t.Helper()
	red, blue := e.party(e.p[0], e.p[1]), e.party(e.p[2], e.p[3])
	e.p[0].queueIn(queue, red)
	e.p[2].queueIn(queue, blue)
	if step == queued {
		return nil, nil
	}
	if queue == acceptQueue {
		accepting := e.p
		switch step {
		case playersAsked:
			accepting = nil
		case someAccepted:
			accepting = e.p[1:3]
		}
		tickets := map[*player]string{}
		for _, m := range e.p {
			tickets[m] = m.told(-3, "found").Ticket
		}
		for _, m := range accepting {
			if err := m.rpc("party_match_accept", map[string]any{"ticket": tickets[m], "accept": true}, &struct{}{}); err != nil {
				e.t.Fatal(err)
			}
		}
	}
	if step < serverAsked {
		return nil, nil
	}
	g = e.server(e.asked)
	e.asked++
	if step == serverAsked {
		return g, nil
	}
	e.fleet.asked(e.asked-1).callback(runtime.CreateSuccess, instance(e.asked), nil, nil, nil)
	if step == serverThere {
		return g, nil
	}
	for _, m := range e.p {
		told = append(told, m.told(-4, "server_ready"))
	}
	for i := 0; step >= playersIn && i < len(e.p); i++ {
		g.must("party_server_join", map[string]any{"pass": told[i].Pass})
	}
	if step == oneDropped {
		g.must("party_server_leave", map[string]any{"user_id": e.p[1].UserID, "reason": "dropped"})
	}
	return g, told
}

// Nakama dies at each step of a match and is started again. No player is stuck, asked about the old
// match, or placed twice. The old server is told that its match is over, and its later callbacks and
// passes have no effect.
func TestKilled(t *testing.T) {
	e := &matchSeries{world: start(t, func(int, asked) error { return nil }, arena, acceptQueue)}
	for _, at := range []struct {
		name  string
		queue string
		step  int
	}{
		{"queued", arena, queued},
		{"players asked", acceptQueue, playersAsked},
		{"some accepted", acceptQueue, someAccepted},
		{"server asked for", arena, serverAsked},
		{"all accepted", acceptQueue, serverAsked},
		{"server there", arena, serverThere},
		{"server there after all accepted", acceptQueue, serverThere},
		{"players told", arena, playersTold},
		{"players in", acceptQueue, playersIn},
		{"one dropped", arena, oneDropped},
	} {
		t.Run(at.name, func(t *testing.T) {
			e.world = e.withTest(t)
			e.p = []*player{e.player(), e.player(), e.player(), e.player()}
			old, oldPasses := e.play(at.queue, at.step)
			before := e.asked
			e.restart()
			http.DefaultClient.CloseIdleConnections()
			if old != nil {
				e.fleet.asked(before-1).callback(runtime.CreateSuccess, instance(before), nil, nil, nil)
				old.refused("invalid_request: match_id", "party_server_seats", nil)
			}
			for _, m := range e.p {
				m.connect()
			}
			e.fleet.mu.Lock()
			e.asked = len(e.fleet.creates) // one may have been requested after the check
			e.fleet.mu.Unlock()
			g, told := e.play(at.queue, playersTold)
			for i, m := range told {
				if m.MatchID != g.info.MatchID || m.Port != 7000+e.asked {
					t.Errorf("server_ready = %+v; want match %s", m, g.info.MatchID)
				}
				if len(oldPasses) > 0 {
					g.refused("invalid_request: pass", "party_server_join", map[string]any{"pass": oldPasses[i].Pass})
				}
				g.must("party_server_join", map[string]any{"pass": m.Pass})
			}
			states := g.states()
			for _, m := range e.p {
				if states[m.UserID] != "taken" || len(states) != len(e.p) {
					t.Errorf("seats = %v", states)
				}
				for _, other := range m.Drain() {
					data := string(other.Envelope.GetPartyData().GetData())
					if strings.Contains(data, "server_ready") || strings.Contains(data, `"found"`) {
						t.Errorf("%s is told twice: %s", m.UserID, data)
					}
				}
			}
			g.must("party_server_end", nil)
		})
	}
}
