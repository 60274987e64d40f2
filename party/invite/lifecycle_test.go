package invite_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/party"
)

// Random calls on several nodes: the uses of an invite are the users who came in by it, never more than allowed.
// Nobody comes in after it is over. Taken and held seats never exceed the party's size.
func TestService_Lifecycle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		ctx := t.Context()
		owner := w.host.Player("owner")
		players := w.host.Players(6)
		const seats = 4
		id := w.party(owner, rapid.Bool().Draw(rt, "open"), seats)
		req := party.InviteRequest{
			PartyID: id.String(), MaxUses: ptr(rapid.IntRange(0, 3).Draw(rt, "max uses")), TTLSec: ptr(int64(rapid.IntRange(10, 100).Draw(rt, "ttl"))),
		}
		if rapid.Bool().Draw(rt, "targeted") {
			for _, s := range players[:rapid.IntRange(1, 3).Draw(rt, "targets")] {
				req.ForUserIDs = append(req.ForUserIDs, s.UserID)
			}
			req.HoldSeat = *req.MaxUses == 0 || *req.MaxUses >= len(req.ForUserIDs)
		}
		made := w.create(owner, req)
		nodes := []node{w.node, w.start()}
		over := func() bool { return w.clock.Now().Unix() >= made.ExpiresAt }
		revoked := false
		users := map[string]bool{} // who have come in by it
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			w.node = rapid.SampledFrom(nodes).Draw(rt, "node")
			i := rapid.IntRange(0, len(players)-1).Draw(rt, "player")
			s := players[i]
			was := slices.Contains(w.host.Members(id), s)
			switch rapid.IntRange(0, 8).Draw(rt, "what") {
			case 0, 1, 2:
				err := w.redeem(s, made.Code)
				is := slices.Contains(w.host.Members(id), s)
				if (err == nil) != is && !was {
					rt.Fatalf("Redeem = %v, but member = %v", err, is)
				}
				if err == nil && !was {
					if over() || revoked {
						rt.Fatal("somebody came in by an invite that is over")
					}
					if len(req.ForUserIDs) > 0 && !slices.Contains(req.ForUserIDs, s.UserID) {
						rt.Fatal("somebody came in by an invite for others")
					}
					users[s.UserID] = true
				}
			case 3:
				_ = w.join(s, id)
			case 4:
				w.host.PartyLeave(s, id)
				w.admission.Left(ctx, id, s)
			case 5:
				_ = w.invites.Decline(ctx, caller(s), made.Code)
			case 6:
				w.clock.Advance(time.Duration(rapid.IntRange(1, 20).Draw(rt, "seconds")) * time.Second)
			case 7:
				w.host.Disconnect(s)
				players[i] = w.host.Connect(s.UserID)
			case 8:
				if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
					w.must(w.invites.Revoke(ctx, caller(owner), made.ID, ""))
					revoked = revoked || !over()
				}
			}
			members := w.host.Members(id)
			held, err := w.admission.Held(ctx, id)
			if err != nil || len(members)+held > seats {
				rt.Fatalf("%d members and %d held seats of %d, %v", len(members), held, seats, err)
			}
			if (over() || revoked) && held != 0 {
				rt.Fatalf("%d seats held by an invite that is over", held)
			}
			if ghosts := w.host.Ghosts(id); len(ghosts) > 0 {
				rt.Fatalf("ghosts = %v", ghosts)
			}
			if rows, err := w.invites.List(ctx, caller(owner), id.String()); err != nil || len(rows) > 1 {
				rt.Fatalf("List = %v, %v", rows, err)
			} else if len(rows) == 1 {
				if rows[0].Uses != len(users) {
					rt.Fatalf("%d uses, but %d users came in", rows[0].Uses, len(users))
				}
			} else if !over() && !revoked {
				rt.Fatal("the invite is gone from the list")
			}
			if *req.MaxUses > 0 && len(users) > *req.MaxUses {
				rt.Fatalf("%d users came in by %d uses", len(users), *req.MaxUses)
			}
		}
		if t.Failed() {
			rt.Fatal("see above")
		}
	})
}
