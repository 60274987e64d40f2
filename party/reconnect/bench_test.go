package reconnect_test

import (
	"testing"
	"time"

	"partyline/party"
)

// The cost of the end of a session without a party, with a thousand sessions in parties.
func BenchmarkEnded_InNoParty(b *testing.B) {
	w := newWorld(b, time.Now)
	for range 250 {
		w.party(true, 4, w.host.Players(4)...)
	}
	s := w.host.Player("stranger")
	reads, writes := w.host.Calls()
	b.ReportAllocs()
	for b.Loop() {
		if err := w.grace.Ended(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	if r, wr := w.host.Calls(); r != reads || wr != writes {
		b.Errorf("%d reads, %d writes; want none", r-reads, wr-writes)
	}
}

// The start of a session under the default rules, which resume nobody.
func BenchmarkStarted_WithoutTheRule(b *testing.B) {
	w := newWorld(b, time.Now)
	s := w.host.Player("stranger")
	b.ReportAllocs()
	for b.Loop() {
		if err := w.grace.Started(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}

// One of four members drops and comes back; storage takes no time.
func BenchmarkDropAndResume(b *testing.B) {
	w := newWorld(b, time.Now)
	p := w.host.Players(4)
	id := w.party(true, 4, p...)
	s := p[1]
	b.ReportAllocs()
	for b.Loop() {
		w.host.Disconnect(s)
		if err := w.ended(s); err != nil {
			b.Fatal(err)
		}
		s = w.host.Connect(s.UserID)
		if got, err := w.resume(s); err != nil || got != (party.Resumption{PartyID: id.String(), Joined: true}) {
			b.Fatal(got, err)
		}
	}
}
