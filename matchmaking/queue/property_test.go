package queue_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"
	"pgregory.net/rapid"

	"partyline/matchmaking"
	"partyline/party"
	"partyline/party/reserve"
)

// Whatever players do between passes: tickets stay whole, parties stay together, nobody is in two matches of one pass,
// every match has the seats it gives, and no ticket is lost.
func TestProcess_Properties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, configWithQueues())
		sample := func(ids []party.ID) party.ID {
			return ids[rapid.IntRange(0, len(ids)-1).Draw(t, "which")]
		}
		var parties []party.ID
		live := func() []party.ID {
			return slices.DeleteFunc(slices.Clone(parties), func(id party.ID) bool { return len(w.host.Members(id)) == 0 })
		}
		texts := func() map[string]string {
			return text("queue", rapid.SampledFrom([]string{"ranked", "ranked", "duo"}).Draw(t, "queue"), "region", rapid.SampledFrom([]string{"eu", "us"}).Draw(t, "region"))
		}
		party_ := func(do func(id party.ID, members []party.Session)) func(*rapid.T) {
			return func(t *rapid.T) {
				if ids := live(); len(ids) > 0 {
					id := sample(ids)
					do(id, w.host.Members(id))
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"party": func(t *rapid.T) {
				id, players := w.party(rapid.IntRange(1, 6).Draw(t, "size"))
				w.metadata(players[0], float64(rapid.IntRange(0, 2000).Draw(t, "mmr")))
				parties = append(parties, id)
			},
			"crowd": func(t *rapid.T) {
				for range rapid.IntRange(3, 8).Draw(t, "parties") {
					id, players := w.party(rapid.IntRange(1, 4).Draw(t, "size"))
					w.queueParty(id, players[0], rankedEU)
					parties = append(parties, id)
				}
			},
			"queue": party_(func(id party.ID, m []party.Session) { _, _ = w.addParty(id, w.host.Leader(id), texts()) }),
			"solo":  func(t *rapid.T) { w.queueSolo(w.player(), texts()) },
			"member_solo": party_(func(_ party.ID, m []party.Session) {
				_, _ = w.addSolo(m[len(m)-1], texts())
			}),
			"leave": party_(func(id party.ID, m []party.Session) { w.leave(id, m[len(m)-1]) }),
			"join": party_(func(id party.ID, m []party.Session) {
				if len(m) < 8 {
					w.join(id, w.player())
				}
			}),
			"admit": party_(func(id party.ID, _ []party.Session) {
				_ = w.admission.Admit(w.t.Context(), id, w.player(), party.Grant{}, nil)
			}),
			"hold": party_(func(id party.ID, _ []party.Session) {
				_ = w.admission.Hold(w.t.Context(), id, reserve.Hold{InviteID: "i", UserIDs: []string{w.player().UserID}, ExpiresAt: w.clock.Now().Add(time.Minute)})
			}),
			"vanish": party_(func(id party.ID, m []party.Session) { // no hook runs for it
				w.host.Disconnect(m[0])
				w.removeParty(id)
			}),
			"pass": func(t *rapid.T) {
				w.clock.Advance(time.Duration(rapid.IntRange(1, 30).Draw(t, "sec")) * time.Second)
				before, seated := len(w.pool), map[string]bool{}
				first := len(w.launcher.launches)
				handed := 0
				for _, entries := range w.process() {
					handed += len(entries)
				}
				if handed != before-len(w.pool) {
					t.Fatalf("%d entries handed over, %d gone", handed, before-len(w.pool))
				}
				for _, l := range w.launcher.launches[first:] {
					checkLaunch(t, w, l, seated)
				}
			},
			"": func(t *rapid.T) {
				for _, line := range w.log.Lines() {
					t.Fatalf("logged: %s", line)
				}
			},
		})
	})
}

func checkLaunch(t *rapid.T, w *world, l matchmaking.Launch, seated map[string]bool) {
	teams := make([]int, l.Teams)
	for _, c := range l.Claims {
		teams[c.Team] += len(c.UserIDs) + c.Spares
		for _, u := range c.UserIDs {
			if seated[u] {
				t.Fatalf("a user has seats twice in one pass")
			}
			seated[u] = true
		}
		if c.PartyID == "" {
			continue
		}
		id, err := party.ParseID(c.PartyID)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, m := range w.host.Members(id) {
			if !slices.Contains(c.UserIDs, m.UserID) {
				t.Fatalf("a member of the party has no seat: %+v", c)
			}
		}
	}
	for _, n := range teams {
		if n != l.TeamSize {
			t.Fatalf("teams of %v; want %d each", teams, l.TeamSize)
		}
	}
}

// Passes over the same pool decide the same, in whatever order the host lists it.
func TestProcess_Deterministic(t *testing.T) {
	var want []string
	for seed := range uint64(5) {
		w := newWorld(t, configWithQueues())
		sizes := rand.New(rand.NewPCG(1, 1))
		for i := range 120 {
			players := make([]party.Session, 1+sizes.IntN(5))
			for j := range players {
				user := w.host.User(fmt.Sprintf("u%d-%d", i, j))
				players[j] = w.host.Connect(user)
			}
			w.metadata(players[0], 1000+float64(sizes.IntN(800)))
			id := w.partyOf(players...)
			ticket := w.queueParty(id, players[0], rankedEU)
			for _, e := range w.pool {
				if e.ticket == ticket {
					e.ticket = fmt.Sprintf("t%03d", i)
				}
			}
			w.clock.Advance(100 * time.Millisecond)
		}
		given := make([]runtime.MatchmakerEntry, len(w.pool))
		for i, at := range rand.New(rand.NewPCG(seed, 2)).Perm(len(w.pool)) {
			given[at] = w.pool[i]
		}
		var got []string
		for _, group := range w.Process(t.Context(), given) {
			var names []string
			for _, e := range group {
				names = append(names, e.GetPresence().GetUsername())
			}
			slices.SortFunc(names, cmp.Compare[string])
			got = append(got, fmt.Sprint(names))
		}
		if len(got) < 10 {
			t.Fatalf("%d matches of 120 parties", len(got))
		}
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("order %d: %v; want %v", seed, got, want)
		}
	}
}
