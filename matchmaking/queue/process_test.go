package queue_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/rules"
)

func TestProcess_MixedParties(t *testing.T) {
	w := newWorld(t, configWithQueues())
	var ids []party.ID
	for _, size := range []int{3, 2, 4} {
		id, players := w.party(size)
		w.queueParty(id, players[0], rankedEU)
		ids = append(ids, id)
	}
	w.queueSolo(w.player(), text("queue", "ranked", "region", "us")) // another region
	if matches := w.process(); len(matches) != 0 {
		t.Fatalf("matches of nine players: %v", matches)
	}
	solo := w.player()
	w.queueSolo(solo, rankedEU)
	matches := w.process()
	if len(matches) != 1 || len(matches["match-0"]) != 10 {
		t.Fatalf("matches = %v; want one of ten", matches)
	}
	l := w.launcher.launches[0]
	if l.Queue != "ranked" || l.Handler != rules.PartyMatch || l.Teams != 2 || l.TeamSize != 5 || !l.Backfill ||
		l.SeatHold != 45*time.Second || l.SeatHoldMax != 10*time.Minute || l.Key != "region=eu" || l.Skill != 1000 || len(l.Claims) != 4 {
		t.Errorf("launch = %+v", l)
	}
	for _, id := range ids {
		w.wantEvents(id, "queued ranked", "matched ranked")
		if w.queued(id) {
			t.Error("a matched party counts as queued")
		}
	}
	if len(w.pool) != 1 || len(w.notices.sent) != 0 {
		t.Errorf("%d entries left, %d notifications; want the one of the other region and none", len(w.pool), len(w.notices.sent))
	}
	w.wantQuiet()
}

// A friend who came in by an invite after the ticket, and a friend who is on the way, get their seats.
func TestProcess_SeatsTheWholeParty(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(3)
	w.queueParty(id, players[0], rankedEU)
	friend := w.player()
	w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil))
	w.must(w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: "i", UserIDs: []string{"invited"}, ExpiresAt: w.clock.Now().Add(time.Hour)}))
	w.clock.Advance(20 * time.Second)
	five, fives := w.party(5)
	w.queueParty(five, fives[0], rankedEU)
	for range 2 {
		w.queueSolo(w.player(), rankedEU) // there were two seats before the party grew
	}
	matches := w.process()
	if len(matches) != 1 || len(matches["match-0"]) != 8 {
		t.Fatalf("matches = %v; want the two parties", matches)
	}
	claim := claimOf(t, w.launcher.launches[0], id)
	if len(claim.UserIDs) != 4 || !slices.Contains(claim.UserIDs, friend.UserID) || claim.Spares != 1 {
		t.Errorf("claim = %+v; want three, the friend and a spare seat", claim)
	}
	if len(w.pool) != 2 {
		t.Errorf("%d entries wait; want the two players alone", len(w.pool))
	}
	w.wantQuiet()
}

func claimOf(t *testing.T, l matchmaking.Launch, id party.ID) seats.Claim {
	t.Helper()
	i := slices.IndexFunc(l.Claims, func(c seats.Claim) bool { return c.PartyID == id.String() })
	if i < 0 {
		t.Fatalf("no claim of party %s in %+v", id, l.Claims)
	}
	return l.Claims[i]
}

// A party that grows between the refresh and its placement is formed again.
func TestProcess_PartyGrowsMeanwhile(t *testing.T) {
	w := newWorld(t, configWithQueues())
	a, as := w.party(2)
	b, bs := w.party(2)
	w.queueParty(a, as[0], text("queue", "duo"))
	w.queueParty(b, bs[0], text("queue", "duo"))
	w.launcher.fail = func(matchmaking.Launch) error { return errBroken }
	w.process()
	w.launcher.fail = nil
	w.must(w.admission.Admit(t.Context(), a, w.player(), party.Grant{}, nil))
	c, cs := w.party(2)
	w.queueParty(c, cs[0], text("queue", "duo"))
	matches := w.process()
	if len(matches) != 1 {
		t.Fatalf("matches = %v; want the other two parties", matches)
	}
	w.wantEvents(a, "queued duo", "dropped duo: party_too_large")
	w.wantEvents(b, "queued duo", "matched duo")
	w.wantEvents(c, "queued duo", "matched duo")
}

func TestProcess_FriendsOwnTicketEnds(t *testing.T) {
	w := newWorld(t, configWithQueues())
	friend := w.player()
	w.queueSolo(friend, text("queue", "duo"))
	id, players := w.party(2)
	w.queueParty(id, players[0], rankedEU)
	w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil))
	w.process()
	if sent := w.notices.sent; len(sent) != 1 || sent[0].Content["reason"] != "party_queued" {
		t.Errorf("notifications = %+v; want one of the friend's own ticket", sent)
	}
}

func TestProcess_Backfill(t *testing.T) {
	w := newWorld(t, configWithQueues())
	table, err := seats.New(2, 5, 0)
	w.must(err)
	w.launcher.tables["running"], w.launcher.tables["broken"] = table, table
	w.launcher.open = []formation.OpenMatch{
		{ID: "broken", Key: "region=eu", Skill: 1000, Open: []int{5, 5}},
		{ID: "running", Key: "region=eu", Skill: 1010, Open: []int{1, 3}},
		{ID: "odd", Key: "region=eu", Skill: 1000, Open: []int{9}}, // other teams, from before a reload
	}
	w.launcher.failFill["broken"] = errBroken
	id, players := w.party(3)
	w.queueParty(id, players[0], rankedEU)
	matches := w.process()
	if len(matches) != 1 || len(matches["running"]) != 3 || len(w.launcher.launches) != 0 {
		t.Fatalf("matches = %v; want the party in the running one", matches)
	}
	open := make([]int, 2) // by team
	for _, s := range table.Map(w.clock.Now()) {
		if s.State == seats.Open {
			open[s.Team]++
		}
	}
	if !slices.Equal(open, []int{5, 2}) {
		t.Errorf("open seats %v; want 5 and 2", open)
	}
	w.wantEvents(id, "queued ranked", "matched ranked")
}

func TestProcess_FailedLaunchLosesNothing(t *testing.T) {
	w := newWorld(t, configWithQueues())
	for range 12 {
		id, players := w.party(2)
		w.queueParty(id, players[0], text("queue", "duo"))
	}
	tries := 0
	w.launcher.fail = func(matchmaking.Launch) error { tries++; return errBroken }
	if matches := w.process(); len(matches) != 0 || len(w.pool) != 24 || tries != 6 {
		t.Fatalf("%d matches, %d entries left, %d tries; want 0, 24, 6", len(matches), len(w.pool), tries)
	}
	w.launcher.fail = nil
	if matches := w.process(); len(matches) != 6 || len(w.pool) != 0 {
		t.Errorf("%d matches, %d entries left; want 6 and 0", len(matches), len(w.pool))
	}
}

// Matches that the game's handler refuses, whatever their players have chosen, delay no other match.
func TestProcess_RefusedMatchesHoldUpNobody(t *testing.T) {
	w := newWorld(t, configWithQueues())
	refused := map[string]bool{}
	for i := range 14 {
		id, players := w.party(2)
		w.queueParty(id, players[0], text("queue", "duo"))
		refused[id.String()] = i < 12
		w.clock.Advance(time.Millisecond) // the refused tickets are the oldest
	}
	tries := 0
	w.launcher.fail = func(l matchmaking.Launch) error {
		if refused[l.Claims[0].PartyID] {
			tries++
			return errBroken
		}
		return nil
	}
	for range 6 { // the tickets of the six matches rest after the second pass
		w.process()
		w.clock.Advance(time.Second)
	}
	if tries != 12 || len(w.launcher.launches) != 1 {
		t.Fatalf("%d tries, %d matches; want each of 6 tried twice, and the match of those who came last", tries, len(w.launcher.launches))
	}
	w.clock.Advance(30 * time.Second)
	w.launcher.fail = nil
	if matches := w.process(); len(matches) != 6 || len(w.pool) != 0 {
		t.Errorf("%d matches, %d entries left after the rest; want 6 and 0", len(matches), len(w.pool))
	}
}

func TestProcess_PanicCostsOneQueue(t *testing.T) {
	w := newWorld(t, configWithQueues())
	for range 2 {
		id, players := w.party(2)
		w.queueParty(id, players[0], text("queue", "duo"))
		five, fives := w.party(5)
		w.queueParty(five, fives[0], rankedEU)
	}
	w.launcher.fail = func(l matchmaking.Launch) error {
		if l.Queue == "ranked" {
			panic("as asked")
		}
		return nil
	}
	for range 3 { // each queue comes first once
		w.process()
	}
	if len(w.launcher.launches) != 1 || len(w.pool) != 10 {
		t.Errorf("%d launches, %d entries left; want duo's match, and ranked's entries", len(w.launcher.launches), len(w.pool))
	}
	if !slices.ContainsFunc(w.log.Lines(), func(l string) bool { return strings.Contains(l, "queue=ranked") && strings.Contains(l, "as asked") }) {
		t.Errorf("log = %q; want the panic with its queue", w.log.Lines())
	}
}

// Entries that no check has seen must not spoil the pass for the others.
func TestProcess_BadTickets(t *testing.T) {
	good := map[string]float64{"party_size": 1, "held": 0, "queued_since": 1_893_553_445, "mmr": 1000}
	without := func(key string, value ...float64) map[string]float64 {
		m := map[string]float64{}
		for k, v := range good {
			m[k] = v
		}
		delete(m, key)
		if len(value) > 0 {
			m[key] = value[0]
		}
		return m
	}
	nan := 0.0
	nan /= nan
	for name, bad := range map[string]struct {
		texts   map[string]string
		numbers map[string]float64
	}{
		"nothing":  {nil, nil},
		"no_queue": {text("region", "eu"), good},
		"no_key":   {text("queue", "ranked"), good},
		"no_skill": {rankedEU, without("mmr")},
		"nan":      {rankedEU, without("mmr", nan)},
		"no_since": {rankedEU, without("queued_since")},
		"negative": {rankedEU, without("held", -5)},
		"huge":     {rankedEU, without("party_size", 1e18)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, configWithQueues())
			w.enter("", []party.Session{w.player()}, bad.texts, bad.numbers)
			for range 2 {
				id, players := w.party(5)
				w.queueParty(id, players[0], rankedEU)
			}
			if matches := w.process(); len(matches) != 1 || len(w.pool) != 1 {
				t.Errorf("%d matches, %d entries left; want the two good parties matched", len(matches), len(w.pool))
			}
			if len(w.notices.sent) != 1 || w.notices.sent[0].Content["event"] != "dropped" {
				t.Errorf("%d notifications; want one of the bad ticket", len(w.notices.sent))
			}
		})
	}
	if len(newWorld(t, configWithQueues()).Process(t.Context(), nil)) != 0 {
		t.Error("a match of nobody")
	}
}

// The host has removed the ticket, or is about to.
func TestProcess_StaleTicket(t *testing.T) {
	w := newWorld(t, configWithQueues())
	a, as := w.party(2)
	w.queueParty(a, as[0], text("queue", "duo"))
	b, bs := w.party(2)
	w.queueParty(b, bs[0], text("queue", "duo"))
	w.host.PartyLeave(as[1], a) // nobody is told, and the pool still has the ticket
	w.admission.Left(t.Context(), a, as[1])
	if matches := w.process(); len(matches) != 0 {
		t.Errorf("matches = %v", matches)
	}
	w.wantEvents(a, "queued duo", "dropped duo: membership")
	w.wantEvents(b, "queued duo")
}

// The host checks again that all tickets are there. If not, nobody is told of the match, and its seats are given back.
func TestProcess_UnclaimedMatchIsWithdrawn(t *testing.T) {
	w := newWorld(t, configWithQueues())
	var tickets []string
	for range 2 {
		id, players := w.party(2)
		tickets = append(tickets, w.queueParty(id, players[0], text("queue", "duo")))
	}
	var given []runtime.MatchmakerEntry
	for _, e := range w.pool {
		given = append(given, e)
	}
	if groups := w.Process(t.Context(), given); len(groups) != 1 {
		t.Fatalf("%d groups; want 1", len(groups))
	}
	if held := w.launcher.held("match-0"); len(held) != 0 {
		t.Errorf("seats are held before the host has looked once more: %v", held)
	}
	w.removeTicket(tickets[0]) // while the pass runs
	w.TicketCancelled(t.Context(), party.Session{}, tickets[0])
	if claims := w.launcher.withdrawn["match-0"]; len(claims) != 2 {
		t.Errorf("withdrawn = %+v; want both claims, at once", claims)
	}
	w.process()
	if claims := w.launcher.withdrawn["match-0"]; len(claims) != 2 {
		t.Errorf("withdrawn = %+v; want both claims once", claims)
	}
	id, players := w.party(2)
	w.queueParty(id, players[0], text("queue", "duo"))
	if matches := w.process(); len(matches["match-1"]) != 4 {
		t.Errorf("matches = %v; want the ticket that stayed in a new one", matches)
	}
}

func TestProcess_OneMatchForEachUnit(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	w.queueParty(id, players[0], text("queue", "duo"))
	w.queueParty(id, players[0], rankedEU)
	other, others := w.party(2)
	w.queueParty(other, others[0], text("queue", "duo"))
	for range 8 {
		w.queueSolo(w.player(), rankedEU)
	}
	matches := w.process()
	if len(matches) != 1 {
		t.Fatalf("matches = %v; want one", matches)
	}
	if !slices.Contains(w.events(id), "dropped ranked: matched") && !slices.Contains(w.events(id), "dropped duo: matched") {
		t.Errorf("events = %q; want the other ticket dropped", w.events(id))
	}
	for range 8 {
		w.queueSolo(w.player(), rankedEU)
	}
	for _, entries := range w.process() {
		for _, e := range entries {
			if e.party == id.String() {
				t.Error("the party was matched twice")
			}
		}
	}
}

func TestProcess_UserOnTwoTickets(t *testing.T) {
	w := newWorld(t, configWithQueues())
	s := w.player()
	w.queueSolo(s, rankedEU)
	second := w.host.Connect(s.UserID)
	numbers := map[string]float64{"party_size": 1, "held": 0, "queued_since": float64(w.clock.Now().Unix()), "mmr": 1000}
	w.enter("", []party.Session{second}, rankedEU, numbers) // without the checks, as on another node
	for range 8 {
		w.queueSolo(w.player(), rankedEU)
	}
	if matches := w.process(); len(matches) != 0 {
		t.Fatalf("a user plays against themselves: %v", matches)
	}
	w.queueSolo(w.player(), rankedEU)
	if matches := w.process(); len(matches) != 1 || len(w.pool) != 1 {
		t.Errorf("%d matches, %d entries left; want one with the other ticket left", len(matches), len(w.pool))
	}
}

// However long each match takes to be made, every queue gets its share of the time, or one match.
func TestProcess_BudgetIsShared(t *testing.T) {
	budget := configWithQueues().Matchmaking.PassBudget
	for _, takes := range []time.Duration{budget / 10, 2 * budget} {
		cfg := configWithQueues()
		for i := range 4 {
			q := cfg.Queues["duo"]
			cfg.Queues[fmt.Sprintf("duo%d", i)] = q
		}
		w := newWorld(t, cfg)
		for name := range cfg.Queues {
			if name == "ranked" {
				continue
			}
			for range 6 {
				id, players := w.party(2)
				w.queueParty(id, players[0], text("queue", name))
			}
		}
		launched := map[string]int{}
		w.launcher.fail = func(l matchmaking.Launch) error {
			w.clock.Advance(takes)
			launched[l.Queue]++
			return nil
		}
		before := len(w.pool)
		placed := 0
		for _, entries := range w.process() {
			placed += len(entries)
		}
		if placed != before-len(w.pool) || placed == 0 || len(w.pool) == 0 {
			t.Errorf("%d placed, %d of %d left; want a part, and none lost", placed, len(w.pool), before)
		}
		if len(launched) != 5 || takes > budget && placed != 5*4 {
			t.Errorf("matches by queue = %v; want some of all five, and where each takes %v no more than one", launched, takes)
		}
		if !slices.ContainsFunc(w.log.Lines(), func(l string) bool { return strings.Contains(l, "pass ran out of time") }) {
			t.Errorf("log = %q; want that matches wait for want of time", w.log.Lines())
		}
		w.launcher.fail = nil
		w.process()
		if len(w.pool) != 0 {
			t.Errorf("%d entries left after the next pass", len(w.pool))
		}
	}
}

// A pass that runs out of time while it forms teams has placed the oldest tickets.
func TestProcess_OutOfTime(t *testing.T) {
	w := newWorld(t, configWithQueues())
	w.tick = w.cfg.Matchmaking.PassBudget / 400
	const n = 4000
	age := map[string]int{}
	for i := range n {
		age[w.queueSolo(w.player(), text("queue", "duo"))] = i
	}
	matches := w.process()
	if len(matches) < 10 || len(w.pool) < n/2 {
		t.Fatalf("%d matches, %d of %d players left; want some placed, and no time for most", len(matches), len(w.pool), n)
	}
	for _, entries := range matches {
		for _, e := range entries {
			if age[e.ticket] >= 4*len(matches) {
				t.Errorf("with %d matches of 4 the ticket that came as number %d was placed", len(matches), age[e.ticket])
			}
		}
	}
}

// A party whose record is being written, however long that takes, delays nobody else in any queue.
func TestProcess_BusyParty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, configWithQueues())
		busy, players := w.party(2)
		ticket := w.queueParty(busy, players[0], text("queue", "duo"))
		for range 4 {
			w.queueSolo(w.player(), text("queue", "duo"))
		}
		other, players := w.party(5)
		w.queueParty(other, players[0], text("queue", "ranked", "region", "eu"))
		for range 5 {
			w.queueSolo(w.player(), text("queue", "ranked", "region", "eu"))
		}
		written, visited := make(chan struct{}), make(chan error)
		go func() {
			visited <- w.admission.Visit(t.Context(), busy, func(*ledger.Visit) error {
				<-written
				return nil
			})
		}()
		synctest.Wait()
		began := time.Now()
		if matches := w.process(); len(matches) != 2 {
			t.Errorf("%d matches; want one of each queue", len(matches))
		}
		if took := time.Since(began); took >= w.cfg.Matchmaking.PassBudget {
			t.Errorf("the pass has waited %v for a party", took)
		}
		if len(w.pool) != 2 || w.pool[0].ticket != ticket {
			t.Errorf("%d entries are left; want those of the party", len(w.pool))
		}
		close(written)
		if err := <-visited; err != nil {
			t.Error(err)
		}
		for range 2 {
			w.queueSolo(w.player(), text("queue", "duo"))
		}
		if w.process(); len(w.pool) != 0 {
			t.Errorf("%d entries are left when the party is not busy any more", len(w.pool))
		}
	})
}
