package queue_test

import (
	"testing"
	"time"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// expectingWorld is a world in which queue duo, two teams of two, holds seats for invited friends, with a party of one
// in it that expects a friend.
func expectingWorld(t *testing.T, kept, asks bool, blocks rules.BlockRule) (w *world, id party.ID, friend party.Session) {
	cfg := configWithQueues()
	cfg.Parties.ReconnectGrace = time.Minute
	q := cfg.Queues["duo"]
	q.HoldInvited, q.Blocks = !kept, blocks
	if asks {
		accept := rules.DefaultOf[rules.Accept]()
		q.Accept = &accept
	}
	cfg.Queues["duo"] = q
	w = newWorld(t, cfg)
	if kept {
		var players []party.Session
		id, players = w.party(2)
		friend = players[1]
		drop(w, id, friend)
		w.removeParty(id)
	} else {
		id, _ = w.party(1)
		friend = w.player()
		w.must(w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: "i", UserIDs: []string{friend.UserID}, ExpiresAt: w.clock.Now().Add(time.Hour)}))
	}
	w.queueParty(id, w.host.Leader(id), text("queue", "duo"))
	w.clock.Advance(time.Second)
	return w, id, friend
}

// A party is not matched against players who have a block with a friend whose seat counts.
func TestBlocks_OfExpectedFriends(t *testing.T) {
	for _, kept := range []bool{false, true} {
		for _, asks := range []bool{false, true} {
			for _, reverse := range []bool{false, true} {
				w, id, friend := expectingWorld(t, kept, asks, rules.BlocksAvoid)
				other, players := w.party(2)
				if reverse {
					w.blocks.block(players[1], friend)
				} else {
					w.blocks.block(friend, players[1])
				}
				w.queueParty(other, players[0], text("queue", "duo"))
				for range 3 {
					w.blocks.reads = 0
					if w.process(); len(w.launcher.launches) != 0 || w.blocks.reads > 1 {
						t.Fatalf("kept %v, reverse %v: %d matches, %d reads; want none, one at most", kept, reverse, len(w.launcher.launches), w.blocks.reads)
					}
				}
				w.wantEvents(id, "queued duo")
				w.wantHeldBack(w.host.Leader(id), id, "blocks")
				third, thirds := w.party(2)
				w.queueParty(third, thirds[0], text("queue", "duo"))
				w.process()
				if asks {
					w.wantEvents(id, "queued duo", "found duo")
				} else {
					w.wantEvents(id, "queued duo", "matched duo")
				}
				w.wantEvents(other, "queued duo")
			}
		}
	}
}

// A friend for whom a party has a seat is not matched against that party, in whatever queue.
func TestProcess_ExpectedFriendOnAnotherTicket(t *testing.T) {
	for _, blocks := range []rules.BlockRule{rules.BlocksAvoid, rules.BlocksIgnore} {
		for _, asks := range []bool{false, true} {
			w, id, friend := expectingWorld(t, false, asks, blocks)
			own := w.partyOf(friend, w.player())
			w.queueParty(own, friend, text("queue", "duo"))
			for range 3 {
				if w.process(); len(w.launcher.launches) != 0 {
					t.Fatalf("blocks %v: the friend plays against the seat held for them: %+v", blocks, w.launcher.launches)
				}
			}
			w.wantEvents(id, "queued duo")
			w.wantHeldBack(w.host.Leader(id), id, "blocks")
			third, thirds := w.party(2)
			w.queueParty(third, thirds[0], text("queue", "duo"))
			w.process()
			what := "matched"
			if asks {
				what = "found"
			}
			w.wantEvents(id, "queued duo", what+" duo")
			w.wantEvents(own, "queued duo")
		}
	}
}

// wantHeldBack fails unless the only reason why a party has no match is this one.
func (w *world) wantHeldBack(member party.Session, id party.ID, reason string) {
	w.t.Helper()
	status, err := w.Status(w.t.Context(), callerOf(member), id.String())
	w.must(err)
	if len(status.Tickets) != 1 || len(status.Tickets[0].HoldingBack) != 1 || status.Tickets[0].HoldingBack[0].Reason != reason {
		w.t.Errorf("status = %+v; want it held back by %s", status, reason)
	}
}
