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
	"partyline/party"
	"partyline/party/rules"
	"partyline/pass"
)

// servers is a fleet whose servers are not ready at once, and whose running servers have no slots.
type servers struct {
	*launcher
	ordered [][]string // users of each new server
	slots   [][]string // users of each order of slots
	seats   []string   // late friends whose seats are ordered
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
	if s.ready != nil {
		return s.ready
	}
	return matchmaking.FailedOrder(errBroken)
}

func (s *servers) OrderSeat(match string, id party.ID, userID string) {
	s.seats = append(s.seats, userID)
	_, _ = s.tables[match].Assign(s.now(), s.now().Add(time.Hour), userID, id.String(), true)
}

// atOnce makes orders ready at once.
func (s *servers) atOnce(w *world, t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		matches := matchmaking.NewMatches(slotless{}, nil, matchmaking.NewFleets(nil, w.log), pass.Keys{}, w.clock.Now)
		s.ready = matches.OrderSlots("any", nil)
	})
}

// A running match whose server has no slots takes nobody for a while, and does not keep players from a new server.
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

	players, _ := w.queueSolos(4)
	w.process()
	if got := w.servers.slots; len(got) != 1 || !slices.Equal(got[0], []string{players[0].UserID}) {
		t.Fatalf("slots asked for %v; want one for the oldest", got)
	}
	w.process()
	if len(w.servers.ordered) != 1 || len(w.servers.ordered[0]) != 4 || len(w.servers.slots) != 1 {
		t.Fatalf("servers for %v, slots for %v; want a new server for all four", w.servers.ordered, w.servers.slots)
	}
	late, _ := w.queueSolos(1)
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

// While the fleet has no server, nobody is asked about a match that needs one.
func TestServers_NobodyIsAskedWithoutCapacity(t *testing.T) {
	cfg := configWithQueues()
	q := cfg.Queues["duo"]
	accept := rules.DefaultOf[rules.Accept]()
	fleet := rules.DefaultOf[rules.Fleet]()
	q.Match, q.Accept, q.Fleet = rules.FleetMatch, &accept, &fleet
	cfg.Queues["duo"] = q
	w := newWorld(t, cfg)
	w.servers.ready = matchmaking.FailedOrder(errBroken)
	ids, players, tickets := duel(w)
	accepted := func() {
		t.Helper()
		w.process()
		for i, ticket := range tickets {
			for _, s := range players[i] {
				w.accepts(s, ticket)
			}
		}
		w.process() // the server is ordered
		w.process() // the fleet has none
	}
	accepted()
	want := []string{"queued duo", "found duo", "queued duo: no_capacity"}
	w.wantEvents(ids[0], want...)
	w.clock.Advance(fleet.ReadyWithin/6 - time.Second)
	w.process()
	w.wantEvents(ids[0], want...)
	w.clock.Advance(time.Second)
	accepted()
	w.wantEvents(ids[0], append(want, want[1:]...)...)
	if len(w.servers.ordered) != 2 {
		t.Errorf("servers asked for %d times; want 2", len(w.servers.ordered))
	}
}

// slotless is a host whose matches need no slots, so orders of slots are ready at once.
type slotless struct{ matchmaking.Host }

func (slotless) MatchSignal(context.Context, string, string) (string, error) { return "{}", nil }

// A match may be over when its server is ready, because the server ended it or its seats expired, or it may refuse its
// players. That costs nobody the ticket.
func TestServers_MatchIsOver(t *testing.T) {
	for name, tt := range map[string]struct {
		does func(w *world, player party.Session)
		over bool
	}{
		"there": {func(*world, party.Session) {}, false},
		"busy_for_now": {func(w *world, _ party.Session) {
			w.launcher.busy = "match-0"
			w.launcher.failCommit = func(string) error { w.launcher.busy = ""; return nil }
		}, false},
		"over":         {func(w *world, _ party.Session) { delete(w.launcher.tables, "match-0") }, true},
		"has_no_seats": {func(w *world, _ party.Session) { w.launcher.failFill["match-0"] = seats.ErrReserved }, true},
		"seats_one_elsewhere": {func(w *world, player party.Session) {
			table, err := seats.New(2, 2, 0)
			w.must(err)
			w.must(table.Hold(w.clock.Now(), w.clock.Now().Add(time.Hour), seats.Claim{UserIDs: []string{player.UserID}}))
			w.launcher.tables["match-0"] = table
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := configWithQueues()
			q := cfg.Queues["duo"]
			q.Match = rules.FleetMatch
			cfg.Queues["duo"] = q
			w := newWorld(t, cfg)
			w.servers.atOnce(w, t)
			ids, players, _ := duel(w)
			w.process()
			w.wantEvents(ids[0], "queued duo")
			tt.does(w, players[0][0])
			made := w.process()
			if tt.over != (len(made) == 0) {
				t.Errorf("matches %v", made)
			}
			for _, id := range ids {
				if tt.over {
					w.wantEvents(id, "queued duo", "queued duo: no_capacity")
				} else {
					w.wantEvents(id, "queued duo", "matched duo")
				}
				if w.queued(id) != tt.over {
					t.Errorf("queued: %v", !tt.over)
				}
			}
		})
	}
}

// A player who comes in on a held seat while a game server or slots are awaited costs nobody the match. The seats are
// the held ones, and the friend's is the party's until there is a slot.
func TestServers_FriendsCameIn(t *testing.T) {
	for name, tt := range map[string]struct {
		accept, fill bool
		awaited      int // friends on the way
		come         int
		another      bool // the player who comes is not the awaited one
	}{
		"one":               {awaited: 1, come: 1},
		"one_of_two":        {awaited: 2, come: 1},
		"all":               {awaited: 2, come: 2},
		"another":           {awaited: 1, come: 1, another: true},
		"all_have_accepted": {accept: true, awaited: 2, come: 1},
		"running_match":     {fill: true, awaited: 1, come: 1},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := configWithQueues()
			q := cfg.Queues["duo"]
			q.Match, q.HoldInvited, q.Backfill, q.TeamSize.Max, q.MaxParty = rules.FleetMatch, true, tt.fill, 1+tt.awaited, 1+tt.awaited
			if tt.accept {
				accept := rules.DefaultOf[rules.Accept]()
				q.Accept = &accept
			}
			cfg.Queues["duo"] = q
			w := newWorld(t, cfg)
			w.servers.atOnce(w, t)
			match := "match-0"
			if tt.fill {
				table, err := seats.New(2, 2, 0)
				w.must(err)
				w.must(table.Hold(w.clock.Now(), w.clock.Now().Add(time.Hour), seats.Claim{Team: 1, UserIDs: []string{"a", "b"}}))
				match = "running"
				w.launcher.tables[match], w.launcher.announced[match] = table, true
				w.launcher.open = []formation.OpenMatch{{ID: match, Open: []int{2, 0}}}
			}
			w.incoming = tt.awaited
			id, leader := w.party(1)
			ticket := w.queueParty(id, leader[0], text("queue", "duo"))
			var others []party.Session
			if !tt.fill {
				w.incoming = 0
				var other party.ID
				other, others = w.party(1 + tt.awaited)
				w.queueParty(other, others[0], text("queue", "duo"))
				w.incoming = tt.awaited
			}
			w.process()
			if tt.accept {
				w.accepts(leader[0], ticket)
				for _, s := range others {
					w.accepts(s, w.pool[1].ticket)
				}
				w.process()
			}
			var friends []string
			for range tt.come {
				friend := w.player()
				if !tt.another {
					w.incoming--
				}
				w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil))
				friends = append(friends, friend.UserID)
			}
			if made := w.process(); len(made[match]) != 1+len(others) {
				t.Fatalf("matches = %v; want one of the party and the others", made)
			}
			if got := slices.Concat(w.servers.ordered, w.servers.slots); len(got) != 1 || slices.Contains(got[0], friends[0]) {
				t.Errorf("asked for %v; want one order for those who were there", got)
			}
			if !slices.Equal(w.servers.seats, friends) {
				t.Errorf("seats ordered for %v; want them for %v", w.servers.seats, friends)
			}
			for _, user := range append(friends, leader[0].UserID) {
				if s, has := w.launcher.tables[match].Get(w.clock.Now(), user); !has || s.State != seats.Held || s.PartyID != id.String() {
					t.Errorf("%s has seat %+v, %v; want one of the party", user, s, has)
				}
			}
			if _, _, open := w.launcher.tables[match].Count(w.clock.Now()); open != 0 {
				t.Errorf("%d seats are open", open)
			}
			events := w.events(id)
			if events[len(events)-1] != "matched duo" || slices.Contains(events, "dropped duo: internal") {
				t.Errorf("the party hears %q", events)
			}
			w.wantQuiet()
		})
	}
}
