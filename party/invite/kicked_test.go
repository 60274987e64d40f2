package invite_test

import (
	"testing"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// If storage fails at the moment of a kick, the invite still stops holding the kicked user's seat later. The same is
// true for an inviter who has left: a later look at the party releases those seats.
func TestService_AKickEndsTheHeldSeatLater(t *testing.T) {
	for name, again := range map[string]func(w *world, id party.ID){
		"read_again":    func(w *world, id party.ID) { w.admission.HoldsChanged(id, true) },
		"after_restart": func(w *world, _ party.ID) { w.node = w.start() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			w := newWorld(t)
			p := w.host.Players(4)
			id := w.party(p[0], true, 3)
			w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true, TTLSec: ptr[int64](3600)})
			w.must(w.join(p[1], id))
			w.must(w.join(p[2], id))
			w.host.PartyLeave(p[1], id)
			failed := 0
			w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
				if writes[0].Collection == "partyline_invites" && failed == 0 {
					failed++
					return errAway
				}
				return nil
			}
			w.must(w.admission.Kicked(ctx, id, p[1]))
			w.held(id, 0)
			w.settled()
			if failed != 1 {
				t.Fatal("the kick wrote no invite")
			}
			again(w, id)
			w.held(id, 0)
			w.must(w.join(p[3], id))
		})
	}
}

// The same for an inviter who leaves.
func TestService_ALeaveEndsTheHeldSeatLater(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], true, 3)
	w.must(w.join(p[2], id))
	w.create(p[2], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true, TTLSec: ptr[int64](3600)})
	w.held(id, 1)
	failed := 0
	w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
		if writes[0].Collection == "partyline_invites" && failed == 0 {
			failed++
			return errAway
		}
		return nil
	}
	w.host.PartyLeave(p[2], id)
	w.admission.Left(t.Context(), id, p[2])
	w.held(id, 0)
	w.settled()
	w.node = w.start()
	w.held(id, 0)
	if failed != 1 {
		t.Fatal("the leave wrote no invite")
	}
}
