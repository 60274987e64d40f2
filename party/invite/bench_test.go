package invite_test

import (
	"testing"

	"partyline/party"
)

func BenchmarkService_Redeem(b *testing.B) {
	w := newWorld(b)
	owner := w.host.Player("owner")
	id := w.party(owner, false, 256)
	code := w.create(owner, party.InviteRequest{PartyID: id.String()}).Code
	player := w.host.Player("player")
	for b.Loop() {
		if err := w.redeem(player, code); err != nil {
			b.Fatal(err)
		}
		w.host.PartyLeave(player, id)
		w.admission.Left(b.Context(), id, player)
	}
}

func BenchmarkService_PublicPreview(b *testing.B) {
	w := newWorld(b)
	owner := w.host.Player("owner")
	id := w.party(owner, false, 8)
	code := w.create(owner, party.InviteRequest{PartyID: id.String()}).Code
	for b.Loop() {
		if _, err := w.invites.PublicPreview(b.Context(), code, ""); err != nil {
			b.Fatal(err)
		}
	}
}
