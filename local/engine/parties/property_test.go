package parties_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"pgregory.net/rapid"

	"partyline/local/engine/parties"
	"partyline/local/engine/presence"
)

// Whatever players and servers do, in whatever order: a party has no more members than seats, its leader is a member,
// every member is on its stream, and it closes with its last member.
func TestParty_Invariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tb, done := newHarness(t, nil)
		defer done()
		players := make([]*session, 6)
		for i := range players {
			players[i] = tb.newPlayer("p" + string(rune('a'+i)))
		}
		// Hidden presences are for observers. As on a real server, there is no event when a hidden member leaves.
		observer := tb.newPlayer("observer")
		var made []string
		sizes := map[string]int{}
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			i := rapid.IntRange(0, len(players)-1).Draw(t, "player")
			s := players[i]
			other := rapid.SampledFrom(players).Draw(t, "other")
			id := "0b3cf4e6-5ba1-4d9c-8b9e-3a1c4f5c9f01.nakama1"
			if len(made) > 0 {
				id = rapid.SampledFrom(made).Draw(t, "party")
			}
			switch rapid.SampledFrom([]string{
				"create", "join", "join", "join", "leave", "promote", "accept", "accept", "remove", "close", "update", "data",
				"ticket", "drop", "put", "evict", "observe", "idle",
			}).Draw(t, "op") {
			case "create":
				size := rapid.IntRange(1, 4).Draw(t, "size")
				id := tb.create(t, s, &rtapi.PartyCreate{Open: rapid.Bool().Draw(t, "open"), MaxSize: int32(size)})
				made = append(made, id)
				sizes[id] = size
			case "join":
				tb.do(s, &rtapi.PartyJoin{PartyId: id})
			case "leave":
				tb.do(s, &rtapi.PartyLeave{PartyId: id})
			case "promote":
				tb.do(s, &rtapi.PartyPromote{PartyId: id, Presence: other.wire()})
			case "accept":
				tb.do(s, &rtapi.PartyAccept{PartyId: id, Presence: other.wire()})
			case "remove":
				tb.do(s, &rtapi.PartyRemove{PartyId: id, Presence: other.wire()})
			case "close":
				tb.do(s, &rtapi.PartyClose{PartyId: id})
			case "update":
				tb.do(s, &rtapi.PartyUpdate{PartyId: id, Open: rapid.Bool().Draw(t, "open")})
			case "data":
				tb.do(s, &rtapi.PartyDataSend{PartyId: id})
			case "ticket":
				tb.do(s, &rtapi.PartyMatchmakerAdd{PartyId: id, MinCount: 2, MaxCount: 8})
			case "drop":
				tb.tracker.UntrackAll(s.id, runtime.PresenceReasonDisconnect)
				players[i] = tb.newPlayer(s.name)
			case "put":
				tb.tracker.Track(presence.ID{Node: "nakama1", SessionID: s.id}, s.user, stream(id), presence.Meta{Username: s.name})
			case "evict":
				tb.tracker.Update(presence.ID{Node: "nakama1", SessionID: s.id}, s.user, stream(id), presence.Meta{Username: s.name})
			case "observe":
				tb.tracker.Track(presence.ID{Node: "nakama1", SessionID: observer.id}, observer.user, stream(id), presence.Meta{Hidden: true})
			case "idle":
				tb.parties.CloseIdle()
			}
			tb.tracker.WaitForEvents()
			for _, id := range made {
				checkInvariants(t, tb, id, sizes[id])
			}
		}
		listed, _, err := tb.parties.List(t.Context(), 100, nil, true, "", "")
		if err != nil || len(listed) != tb.parties.Count() {
			t.Fatalf("%d parties listed, %v; there are %d", len(listed), err, tb.parties.Count())
		}
	})
}

func stream(id string) presence.Stream {
	subject, label, _ := strings.Cut(id, ".")
	return presence.Stream{Mode: presence.ModeParty, Subject: uuid.MustParse(subject), Label: label}
}

func checkInvariants(t *rapid.T, tb *harness, id string, size int) {
	state, alive := parties.Look(tb.parties, stream(id).Subject)
	if !alive {
		return
	}
	if len(state.Members) == 0 || len(state.Members) > size || len(state.Requests) > size {
		t.Fatalf("party of %d has %d members and %d requests", size, len(state.Members), len(state.Requests))
	}
	if !slices.Contains(state.Members, state.Leader) {
		t.Fatalf("the leader is not among the members")
	}
	seen := map[uuid.UUID]bool{}
	for _, m := range state.Members {
		if _, ok := tb.tracker.Get(m, stream(id)); !ok {
			t.Fatalf("a member is not on the stream")
		}
		if seen[m] {
			t.Fatalf("a member sits twice")
		}
		seen[m] = true
	}
}
