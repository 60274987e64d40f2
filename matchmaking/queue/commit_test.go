package queue_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// poolEntries returns the pool as the host hands it to a pass.
func (w *world) poolEntries() []runtime.MatchmakerEntry {
	var given []runtime.MatchmakerEntry
	for _, e := range w.pool {
		given = append(given, e)
	}
	return given
}

// duel queues two parties of two for a match of queue duo.
func duel(w *world) (ids []party.ID, players [][]party.Session, tickets []string) {
	for range 2 {
		id, of := w.party(2)
		ids, players = append(ids, id), append(players, of)
		tickets = append(tickets, w.queueParty(id, of[0], text("queue", "duo")))
	}
	return ids, players, tickets
}

// Between a pass and the host's hook nobody knows of the match. If a ticket ends then, in any way, and the host does
// not collect the match, nothing is left of it.
func TestCommit_TicketEndsBehindThePass(t *testing.T) {
	ends := map[string]func(w *world, id party.ID, players []party.Session, ticket string){
		"cancel": func(w *world, _ party.ID, players []party.Session, ticket string) {
			w.TicketCancelled(w.t.Context(), players[0], ticket)
		},
		"leave": func(w *world, id party.ID, players []party.Session, _ string) { w.leave(id, players[1]) },
		"join":  func(w *world, id party.ID, _ []party.Session, _ string) { w.join(id, w.player()) },
		"disconnect": func(w *world, _ party.ID, players []party.Session, _ string) {
			w.must(w.Ended(w.t.Context(), players[1]))
		},
		"close": func(w *world, id party.ID, _ []party.Session, _ string) { w.admission.Closed(w.t.Context(), id) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, configWithQueues())
			ids, players, tickets := duel(w)
			if groups := w.Process(t.Context(), w.poolEntries()); len(groups) != 1 {
				t.Fatalf("%d groups; want 1", len(groups))
			}
			if held := w.launcher.held("match-0"); len(held) != 0 || w.launcher.announced["match-0"] {
				t.Fatalf("seats are held before the host has looked once more: %v", held)
			}
			w.wantEvents(ids[1], "queued duo")
			end(w, ids[0], players[0], tickets[0])
			w.removeTicket(tickets[0])
			if _, lives := w.launcher.tables["match-0"]; lives {
				t.Error("the match outlives its ticket")
			}
			w.wantEvents(ids[1], "queued duo")
			id, others := w.party(2)
			w.queueParty(id, others[0], text("queue", "duo"))
			if matches := w.process(); len(matches["match-1"]) != 4 {
				t.Errorf("matches = %v; want the ticket that stayed in a new one", matches)
			}
			w.wantEvents(ids[1], "queued duo", "matched duo")
		})
	}
}

// If a connection ends just after the host has removed the tickets, it looks the same to the module. But the match is
// certain by then, so it stands.
func TestCommit_TicketEndsBehindTheHost(t *testing.T) {
	w := newWorld(t, configWithQueues())
	ids, players, _ := duel(w)
	groups := w.Process(t.Context(), w.poolEntries())
	w.host.Disconnect(players[0][1])
	w.must(w.Ended(t.Context(), players[0][1]))
	matches := w.hand(groups)
	if len(matches["match-1"]) != 4 || len(w.launcher.held("match-1")) != 4 {
		t.Fatalf("matches = %v, held %v; want another one for all four", matches, w.launcher.held("match-1"))
	}
	w.wantEvents(ids[0], "queued duo", "dropped duo: membership", "matched duo")
	w.wantEvents(ids[1], "queued duo", "matched duo")
}

// A member who leaves before the seats are held leaves no seat behind. An away member keeps the seat.
func TestCommit_LooksAgain(t *testing.T) {
	w := newWorld(t, configWithQueues())
	ids, players, _ := duel(w)
	groups := w.Process(t.Context(), w.poolEntries())
	w.host.PartyLeave(players[0][1], ids[0])
	w.host.Disconnect(players[1][1])
	w.hand(groups)
	if !slices.Equal(w.launcher.released, []string{players[0][1].UserID}) {
		t.Errorf("released %v; want the member who left alone", w.launcher.released)
	}
}

// A friend may come in when the seats are planned and nobody knows of the match yet. They get a seat by name.
func TestCommit_SeatsAFriendWhoCameMeanwhile(t *testing.T) {
	w := newWorld(t, configWithQueues())
	q := w.cfg.Queues["duo"]
	q.HoldInvited = true
	w.cfg.Queues["duo"] = q
	w.incoming = 1
	id, leader := w.party(1)
	w.queueParty(id, leader[0], text("queue", "duo"))
	w.incoming = 0
	other, others := w.party(2)
	w.queueParty(other, others[0], text("queue", "duo"))
	w.incoming = 1
	groups := w.Process(t.Context(), w.poolEntries())
	friend := w.player()
	w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil))
	w.hand(groups)
	if !slices.Equal(w.servers.seats, []string{friend.UserID}) {
		t.Errorf("seats ordered for %v; want one for the friend", w.servers.seats)
	}
	w.wantQuiet()
}

// A player who was told that their ticket is dropped is not matched by it. The others wait on.
func TestCommit_TicketDroppedWhileThePassMakesMatches(t *testing.T) {
	w := newWorld(t, configWithQueues())
	w.cfg.Matchmaking.SoloTickets = rules.SoloTicketsCancel
	id, players := w.party(2)
	duo := text("queue", "duo")
	w.queueSolo(players[1], duo)
	for range 3 {
		w.queueSolo(w.player(), duo)
	}
	w.launcher.fail = func(matchmaking.Launch) error {
		w.launcher.fail = nil
		w.queueParty(id, players[0], rankedEU)
		return nil
	}
	if matches := w.process(); len(matches) != 0 {
		t.Fatalf("matches = %v; want none with the dropped ticket", matches)
	}
	w.queueSolo(w.player(), duo)
	matches := w.process()
	if len(matches["match-1"]) != 4 || slices.ContainsFunc(matches["match-1"], func(e *entry) bool { return e.session == players[1] }) {
		t.Errorf("matches = %v; want one of the four who wait", matches)
	}
	if _, lives := w.launcher.tables["match-0"]; lives {
		t.Error("the match that was not made keeps its seats")
	}
	w.wantQuiet()
}

func TestCommit_Fails(t *testing.T) {
	w := newWorld(t, configWithQueues())
	ids, players, _ := duel(w)
	w.clock.Advance(40 * time.Second)
	tries := 0
	w.launcher.failCommit = func(string) error { tries++; return errBroken }
	groups := w.Process(t.Context(), w.poolEntries())
	if match, err := w.Matched(t.Context(), groups[0]); match != "" || !errors.Is(err, errBroken) || tries != 2 {
		t.Errorf("Matched = %q, %v after %d tries; want the error after two", match, err, tries)
	}
	w.pool = nil
	for i, id := range ids {
		w.wantEvents(id, "queued duo", "dropped duo: internal")
		w.clock.Advance(time.Second)
		w.queueParty(id, players[i][0], text("queue", "duo"))
		since := w.pool[len(w.pool)-1].props["queued_since"].(float64)
		if waited := float64(w.clock.Now().Unix()) - since; waited != 40 {
			t.Errorf("the next ticket has waited %v s; want 40", waited)
		}
	}
	if got := w.metrics.sum["partyline_queue_dropped duo internal"]; got != 2 {
		t.Errorf("%v tickets counted; want 2", got)
	}
	// A player without a party is told too, and keeps the age.
	w.launcher.failCommit = nil
	w.pool = nil
	var alone []party.Session
	for range 4 {
		s := w.player()
		alone = append(alone, s)
		w.queueSolo(s, text("queue", "duo"))
	}
	w.clock.Advance(30 * time.Second)
	w.launcher.failCommit = func(string) error { panic("as asked") }
	for _, g := range w.Process(t.Context(), w.poolEntries()) {
		if match, err := w.Matched(t.Context(), g); match != "" || err == nil {
			t.Errorf("Matched = %q, %v; want an error after a panic", match, err)
		}
	}
	if len(w.notices.sent) != 4 || w.notices.sent[0].Content["reason"] != "internal" {
		t.Errorf("notifications = %+v; want four", w.notices.sent)
	}
	w.queueSolo(alone[0], text("queue", "duo"))
	if since := w.pool[len(w.pool)-1].props["queued_since"].(float64); float64(w.clock.Now().Unix())-since != 30 {
		t.Errorf("the next ticket of a player alone began at %v", since)
	}
}

// Nobody is promised seats of a running match before the host has removed the tickets. A panic in the first try costs
// nobody the match.
func TestCommit_PanicsOnce(t *testing.T) {
	w := newWorld(t, configWithQueues())
	ids, _, _ := duel(w)
	tries := 0
	w.launcher.failCommit = func(string) error {
		if tries++; tries == 1 {
			panic("as asked")
		}
		return nil
	}
	groups := w.Process(t.Context(), w.poolEntries())
	if match, err := w.Matched(t.Context(), groups[0]); match == "" || err != nil || tries != 2 {
		t.Errorf("Matched = %q, %v after %d tries; want a match after two", match, err, tries)
	}
	for _, id := range ids {
		w.wantEvents(id, "queued duo", "matched duo")
	}
}

// A running match may refuse to seat tickets, such as a second ticket of a user who plays there. They keep no other
// ticket out of it, however many there are, and are seated once that is possible.
func TestCommit_Misfits(t *testing.T) {
	w := newWorld(t, configWithQueues())
	table, there := runningMatch(w, 0, 1)
	until := w.clock.Now().Add(time.Hour)
	w.must(table.Hold(w.clock.Now(), until, seats.Claim{Team: 1, UserIDs: []string{"a", "b", "c"}}))
	var misfits []string
	for range 4 {
		s := w.player()
		w.must(table.Hold(w.clock.Now(), until, seats.Claim{Team: 0, UserIDs: []string{s.UserID}}))
		misfits = append(misfits, w.queueSolo(s, rankedEU))
		w.clock.Advance(time.Second)
	}
	id, players := w.party(1) // a former member of this party plays on another team
	table.Leave(w.clock.Now(), there.UserID)
	w.must(table.Hold(w.clock.Now(), until, seats.Claim{PartyID: id.String(), Team: 0, UserIDs: []string{there.UserID}}))
	misfits = append(misfits, w.queueParty(id, players[0], rankedEU))
	w.clock.Advance(time.Second)
	next := w.player()
	w.queueSolo(next, rankedEU)
	w.process()
	if matches := w.process(); len(matches["running"]) != 1 || matches["running"][0].session != next {
		t.Fatalf("matches = %v; want the one who can be seated in the running one", matches)
	}
	if tries := w.launcher.reserves; tries != len(misfits)+1 {
		t.Errorf("the match was asked %d times; want once for each ticket", tries)
	}
	for _, ticket := range misfits {
		if !slices.ContainsFunc(w.pool, func(e *entry) bool { return e.ticket == ticket }) {
			t.Error("a ticket that waits for another match is gone")
		}
	}
	table.Leave(w.clock.Now(), next.UserID)
	table.Leave(w.clock.Now(), there.UserID)
	if matches := w.process(); len(matches) != 0 {
		t.Errorf("matches = %v before their time", matches)
	}
	w.clock.Advance(15 * time.Second)
	w.process()
	if matches := w.process(); len(matches["running"]) != 1 || matches["running"][0].ticket != misfits[4] {
		t.Errorf("matches = %v; want the party that nobody of plays there any more", matches)
	}
}

// Each misfit ends in its own time, even if other tickets become misfits meanwhile.
func TestCommit_MisfitsEndEachInTime(t *testing.T) {
	w := newWorld(t, configWithQueues())
	table, _ := runningMatch(w, 0, 1)
	var tries []int
	for i := range 4 { // at 0, 5, 10 and 15 seconds
		if i%2 == 0 {
			s := w.player()
			w.must(table.Hold(w.clock.Now(), w.clock.Now().Add(time.Hour), seats.Claim{Team: 0, UserIDs: []string{s.UserID}}))
			w.queueSolo(s, rankedEU)
		}
		w.process()
		tries = append(tries, w.launcher.reserves)
		w.clock.Advance(5 * time.Second)
	}
	if want := []int{1, 1, 2, 3}; !slices.Equal(tries, want) { // the first ticket again, because its time is over
		t.Errorf("asked the match %v times after each pass; want %v", tries, want)
	}
}

func TestCommit_Fill(t *testing.T) {
	w := newWorld(t, configWithQueues())
	table, err := seats.New(2, 5, 0)
	w.must(err)
	w.launcher.tables["running"], w.launcher.announced["running"] = table, true
	w.launcher.open = []formation.OpenMatch{{ID: "running", Key: "region=eu", Skill: 1000, Open: []int{5, 5}}}
	id, players := w.party(3)
	ticket := w.queueParty(id, players[0], rankedEU)
	groups := w.Process(t.Context(), w.poolEntries())
	if len(groups) != 1 || len(w.launcher.held("running")) != 0 || len(table.Users(w.clock.Now())) != 3 {
		t.Fatalf("%d groups, %v held; want three seats kept and told to nobody", len(groups), w.launcher.held("running"))
	}
	w.TicketCancelled(t.Context(), players[0], ticket)
	if got := table.Users(w.clock.Now()); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
	w.removeTicket(ticket)
	w.queueParty(id, players[0], rankedEU)
	w.Process(t.Context(), w.poolEntries())
	w.clock.Advance(matchmaking.ReservedFor)
	if got := table.Users(w.clock.Now()); len(got) != 0 {
		t.Errorf("a host that never came left %v", got)
	}
}
