package queue_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party/rules"
	"partyline/pass"
)

// servers is a fleet that takes its time with servers, and has no slots on those that run.
type servers struct {
	*launcher
	ordered [][]string // users of each new server
	slots   [][]string // users of each order of slots
	ready   *matchmaking.Order
}

func (s *servers) OrderServer(ctx context.Context, l matchmaking.Launch, _ rules.Fleet, users []string, _ []runtime.FleetUserLatencies) (string, *matchmaking.Order, error) {
	s.ordered = append(s.ordered, users)
	l.Unannounced = true
	match, err := s.Launch(ctx, l)
	if s.ready != nil {
		return match, s.ready, err
	}
	return match, &matchmaking.Order{}, err
}

func (s *servers) OrderSlots(_ string, users []string) *matchmaking.Order {
	s.slots = append(s.slots, users)
	return matchmaking.NoOrder(errBroken)
}

// A running match whose server has no slots takes nobody for a while, and keeps nobody from a server of
// their own.
func TestServers_NoSlots(t *testing.T) {
	cfg := configWithQueues()
	q := cfg.Queues["duo"]
	q.Match, q.Backfill = rules.FleetMatch, true
	cfg.Queues["duo"] = q
	w := newWorld(t, cfg)
	table, err := seats.New(2, 2, 0)
	w.must(err)
	w.must(table.Hold(w.clock.Now(), w.clock.Now().Add(time.Hour), seats.Claim{UserIDs: []string{"a", "b"}}, seats.Claim{Team: 1, UserIDs: []string{"c"}}))
	w.launcher.tables["running"], w.launcher.announced["running"] = table, true
	w.launcher.open = []formation.OpenMatch{{ID: "running", Open: []int{0, 1}}}

	players, _ := w.soloes(4)
	w.process()
	if got := w.servers.slots; len(got) != 1 || !slices.Equal(got[0], []string{players[0].UserID}) {
		t.Fatalf("slots asked for %v; want one for the oldest", got)
	}
	w.process()
	if len(w.servers.ordered) != 1 || len(w.servers.ordered[0]) != 4 || len(w.servers.slots) != 1 {
		t.Fatalf("servers for %v, slots for %v; want a new server for all four", w.servers.ordered, w.servers.slots)
	}
	late, _ := w.soloes(1)
	w.clock.Advance(20 * time.Second)
	w.process()
	if len(w.servers.slots) != 1 {
		t.Error("the full server is asked again at once")
	}
	w.clock.Advance(10 * time.Second)
	w.process()
	if got := w.servers.slots; len(got) != 2 || !slices.Equal(got[1], []string{late[0].UserID}) {
		t.Errorf("slots asked for %v; want them asked for again after a while", got)
	}
	if got := table.Users(w.clock.Now()); len(got) != 4 {
		t.Errorf("seats %v; want one kept while slots are asked for", got)
	}
}

// slotless is a host whose matches need no slots, so that orders of them are ready.
type slotless struct{ matchmaking.Host }

func (slotless) MatchSignal(context.Context, string, string) (string, error) { return "{}", nil }

// A match that is over when its server is ready, because the server has ended it or its seats have expired,
// costs nobody the ticket.
func TestServers_MatchIsOver(t *testing.T) {
	for name, over := range map[string]bool{"there": false, "over": true} {
		t.Run(name, func(t *testing.T) {
			cfg := configWithQueues()
			q := cfg.Queues["duo"]
			q.Match = rules.FleetMatch
			cfg.Queues["duo"] = q
			w := newWorld(t, cfg)
			synctest.Test(t, func(t *testing.T) {
				matches := matchmaking.NewMatches(slotless{}, nil, matchmaking.NewFleets(nil, w.log), pass.Keys{}, w.clock.Now)
				w.servers.ready = matches.OrderSlots("any", nil)
			})
			ids, _, _ := duel(w)
			w.process()
			w.wantEvents(ids[0], "queued duo")
			if over {
				delete(w.launcher.tables, "match-0")
			}
			made := w.process()
			if over != (len(made) == 0) {
				t.Errorf("matches %v", made)
			}
			for _, id := range ids {
				if over {
					w.wantEvents(id, "queued duo", "queued duo: no_capacity")
				} else {
					w.wantEvents(id, "queued duo", "matched duo")
				}
				if w.queued(id) != over {
					t.Errorf("queued: %v", !over)
				}
			}
		})
	}
}
