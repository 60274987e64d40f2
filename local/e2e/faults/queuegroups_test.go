package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/party"
)

// The queue of these tests; see rulesFile.
const (
	queueName = "e2e_duel"
	teams     = 2
	teamSize  = 2
)

// queueGroups is parties and single players who exactly fill some matches of a queue.
type queueGroups struct {
	*testServer
	groups     []*group
	properties map[string]string // of the tickets; unique to these groups
}

// group is a party or a single player.
type group struct {
	people  []*player.Player
	games   []*player.Game
	party   string   // "" for a single player
	matches []string // matches that the games were told of, in order
	inside  int      // how many games have entered the match
}

// newQueueGroups makes groups of these sizes.
func (v *testServer) newQueueGroups(ctx context.Context, sizes ...int) *queueGroups {
	h := &queueGroups{testServer: v, properties: map[string]string{"queue": queueName, "run": uuid.NewString()}}
	for _, n := range sizes {
		h.groups = append(h.groups, &group{people: v.signIn(ctx, "fighter", n)})
	}
	h.connectAll(ctx)
	return h
}

// connectAll connects all players and makes the parties.
func (h *queueGroups) connectAll(ctx context.Context) {
	h.t.Helper()
	for _, g := range h.groups {
		g.games, g.matches, g.inside = h.play(ctx, g.people...), nil, 0
		if len(g.games) == 1 {
			continue
		}
		var err error
		g.party, err = g.games[0].CreateParty(ctx, true, len(g.games))
		h.must(err)
		for _, member := range g.games[1:] {
			h.must(member.JoinParty(ctx, g.party))
		}
	}
}

func (h *queueGroups) games() []*player.Game {
	var all []*player.Game
	for _, g := range h.groups {
		all = append(all, g.games...)
	}
	return all
}

// queueActs returns the acts in which each group looks for a match until it plays one.
func (h *queueGroups) queueActs(ctx context.Context) []func() error {
	acts := make([]func() error, len(h.groups))
	for i, g := range h.groups {
		acts[i] = func() error { return g.find(ctx, h.properties) }
	}
	return acts
}

// find queues, waits until the whole group is told of a match, and makes the group enter it. When it
// is told that the ticket is gone it queues again, as a game does. After an error, the next call
// continues at the same point.
func (g *group) find(ctx context.Context, properties map[string]string) error {
	if g.matches == nil { // else the match exists, and some of the group were told
		if err := g.queue(ctx, properties); err != nil {
			return err
		}
		m, err := g.games[0].Take(ctx, func(m client.Message) bool { return m.Envelope.GetMatchmakerMatched() != nil || dropped(m) })
		if err != nil {
			return err
		}
		if dropped(m) {
			return g.find(ctx, properties)
		}
		g.matches = append(g.matches, matchID(m.Envelope.GetMatchmakerMatched()))
	}
	for _, member := range g.games[len(g.matches):] {
		m, err := member.Matched(ctx)
		if err != nil {
			return err
		}
		g.matches = append(g.matches, matchID(m))
	}
	for ; g.inside < len(g.games); g.inside++ {
		if err := g.games[g.inside].JoinMatch(ctx, g.matches[g.inside]); err != nil {
			return err
		}
	}
	return nil
}

// queue adds a ticket, unless there is one.
func (g *group) queue(ctx context.Context, properties map[string]string) error {
	var err error
	if g.party == "" {
		_, err = g.games[0].Queue(ctx, properties)
	} else {
		_, err = g.games[0].QueueParty(ctx, g.party, properties)
	}
	if outcome, _ := player.Outcome(err); outcome == string(party.NotReady) {
		return nil
	}
	return err
}

// matchID returns the ID of a match of the module. Relayed matches only have a token.
func matchID(m *rtapi.MatchmakerMatched) string {
	if id := m.GetMatchId(); id != "" {
		return id
	}
	return "relayed"
}

func dropped(m client.Message) bool {
	data := m.Envelope.GetPartyData()
	var told struct{ Event string }
	return data.GetOpCode() == party.OpMatchmaking && json.Unmarshal(data.GetData(), &told) == nil && told.Event == "dropped"
}

// findUntilMatched makes every group look for a match until it plays one, whatever happened before.
func (h *queueGroups) findUntilMatched(ctx context.Context) {
	h.t.Helper()
	errs := make([]error, len(h.groups))
	var looking sync.WaitGroup
	for i, g := range h.groups {
		looking.Go(func() {
			errs[i] = eventually(ctx, func() error { return g.find(ctx, h.properties) })
		})
	}
	looking.Wait()
	h.must(errors.Join(errs...))
}

// audit checks that every group is in one match, that each party is on one team, and that each match
// is full. Then all players leave.
func (h *queueGroups) audit(ctx context.Context) {
	h.t.Helper()
	users := map[string]int{} // by match
	for i, g := range h.groups {
		users[g.matches[0]] += len(g.games)
		if len(slices.Compact(slices.Clone(g.matches))) != 1 {
			h.t.Fatalf("group %d is split: it was told of matches %v", i, g.matches)
		}
	}
	for match, n := range users {
		if n != teams*teamSize {
			h.t.Errorf("match %s has %d players; want %d", match, n, teams*teamSize)
		}
	}
	for _, g := range h.groups {
		if g.party != "" {
			h.must(h.checkSeats(ctx, g))
		}
	}
	for _, g := range h.groups {
		for _, game := range g.games {
			h.must(game.LeaveMatch(ctx, g.matches[0]))
		}
	}
}

// playAgain makes all groups look for another match, checks it, and closes the games.
func (h *queueGroups) playAgain(ctx context.Context) {
	h.t.Helper()
	for _, g := range h.groups {
		g.matches, g.inside = nil, 0
	}
	h.properties["run"] = uuid.NewString() // so that they cannot fill up a running match
	h.findUntilMatched(ctx)
	h.audit(ctx)
	h.end(ctx, h.games()...)
}

type seatRow struct {
	UserID  string `json:"user_id"`
	PartyID string `json:"party_id"`
	Team    int    `json:"team"`
	State   string `json:"state"`
}

// checkSeats checks the seats of a group's match.
func (h *queueGroups) checkSeats(ctx context.Context, g *group) error {
	var answer struct {
		MatchID string `json:"match_id"`
		Seats   []seatRow
	}
	if err := g.games[0].Call(ctx, "party_match", partyRequest{g.party}, &answer); err != nil {
		return fmt.Errorf("party_match: %w", err)
	}
	if answer.MatchID != g.matches[0] {
		return fmt.Errorf("party_match says %q; want %q", answer.MatchID, g.matches[0])
	}
	size, mine, seen := map[int]int{}, map[int]int{}, map[string]bool{}
	for _, s := range answer.Seats {
		size[s.Team]++
		if s.UserID != "" && seen[s.UserID] {
			return fmt.Errorf("one user has two seats: %+v", answer.Seats)
		}
		seen[s.UserID] = true
		if s.PartyID == g.party {
			mine[s.Team]++
		}
	}
	if len(size) != teams || size[0] != teamSize || size[1] != teamSize {
		return fmt.Errorf("seats %+v; want %d teams of %d", answer.Seats, teams, teamSize)
	}
	if len(mine) != 1 {
		return fmt.Errorf("the party is split over teams, or has no seat: %+v", answer.Seats)
	}
	for _, n := range mine {
		if n != len(g.games) {
			return fmt.Errorf("the party has %d seats; want %d", n, len(g.games))
		}
	}
	return nil
}
