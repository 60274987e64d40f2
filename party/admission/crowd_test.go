package admission_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// crowdedKernel makes parties of three, each of which loses two members at the same time.
func crowdedKernel(t *testing.T, parties int) (k *kernel, gone []party.Session) {
	k = newKernel(t)
	k.conf.Parties.ReconnectGrace = 10 * time.Minute
	p := k.host.Players(3 * parties)
	for i := 0; i < len(p); i += 3 {
		id := k.create(p[i], true, 4)
		k.must(k.join(p[i+1], id))
		k.must(k.join(p[i+2], id))
		gone = append(gone, p[i+1], p[i+2])
	}
	for _, s := range gone {
		k.host.Disconnect(s)
	}
	return k, gone
}

// If one transaction stalls, the others do not wait for it.
func TestEnded_CrowdBehindAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, gone := crowdedKernel(t, 50)
		first := make(chan struct{})
		var begun atomic.Bool
		k.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			if !begun.Swap(true) {
				<-first
			}
			return nil
		}
		var stalled, group sync.WaitGroup
		for i, s := range gone {
			if i == 1 { // of the same party
				continue
			}
			ended := func() {
				if err := k.admission.Ended(t.Context(), s); err != nil {
					t.Error(err)
				}
			}
			if i == 0 {
				stalled.Go(ended)
				synctest.Wait()
			} else {
				group.Go(ended)
			}
		}
		group.Wait()
		close(first)
		stalled.Wait()
		if away := k.host.Objects("partyline_away"); away != len(gone) {
			t.Errorf("storage knows of %d kept seats; want %d", away, len(gone))
		}
	})
}
