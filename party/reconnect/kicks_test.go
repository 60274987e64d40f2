package reconnect_test

import (
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// No seat is kept for a kicked player, also if the rules have no ban.
func TestGrace_NoSeatHeldForWhoWasKicked(t *testing.T) {
	for _, ban := range []time.Duration{minute, 0} {
		w := newWorld(t, partytest.NewTime().Now)
		w.set(func(p *rules.Parties) { p.KickBan = ban })
		p := w.host.Players(2)
		id := w.party(true, 4, p...)
		w.must(w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: "i", UserIDs: []string{p[1].UserID}, ExpiresAt: w.now().Add(time.Hour), Made: w.now()}))
		w.admission.Stored(id, "i")
		w.kick(p[0], p[1], id)
		if n, err := w.admission.Held(t.Context(), id); n != 0 || err != nil {
			t.Errorf("ban %s: %d seats held, %v", ban, n, err)
		}
	}
}
