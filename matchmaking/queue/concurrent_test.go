package queue_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Hooks of many sockets run concurrently with each other and with a pass.
func TestService_Concurrent(t *testing.T) {
	w := newWorld(t, configWithQueues())
	type group struct {
		id      party.ID
		players []party.Session
	}
	var groups []group
	for i := range 40 {
		id, players := w.party(1 + i%4)
		groups = append(groups, group{id, players})
	}
	var pool sync.Mutex // guards the world; stands for the host's own lock
	w.Pool = func(ctx context.Context, player party.Session) (oldest time.Time, matched []time.Time, err error) {
		pool.Lock()
		defer pool.Unlock()
		return w.poolState(ctx, player)
	}
	matched := func() {
		pool.Lock()
		defer pool.Unlock()
		w.process()
	}
	stop := make(chan struct{})
	var passes, hooks sync.WaitGroup
	passes.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				matched()
			}
		}
	})
	for _, g := range groups {
		hooks.Go(func() {
			for range 20 {
				add := &rtapi.PartyMatchmakerAdd{PartyId: g.id.String(), StringProperties: maps.Clone(rankedEU)}
				err := w.CheckParty(t.Context(), g.id, g.players[0], add) // waits a moment for the leave before
				ticket := ""
				if err == nil {
					pool.Lock()
					ticket = w.enter(g.id.String(), w.host.Members(g.id), add.GetStringProperties(), add.GetNumericProperties())
					err = w.PartyQueued(t.Context(), g.id, g.players[0], ticket, add)
					pool.Unlock()
				}
				if party.ReasonOf(err) != "" && party.ReasonOf(err) != party.NotReady {
					t.Errorf("ticket refused: %v", err)
				}
				_, _ = w.Queued(t.Context(), g.id)
				_ = w.MayQueue(t.Context(), callerOf(g.players[0]), party.View{}, "duo")
				if ticket != "" {
					w.TicketCancelled(t.Context(), g.players[0], ticket)
				}
				w.Changed(party.Change{Kind: party.MemberLeft, ID: g.id, Session: g.players[0]})
				_ = w.Ended(t.Context(), g.players[len(g.players)-1])
				w.Changed(party.Change{Kind: party.MemberEntered, ID: g.id, Session: g.players[0], Native: true})
			}
		})
	}
	hooks.Wait()
	close(stop)
	passes.Wait()
	if _, err := w.Matched(t.Context(), []runtime.MatchmakerEntry{}); err == nil {
		t.Error("a match of nobody was prepared")
	}
	w.wantQuiet()
}
