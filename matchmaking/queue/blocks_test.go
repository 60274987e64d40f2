package queue_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"pgregory.net/rapid"

	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

func (b *blocks) block(by, of party.Session) {
	b.all = append(b.all, party.Block{By: by.UserID, Of: of.UserID})
}

// A block between two members of different parties keeps the parties apart. It does not matter who made it, and when.
func TestBlocks_KeepApart(t *testing.T) {
	for _, late := range []bool{false, true} {
		for _, reverse := range []bool{false, true} {
			w := newWorld(t, configWithQueues())
			ids, players, _ := []party.ID{}, [][]party.Session{}, 0
			block := func() {
				by, of := players[0][1], players[1][1]
				if reverse {
					by, of = of, by
				}
				w.blocks.block(by, of)
			}
			for range 2 {
				id, of := w.party(2)
				ids, players = append(ids, id), append(players, of)
			}
			if !late {
				block()
			}
			for i, id := range ids {
				w.queueParty(id, players[i][0], text("queue", "duo"))
				w.clock.Advance(time.Second)
			}
			if late {
				block()
			}
			for range 3 {
				if matches := w.process(); len(matches) != 0 {
					t.Fatalf("late %v, reverse %v: matched with a blocked player: %v", late, reverse, matches)
				}
			}
			for id, table := range w.launcher.tables {
				if got := table.Users(w.clock.Now()); len(got) != 0 {
					t.Errorf("%s keeps seats: %v", id, got)
				}
			}
			third, thirds := w.party(2)
			w.queueParty(third, thirds[0], text("queue", "duo"))
			w.process() // learns of blocks made late
			w.process()
			w.wantEvents(ids[0], "queued duo", "matched duo")
			w.wantEvents(third, "queued duo", "matched duo")
			w.wantEvents(ids[1], "queued duo")
		}
	}
}

// If a ticket ends while its blocks are read, its end is told after the ticket itself.
func TestBlocks_ReadAfterTheNews(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	w.blocks.meanwhile = func() { w.leave(id, players[1]) }
	w.queueParty(id, players[0], text("queue", "duo"))
	w.wantEvents(id, "queued duo", "dropped duo: membership")
}

func TestBlocks_InsideAPartyDoNotCount(t *testing.T) {
	w := newWorld(t, configWithQueues())
	_, players, _ := duel(w)
	w.blocks.block(players[0][0], players[0][1])
	if matches := w.process(); len(matches) != 1 {
		t.Errorf("matches = %v; want one", matches)
	}
}

func TestBlocks_Ignore(t *testing.T) {
	cfg := configWithQueues()
	q := cfg.Queues["duo"]
	q.Blocks = rules.BlocksIgnore
	cfg.Queues["duo"] = q
	w := newWorld(t, cfg)
	_, players, _ := duel(w)
	w.blocks.block(players[0][0], players[1][0])
	w.blocks.err = errBroken
	if matches := w.process(); len(matches) != 1 || w.blocks.reads != 0 {
		t.Errorf("matches = %v after %d reads; want one and none", matches, w.blocks.reads)
	}
	if w.launcher.launches[0].AvoidBlocks {
		t.Error("late friends are looked at all the same")
	}
}

// A pass makes one query for all players. While it fails, nobody is matched and no ticket is lost.
func TestBlocks_OneQuery(t *testing.T) {
	w := newWorld(t, configWithQueues())
	for range 3 {
		duel(w)
	}
	w.blocks.err = errBroken
	if matches := w.process(); len(matches) != 0 || len(w.pool) != 12 || len(w.launcher.launches) != 0 {
		t.Fatalf("matches = %v, %d wait, %d matches made; want none, all, none", matches, len(w.pool), len(w.launcher.launches))
	}
	w.blocks.err, w.blocks.reads = nil, 0
	if matches := w.process(); len(matches) != 3 || w.blocks.reads != 1 || w.blocks.about != 12 {
		t.Errorf("%d matches, %d reads, the last of %d users; want 3, 1, 12", len(matches), w.blocks.reads, w.blocks.about)
	}
}

// A database slower than a pass costs no match, whether it answers or not.
func TestBlocks_SlowDatabase(t *testing.T) {
	for _, answers := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			cfg := configWithQueues()
			accept := rules.DefaultOf[rules.Accept]()
			free := cfg.Queues["duo"]
			free.Blocks = rules.BlocksIgnore
			asks := free
			asks.Accept = &accept
			cfg.Queues["free"], cfg.Queues["asks"] = free, asks
			w := newWorld(t, cfg)
			for range 3 {
				duel(w)
			}
			var asked []party.Session
			for range 4 {
				asked = append(asked, w.player())
				w.queueSolo(asked[len(asked)-1], text("queue", "asks"))
				w.queueSolo(w.player(), text("queue", "free"))
			}
			w.blocks.slow = func(ctx context.Context) error {
				if answers {
					w.clock.Advance(10 * cfg.Matchmaking.PassBudget)
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}
			began := time.Now()
			want := 1
			if answers {
				want = 4
			}
			if matches := w.process(); len(matches) != want {
				t.Errorf("answers %v: %d matches; want %d", answers, len(matches), want)
			}
			for _, s := range asked {
				w.wantNotified(s, "match_found")
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("everybody has waited %v for the blocks", took)
			}
			w.blocks.slow = nil
			if w.process(); len(w.pool) != len(asked) {
				t.Errorf("%d entries are left; want those who are asked", len(w.pool))
			}
		})
	}
}

// A session's messages after its ticket do not wait for the blocks of the ticket's players. No blocks are read for a
// ticket that has ended.
func TestBlocks_ReadBesideTheMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, configWithQueues())
		answers := make(chan struct{})
		var reads atomic.Int32
		w.blocks.meanwhile = func() { reads.Add(1); <-answers }
		for range 20 {
			id, players := w.party(2)
			add := &rtapi.PartyMatchmakerAdd{PartyId: id.String(), MinCount: 2, MaxCount: 8, StringProperties: text("queue", "duo")}
			w.must(w.CheckParty(t.Context(), id, players[0], add))
			ticket := w.enter(id.String(), players, add.GetStringProperties(), add.GetNumericProperties())
			w.must(w.PartyQueued(t.Context(), id, players[0], ticket, add))
			synctest.Wait()
			w.TicketCancelled(t.Context(), players[0], ticket)
			w.wantEvents(id, "queued duo", "cancelled duo")
		}
		begun := reads.Load()
		close(answers)
		w.BlocksRead()
		if all := reads.Load(); begun != 8 || all != begun {
			t.Errorf("blocks of %d tickets are read at once, and then of %d; want 8, and none that has ended", begun, all-begun)
		}
	})
}

// runningMatch makes a running match with one player in it and the given number of open seats in each team.
func runningMatch(w *world, open ...int) (*seats.Table, party.Session) {
	w.t.Helper()
	table, err := seats.New(2, 5, 0)
	w.must(err)
	there := w.player()
	w.must(table.Hold(w.clock.Now(), w.clock.Now().Add(time.Hour), seats.Claim{Team: 0, UserIDs: []string{there.UserID}}))
	w.launcher.tables["running"], w.launcher.announced["running"] = table, true
	w.launcher.open = []formation.OpenMatch{{ID: "running", Key: "region=eu", Skill: 1000, Open: open}}
	return table, there
}

// Nobody is put into a running match with somebody whom they block.
func TestBlocks_Backfill(t *testing.T) {
	w := newWorld(t, configWithQueues())
	table, there := runningMatch(w, 4, 5)
	id, players := w.party(3)
	w.blocks.block(there, players[2])
	w.queueParty(id, players[0], rankedEU)
	for range 2 {
		if matches := w.process(); len(matches) != 0 {
			t.Fatalf("matches = %v", matches)
		}
	}
	if got := table.Users(w.clock.Now()); len(got) != 1 {
		t.Errorf("seats are kept for those who may not come: %v", got)
	}
	other, others := w.party(3)
	w.queueParty(other, others[0], rankedEU)
	for range 8 {
		w.process()
	}
	w.wantEvents(other, "queued ranked", "matched ranked")
	w.wantEvents(id, "queued ranked")
}

// A ticket that may not join a running match delays nobody: the last seats go to the next ticket.
func TestBlocks_BackfillOfOthers(t *testing.T) {
	w := newWorld(t, configWithQueues())
	table, there := runningMatch(w, 0, 3)
	var kept []party.ID
	for range 2 {
		id, players := w.party(3)
		w.blocks.block(players[1], there)
		w.queueParty(id, players[0], rankedEU)
		w.clock.Advance(time.Second)
		kept = append(kept, id)
	}
	w.process() // learns of the block
	next, players := w.party(3)
	w.queueParty(next, players[0], rankedEU)
	if matches := w.process(); len(matches["running"]) != 3 {
		t.Errorf("matches = %v; want the third party in the running one", matches)
	}
	w.wantEvents(next, "queued ranked", "matched ranked")
	for _, id := range kept {
		w.wantEvents(id, "queued ranked")
	}
	if got := table.Users(w.clock.Now()); len(got) != 4 {
		t.Errorf("seats = %v; want those of one party beside the player there", got)
	}
}

// Two users of different parties with a block between them are never in a match together, also if the seat of one is
// held. Nor is a user with a ticket in a match with the seat that is held for them.
func TestBlocks_Properties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := configWithQueues()
		duo := cfg.Queues["duo"]
		duo.HoldInvited = true
		cfg.Queues["duo"] = duo
		w := newWorld(t, cfg)
		expects := map[string]party.Session{} // by ticket
		var all []party.Session
		t.Repeat(map[string]func(*rapid.T){
			"party": func(t *rapid.T) {
				id, players := w.party(rapid.IntRange(1, 2).Draw(t, "size"))
				w.queueParty(id, players[0], text("queue", "duo"))
				all = append(all, players...)
			},
			"holds": func(t *rapid.T) {
				id, players := w.party(1)
				friend := w.player()
				w.must(w.admission.Hold(w.t.Context(), id, reserve.Hold{InviteID: "i", UserIDs: []string{friend.UserID}, ExpiresAt: w.clock.Now().Add(time.Hour)}))
				expects[w.queueParty(id, players[0], text("queue", "duo"))] = friend
				if rapid.Bool().Draw(t, "queues") {
					w.queueSolo(friend, text("queue", "duo"))
				}
				all = append(all, players[0], friend)
			},
			"block": func(t *rapid.T) {
				if len(all) > 1 {
					at := rapid.IntRange(0, len(all)-1)
					w.blocks.block(all[at.Draw(t, "by")], all[at.Draw(t, "of")])
				}
			},
			"pass": func(t *rapid.T) {
				w.clock.Advance(time.Second)
				for _, entries := range w.process() {
					for _, e := range slices.Clone(entries) {
						if friend, holds := expects[e.ticket]; holds {
							if slices.ContainsFunc(entries, func(o *entry) bool { return o.session.UserID == friend.UserID }) {
								t.Fatalf("%s plays with the seat held for them", friend.Username)
							}
							entries = append(entries, &entry{ticket: e.ticket, session: friend})
						}
					}
					for _, a := range entries {
						for _, b := range w.blocks.all {
							for _, o := range entries {
								if b.By == a.session.UserID && b.Of == o.session.UserID && a.ticket != o.ticket {
									t.Fatalf("%s plays with %s", a.session.Username, o.session.Username)
								}
							}
						}
					}
				}
			},
		})
	})
}
