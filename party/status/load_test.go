package status_test

import (
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
)

// 800 sockets in 200 parties report five times a second, by a clock that does not depend on the machine. Each party
// gets exactly the messages that the rate allows, with the last values among them. After the parties have ended,
// nothing is kept of them. local/e2e has the test of a server with real sockets.
func TestService_Load(t *testing.T) {
	const parties, size, seconds, perSecond = 200, 4, 2, 5
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		ids := make([]party.ID, parties)
		members := make([][]party.Session, parties)
		for i := range parties {
			members[i] = w.host.Players(size)
			ids[i] = w.party(size, members[i]...)
		}
		for n := range seconds * perSecond {
			for i, id := range ids {
				for _, s := range members[i] {
					w.must(w.set(s, report(id, "downloading", float64(n+1)/(seconds*perSecond))))
				}
			}
			time.Sleep(time.Second / perSecond)
		}
		time.Sleep(time.Second)
		byParty := map[string][]message{}
		for _, m := range w.heard() {
			byParty[m.party] = append(byParty[m.party], m)
		}
		rate := w.conf.Status.Rate
		most := seconds*int(time.Second)*rate.N/int(rate.Per) + 1
		for i, id := range ids {
			told := byParty[id.String()]
			if len(told) == 0 || len(told) > most {
				t.Fatalf("a party heard %d messages; want 1 to %d", len(told), most)
			}
			if err := spacing(told, rate); err != nil {
				t.Fatal(err)
			}
			shown := screen(told)
			for _, s := range members[i] {
				if shown[s.SessionID].progress != 1 {
					t.Fatalf("a member is shown as %+v; want the last value", shown[s.SessionID])
				}
			}
		}
		for i, id := range ids {
			if i%2 == 0 {
				w.host.PartyClose(id)
				w.admission.Closed(t.Context(), id)
				continue
			}
			for _, s := range members[i] {
				w.disconnect(s)
			}
		}
		w.quiet()
		if n := w.status.Kept(); n != 0 {
			t.Errorf("%d parties are remembered", n)
		}
		for _, id := range ids {
			if n := w.host.OnStream(103, id.UUID.String(), id.Node); n != 0 {
				t.Fatalf("%d statuses are left", n)
			}
		}
	})
}
