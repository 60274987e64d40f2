package status_test

import (
	"testing"
	"time"

	"partyline/party"
)

// The cost of one report while the party is told at the rate.
func BenchmarkService_Set(b *testing.B) {
	w := newWorld(b, time.Now)
	w.host.OnSend = nil
	parties := 500
	if testing.Short() {
		parties = 20
	}
	ids := make([]party.ID, parties)
	members := make([][]party.Session, parties)
	for i := range parties {
		members[i] = w.host.Players(4)
		ids[i] = w.party(4, members[i]...)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		n := i % parties
		if err := w.set(members[n][i/parties%4], report(ids[n], "downloading", float64(i%100)/100)); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// The cost of four badges for a preview, a rule or the landing page.
func BenchmarkService_Statuses(b *testing.B) {
	w := newWorld(b, time.Now)
	p := w.host.Players(4)
	id := w.party(4, p...)
	for _, s := range p {
		w.must(w.set(s, report(id, "downloading", 0.42)))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.status.Statuses(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	}
}
