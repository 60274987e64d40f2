package fleet_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/engine/fault"
	"partyline/module/wiring"
)

var samples = flag.Int("fleet.faults", 12, "how many faults TestEveryCall plays, of all that it knows")

// team is a party that tries to play, whatever happens.
type team struct {
	id      string
	members []*player
	stopped bool // has no ticket, or was told that the ticket or the match is gone
}

// queue adds a ticket. The server refuses it if there is one.
func (g *team) queue() {
	_, err := g.members[0].Call(g.members[0].w.ctx, partyTicket(arena, g.id))
	g.stopped = err != nil && !strings.Contains(err.Error(), "not_ready")
}

// canConnect reports whether the whole team can connect to a game server. If the match is gone, the team
// queues again.
func (g *team) canConnect() (all []event, ok bool) {
	lead := g.members[0]
	for _, m := range lead.TakeAll(func(m client.Message) bool { return m.Envelope.GetPartyData() != nil }) {
		var e event
		if json.Unmarshal(m.Envelope.GetPartyData().GetData(), &e) == nil && (e.Event == "dropped" || e.Event == "ended") {
			g.stopped = true
		}
	}
	if g.stopped {
		g.queue()
	}
	for _, m := range g.members {
		var now struct {
			MatchID string `json:"match_id"`
			Server  event
		}
		if err := m.rpc("party_match", map[string]any{"party_id": g.id}, &now); err != nil || now.Server.Pass == "" {
			return nil, false
		}
		now.Server.MatchID = now.MatchID
		all = append(all, now.Server)
	}
	return all, true
}

// One call from the module to its server goes wrong, once, between the time two parties queue and the
// time they are told of their game server. They play in spite of that, and no game server is left.
func TestEveryCall(t *testing.T) {
	layer := &fault.Layer{}
	w := startEngine(t, layer.Init(wiring.Register), ready)
	reaches := func(c fault.Call) bool { return !strings.Contains(c.Name, " ") } // not the module's own functions
	var mu sync.Mutex
	calls := 0
	counting := layer.Arm(fault.Fault{When: reaches, Before: func(fault.Call) error {
		mu.Lock()
		defer mu.Unlock()
		calls++
		return nil
	}})
	w.playThrough()
	counting.Disarm()
	broken := errors.New("as asked")
	ways := []struct {
		name  string
		fault fault.Fault
	}{
		{"fails", fault.Fault{Before: fault.Fail(broken)}},
		{"loses-its-answer", fault.Fault{After: fault.LoseAnswer(broken)}},
		{"panics", fault.Fault{Before: fault.Panic(broken)}},
	}
	struck := 0
	for range *samples {
		way := ways[rand.IntN(len(ways))]
		f := way.fault
		f.When, f.Times, f.Skip = reaches, 1, rand.IntN(calls)
		if !t.Run(fmt.Sprintf("%s-%d", way.name, f.Skip), func(t *testing.T) {
			armed := layer.Arm(f)
			defer armed.Disarm()
			w.withTest(t).playThrough()
			struck += armed.Count()
		}) {
			return // the match that is left would only confuse the next test
		}
	}
	t.Logf("%d calls, %d of %d faults have struck", calls, struck, *samples)
	if struck == 0 {
		t.Error("no fault has struck")
	}
}

// playThrough makes two parties queue, play and end one match.
func (w *world) playThrough() {
	w.t.Helper()
	teams := make([]*team, 2)
	for i := range teams {
		members := []*player{w.player(), w.player()}
		teams[i] = &team{members: members}
		w.until("there is a party", func() bool {
			id, err := members[0].createParty()
			if err == nil {
				teams[i].id = id
				err = members[1].joinParty(id)
			}
			return err == nil
		})
	}
	for _, g := range teams {
		g.queue()
	}
	var passes []event
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		red, ok := teams[0].canConnect()
		blue, also := teams[1].canConnect()
		if ok && also && red[0].MatchID == blue[0].MatchID {
			passes = append(red, blue...)
			break
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("no match for all: %+v and %+v", red, blue)
		}
	}
	w.fleet.mu.Lock()
	n := len(w.fleet.creates)
	w.fleet.mu.Unlock()
	var g *gameServer
	for i := n - 1; i >= 0 && (g == nil || g.info.MatchID != passes[0].MatchID); i-- {
		g = w.server(i)
	}
	w.until("everybody is in", func() bool {
		for _, e := range passes {
			if _, err := g.call("party_server_join", map[string]any{"pass": e.Pass}); err != nil && !strings.Contains(err.Error(), "already used") {
				return false
			}
		}
		return true
	})
	var states map[string]string
	w.until("the seats are told", func() bool {
		answer, err := g.call("party_server_seats", nil)
		if err == nil {
			states = g.parseStates(answer)
		}
		return err == nil
	})
	for _, team := range teams {
		for _, m := range team.members {
			if states[m.UserID] != "taken" || len(states) != 4 {
				w.t.Errorf("seats = %v", states)
			}
		}
	}
	w.until("the match ends", func() bool {
		_, err := g.call("party_server_end", nil)
		return err != nil && strings.Contains(err.Error(), "invalid_request: match_id")
	})
	w.until("every server is given back", func() bool {
		return w.fleet.is(func() bool {
			for i := range w.fleet.creates {
				found := false
				for _, id := range w.fleet.deleted {
					found = found || id == instance(i+1).Id
				}
				if !found {
					return false
				}
			}
			return true
		})
	})
}
