package queue_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/party"
)

func TestMatched_Native(t *testing.T) {
	cfg := native()
	w := newWorld(t, cfg)
	id, players := w.party(2)
	ticket := w.queueParty(id, players[0], nil)
	solo := w.player()
	soloTicket := w.queueSolo(solo, nil)
	group := func() []runtime.MatchmakerEntry {
		var g []runtime.MatchmakerEntry
		for _, e := range w.pool {
			g = append(g, e)
		}
		return g
	}
	if match, err := w.Matched(t.Context(), group()); match != "" || err != nil || len(w.launcher.launches) != 0 {
		t.Fatalf("Matched = %q, %v; want the host to make the match", match, err)
	}
	w.wantEvents(id)

	cfg.Matchmaking.CreateMatch = true
	w.removeTicket(ticket)
	w.removeTicket(soloTicket)
	w.queueParty(id, players[0], nil)
	w.queueSolo(solo, nil)
	friend := w.player()
	w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil))
	match, err := w.Matched(t.Context(), group())
	if match != "match-0" || err != nil {
		t.Fatalf("Matched = %q, %v", match, err)
	}
	l := w.launcher.launches[0]
	if claim := claimOf(t, l, id); len(claim.UserIDs) != 3 || l.Teams != 1 || l.TeamSize != 4 || l.Queue != "" || len(l.Claims) != 2 || l.SeatHold != 45*time.Second {
		t.Errorf("launch = %+v; want one team of four", l)
	}
	w.wantEvents(id, "queued", "matched")
	if w.queued(id) {
		t.Error("a matched party counts as queued")
	}
}

// A friend who waits alone and comes into a party by an invite may be matched by both tickets. The friend gets one
// seat, with the party.
func TestMatched_NativeSeatsAUserOnce(t *testing.T) {
	cfg := native()
	cfg.Matchmaking.CreateMatch = true
	w := newWorld(t, cfg)
	friend, other := w.player(), w.player()
	w.queueSolo(friend, nil)
	id, players := w.party(1)
	w.queueParty(id, players[0], nil)
	w.queueSolo(other, nil)
	w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil))
	if match, err := w.Matched(t.Context(), w.poolEntries()); match != "match-0" || err != nil {
		t.Fatalf("Matched = %q, %v", match, err)
	}
	l := w.launcher.launches[0]
	if got := claimOf(t, l, id).UserIDs; !slices.Equal(got, []string{players[0].UserID, friend.UserID}) || len(l.Claims) != 2 || l.TeamSize != 3 {
		t.Errorf("launch = %+v; want the friend in the party, and no seat more", l)
	}
}

func TestMatched_PanicWhileTelling(t *testing.T) {
	w := newWorld(t, configWithQueues())
	var parties []party.ID
	for range 2 {
		id, players := w.party(5)
		w.queueParty(id, players[0], rankedEU)
		parties = append(parties, id)
	}
	w.toldPanics = true
	if matches := w.process(); len(matches["match-0"]) != 10 {
		t.Fatalf("matches = %v; want one of all ten, which was made", matches)
	}
	for _, id := range parties {
		if w.queued(id) {
			t.Errorf("party %s still counts as queued", id)
		}
	}
}

func TestMatched_Failures(t *testing.T) {
	w := newWorld(t, configWithQueues())
	e := &entry{ticket: "t", session: w.player(), created: w.clock.Now()}
	if match, err := w.Matched(t.Context(), []runtime.MatchmakerEntry{e}); match != "" || err == nil {
		t.Errorf("Matched of what no pass prepared = %q, %v; want an error", match, err)
	}
	cfg := native()
	cfg.Matchmaking.CreateMatch = true
	w = newWorld(t, cfg)
	w.launcher.fail = func(matchmaking.Launch) error { return errBroken }
	if match, err := w.Matched(t.Context(), []runtime.MatchmakerEntry{e}); match != "" || !errors.Is(err, errBroken) {
		t.Errorf("Matched = %q, %v; want %v", match, err, errBroken)
	}
	w.launcher.fail = func(matchmaking.Launch) error { panic("as asked") }
	if match, err := w.Matched(t.Context(), []runtime.MatchmakerEntry{e}); match != "" || err == nil {
		t.Errorf("Matched = %q, %v; want an error after a panic", match, err)
	}
}
