package admission_test

import (
	"testing"

	"partyline/party"
)

// partyOfEight makes a full party of eight.
func partyOfEight(b *testing.B) (*kernel, party.ID) {
	k := newKernel(b)
	p := k.host.Players(8)
	id := k.create(p[0], true, 8)
	for _, s := range p[1:] {
		k.must(k.join(s, id))
	}
	return k, id
}

func BenchmarkRoster_View(b *testing.B) {
	k, id := partyOfEight(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.roster.View(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAdmission_Admit(b *testing.B) {
	k := newKernel(b)
	p := k.host.Players(2)
	id := k.create(p[0], false, 8)
	b.ReportAllocs()
	for b.Loop() {
		if err := k.admit(p[1], id); err != nil {
			b.Fatal(err)
		}
		k.leave(p[1], id)
	}
}

// The cost of the hooks around a native create and join, including the host's part.
func BenchmarkAdmission_NativeCreateAndJoin(b *testing.B) {
	k := newKernel(b)
	p := k.host.Players(2)
	b.ReportAllocs()
	for b.Loop() {
		id := k.create(p[0], true, 8)
		if err := k.join(p[1], id); err != nil {
			b.Fatal(err)
		}
		k.host.PartyClose(id)
		k.admission.Closed(b.Context(), id)
	}
}

// Only the before-hook of a PartyJoin.
func BenchmarkAdmission_BeginNative(b *testing.B) {
	k := newKernel(b)
	p := k.host.Players(2)
	id := k.create(p[0], true, 8)
	b.ReportAllocs()
	for b.Loop() {
		if err := k.admission.BeginJoin(b.Context(), id, p[1]); err != nil {
			b.Fatal(err)
		}
	}
}

// Only the after-hook of a PartyJoin.
func BenchmarkAdmission_EndNative(b *testing.B) {
	k := newKernel(b)
	p := k.host.Players(2)
	id := k.create(p[0], true, 8)
	k.must(k.join(p[1], id))
	b.ReportAllocs()
	for b.Loop() {
		k.admission.EndJoin(b.Context(), id, p[1])
	}
}
