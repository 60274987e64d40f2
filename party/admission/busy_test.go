package admission_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/ledger"
)

// What operators read does not wait for a party with a stalled write. It says for which parties the data is incomplete.
func TestDetail_OfABusyParty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKernel(t)
		p := k.host.Players(6)
		busy, idle := k.create(p[0], true, 4), k.create(p[2], true, 4)
		k.must(k.join(p[1], busy))
		k.must(k.admission.Hold(t.Context(), idle, k.hold("i", p[3])))
		gate := make(chan struct{})
		k.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
			if slices.ContainsFunc(writes, func(o *runtime.StorageWrite) bool { return o.Key == busy.UUID.String() }) {
				<-gate
			}
			return nil
		}
		go k.kick(p[1], busy)
		synctest.Wait()
		d, err := k.admission.Detail(t.Context(), busy)
		if err != nil || !d.Busy || d.ID != busy || d.Origin != busy || d.Size() != 1 || d.MaxSize != 4 || !d.Open {
			t.Errorf("the busy party: %+v, %v; want what the host knows of it", d, err)
		}
		over, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		if d, err := k.admission.Detail(over, busy); err != nil || !d.Busy || d.Size() != 1 {
			t.Errorf("the busy party, once the caller's time is over: %+v, %v; want what the host knows of it", d, err)
		}
		err = k.admission.TryVisit(t.Context(), idle, func(*ledger.Visit) error { return context.DeadlineExceeded })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a visit that takes too long: %v; want its own error", err)
		}
		if d, err := k.admission.Detail(t.Context(), idle); err != nil || d.Busy || d.Held("") != 1 {
			t.Errorf("the other party: %+v, %v", d, err)
		}
		if s := k.admission.Stats(); s.Parties != 2 || s.Busy != 1 || s.Holds != 1 || s.Kicks != 0 {
			t.Errorf("stats %+v; want one of two parties counted whole", s)
		}
		close(gate)
		synctest.Wait()
		if d, err := k.admission.Detail(t.Context(), busy); err != nil || d.Busy || len(d.Kicks) != 1 {
			t.Errorf("once the write is done: %+v, %v", d, err)
		}
		if s := k.admission.Stats(); s.Busy != 0 || s.Kicks != 1 {
			t.Errorf("stats once the write is done: %+v", s)
		}
	})
}

// If a hold expires after its party has ended, no news of the party is published.
func TestHolds_EndBehindTheParty(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	k.must(k.admission.Hold(t.Context(), id, k.hold("i", p[1])))
	k.host.PartyClose(id)
	k.admission.Closed(t.Context(), id)
	var late []party.Change
	k.news.Subscribe(func(c party.Change) { late = append(late, c) })
	k.admission.Release(id, "i")
	k.admission.HoldsChanged(id, false)
	k.admission.Stored(id, "i")
	if len(late) > 0 {
		t.Errorf("news of a party that has ended: %+v", late)
	}
}
