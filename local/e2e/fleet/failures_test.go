package fleet_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// However creation fails, all players keep the ticket, are told, and play on the next server.
func TestCreationFails(t *testing.T) {
	success := func(info *runtime.InstanceInfo) func(int, asked) error {
		return func(_ int, a asked) error {
			go a.callback(runtime.CreateSuccess, info, nil, nil, nil)
			return nil
		}
	}
	ways := map[string]func(n int, a asked) error{
		"error": func(int, asked) error { return errors.New("as asked") },
		"error_called_back": func(_ int, a asked) error {
			a.callback(runtime.CreateError, nil, nil, nil, nil)
			return errors.New("as asked")
		},
		"time_out": func(_ int, a asked) error {
			go a.callback(runtime.CreateTimeout, nil, nil, nil, errors.New("as asked"))
			return nil
		},
		"no_answer":  func(int, asked) error { return nil },
		"no_id":      success(&runtime.InstanceInfo{}),
		"no_server":  success(nil),
		"no_address": success(&runtime.InstanceInfo{Id: "addressless"}),
		"panic":      func(int, asked) error { panic("as asked") },
	}
	var queues []string
	for name := range ways {
		queues = append(queues, name)
	}
	var mu sync.Mutex
	tried := map[string]bool{}
	w := start(t, func(n int, a asked) error {
		var info struct{ Queue string }
		text, _ := a.metadata["partyline"].(string)
		if err := json.Unmarshal([]byte(text), &info); err != nil {
			return err
		}
		mu.Lock()
		again := tried[info.Queue]
		tried[info.Queue] = true
		mu.Unlock()
		if again {
			return ready(n, a)
		}
		return ways[info.Queue](n, a)
	}, queues...)
	t.Run("ways", func(t *testing.T) {
		for _, name := range queues {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := w.withTest(t)
				a, b, c, d := w.player(), w.player(), w.player(), w.player()
				red, blue := w.party(a, b), w.party(c, d)
				a.queueIn(name, red)
				c.queueIn(name, blue)
				for _, m := range []*player{a, d} {
					if e := m.told(-3, "queued"); e.Reason == "" {
						e = m.told(-3, "queued") // the first message is the ticket's own
						if e.Reason != "no_capacity" {
							t.Errorf("told %+v", e)
						}
					}
				}
				match := b.told(-4, "server_ready").MatchID
				for _, m := range []*player{a, c, d} {
					if e := m.told(-4, "server_ready"); e.MatchID != match {
						t.Errorf("server_ready = %+v; want match %s", e, match)
					}
				}
			})
		}
	})
	w.until("the server that nobody can reach is given back", func() bool {
		return w.fleet.is(func() bool { return slices.Equal(w.fleet.deleted, []string{"addressless"}) })
	})
}

// A second server for one match is deleted; the match goes on on the first one.
func TestTwoServers(t *testing.T) {
	w := start(t, func(n int, a asked) error {
		go func() {
			a.callback(runtime.CreateSuccess, instance(n), nil, nil, nil)
			a.callback(runtime.CreateSuccess, instance(n+1), nil, nil, nil)
			a.callback(runtime.CreateError, nil, nil, nil, errors.New("as asked"))
		}()
		return nil
	})
	a, b, c, d := w.player(), w.player(), w.player(), w.player()
	a.queue(w.party(a, b))
	c.queue(w.party(c, d))
	for _, m := range []*player{a, b, c, d} {
		if e := m.told(-4, "server_ready"); e.Port != 7001 {
			t.Errorf("server_ready = %+v", e)
		}
	}
	w.until("the second is given back", func() bool {
		return w.fleet.is(func() bool { return slices.Equal(w.fleet.deleted, []string{"server-2"}) })
	})
	w.server(0).must("party_server_end", nil)
	w.until("the first is given back, once", func() bool {
		return w.fleet.is(func() bool { return slices.Equal(w.fleet.deleted, []string{"server-2", "server-1"}) })
	})
}

// A server that starts when nobody waits for it any more is deleted.
func TestServerComesTooLate(t *testing.T) {
	w := start(t, func(n int, a asked) error {
		if n > 1 {
			return errors.New("as asked")
		}
		return nil
	})
	a, b := w.player(), w.player()
	c, d := w.player(), w.player()
	a.queue(w.party(a, b))
	c.queue(w.party(c, d))
	w.server(0)
	for e := a.told(-3, "queued"); e.Reason != "no_capacity"; {
		e = a.told(-3, "queued")
	}
	w.fleet.asked(0).callback(runtime.CreateSuccess, instance(1), nil, nil, nil)
	w.until("it is given back", func() bool {
		return w.fleet.is(func() bool { return slices.Equal(w.fleet.deleted, []string{"server-1"}) })
	})
}

// A server that starts when its players leave is deleted, and its match ends.
func TestPlayersLeaveAServerThatIsComing(t *testing.T) {
	w := start(t, func(int, asked) error { return nil })
	a, b, c, d := w.player(), w.player(), w.player(), w.player()
	red := w.party(a, b)
	a.queue(red)
	c.queue(w.party(c, d))
	g := w.server(0)
	g.must("party_server_seats", nil)
	b.call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: red}}})
	w.until("the match ends", func() bool {
		_, err := g.call("party_server_seats", nil)
		return err != nil && strings.Contains(err.Error(), "invalid_request: match_id")
	})
	w.fleet.asked(0).callback(runtime.CreateSuccess, instance(1), nil, nil, nil)
	w.until("the server is given back", func() bool {
		return w.fleet.is(func() bool { return slices.Equal(w.fleet.deleted, []string{"server-1"}) })
	})
}

// In a queue with accept, players get a server once all have accepted. If the server cannot be
// created, they keep waiting and are asked again.
func TestAsked(t *testing.T) {
	w := start(t, func(n int, a asked) error {
		if n == 1 {
			return errors.New("as asked")
		}
		return ready(n, a)
	}, acceptQueue)
	a, b, c, d := w.player(), w.player(), w.player(), w.player()
	a.queueIn(acceptQueue, w.party(a, b))
	c.queueIn(acceptQueue, w.party(c, d))
	for round := range 2 {
		for i, m := range []*player{a, b, c, d} {
			found := m.told(-3, "found")
			if n := w.fleet.is(func() bool { return len(w.fleet.creates) == round }); !n {
				t.Errorf("a server is asked for before player %d has accepted", i)
			}
			if err := m.rpc("party_match_accept", map[string]any{"ticket": found.Ticket, "accept": true}, &struct{}{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, m := range []*player{a, b, c, d} {
		if e := m.told(-4, "server_ready"); e.Port != 7002 {
			t.Errorf("server_ready = %+v", e)
		}
	}
}
