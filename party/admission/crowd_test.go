package admission_test

import (
	"errors"
	"sync"
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

// When many connections end at once, storage gets two transactions, for any number of parties. The first change is
// written at once, and the others wait for it and are written together.
func TestEnded_CrowdIsWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, gone := crowdedKernel(t, 50)
		first := make(chan struct{})
		var once sync.Once
		k.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			once.Do(func() { <-first })
			return nil
		}
		reads, writes := k.host.Calls()
		var group sync.WaitGroup
		for i, s := range gone {
			group.Go(func() {
				if err := k.admission.Ended(t.Context(), s); err != nil {
					t.Error(err)
				}
			})
			if i == 0 {
				synctest.Wait() // it writes alone, and all others wait for it
			}
		}
		synctest.Wait()
		close(first)
		group.Wait()
		readsAfter, writesAfter := k.host.Calls()
		if reads, writes := readsAfter-reads, writesAfter-writes; reads != 2 || writes != 2 {
			t.Errorf("%d reads and %d writes; want 2 and 2", reads, writes)
		}
		if away := k.host.Objects("partyline_away"); away != len(gone) {
			t.Errorf("storage knows of %d kept seats; want %d", away, len(gone))
		}
		for _, s := range gone {
			seats, err := k.admission.KeptSeats(t.Context(), s.UserID)
			if err != nil || len(seats) != 1 {
				t.Fatalf("kept seats = %v, %v; want one", seats, err)
			}
		}
	})
}

// If the first transaction stalls, the others are written together a moment later.
func TestEnded_CrowdBehindAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, gone := crowdedKernel(t, 50)
		first, begun := make(chan struct{}), false
		k.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			if !begun {
				begun = true
				<-first
			}
			return nil
		}
		_, before := k.host.Calls()
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
		if _, writes := k.host.Calls(); writes-before != 1 {
			t.Errorf("%d writes beside the one that stalls; want 1", writes-before)
		}
		close(first)
		stalled.Wait()
		if away := k.host.Objects("partyline_away"); away != len(gone) {
			t.Errorf("storage knows of %d kept seats; want %d", away, len(gone))
		}
	})
}

// Storage does a transaction, but its answer is lost. Each party is still told of its members, once.
func TestEnded_AnswerLostOverACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, gone := crowdedKernel(t, 10)
		var mu sync.Mutex
		told := map[string]int{}
		k.news.Subscribe(func(c party.Change) {
			mu.Lock()
			defer mu.Unlock()
			if c.Kind == party.SeatAway {
				told[c.Seat.Member.UserID]++
			}
		})
		first, writes := make(chan struct{}), 0
		k.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			if writes++; writes == 1 {
				<-first
			}
			return nil
		}
		k.host.AfterWrite = func([]*runtime.StorageWrite) error {
			if writes == 2 { // all the others together
				return errors.New("answer lost")
			}
			return nil
		}
		var group sync.WaitGroup
		for _, s := range gone {
			group.Go(func() {
				if err := k.admission.Ended(t.Context(), s); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(first)
		group.Wait()
		for _, s := range gone {
			if told[s.UserID] != 1 {
				t.Errorf("the party of %s was told %d times; want once", s.Username, told[s.UserID])
			}
		}
	})
}

// A change that fails in the common transaction is tried alone, and only it fails.
func TestEnded_OneOfACrowdCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, gone := crowdedKernel(t, 10)
		broken, first := errors.New("broken"), make(chan struct{})
		poison := gone[6].UserID
		var once sync.Once
		k.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
			once.Do(func() { <-first })
			for _, w := range writes {
				if w.Key == poison {
					return broken
				}
			}
			return nil
		}
		var mu sync.Mutex
		failed := 0
		var group sync.WaitGroup
		for _, s := range gone {
			group.Go(func() {
				err := k.admission.Ended(t.Context(), s)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, broken) {
					failed++
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(first)
		group.Wait()
		if failed != 1 {
			t.Errorf("%d failed; want 1", failed)
		}
		if away := k.host.Objects("partyline_away"); away != len(gone)-2 { // the other one of its party fails with it
			t.Errorf("storage knows of %d kept seats; want %d", away, len(gone)-2)
		}
	})
}

// If the host panics during a common transaction, no caller waits for ever.
func TestEnded_HostPanicsOverACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, gone := crowdedKernel(t, 10)
		first := make(chan struct{})
		calls := 0
		k.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			switch calls++; calls {
			case 1:
				<-first
			case 2:
				panic("host")
			}
			return nil
		}
		var mu sync.Mutex
		panics, failed := 0, 0
		var group sync.WaitGroup
		for i, s := range gone {
			group.Go(func() {
				defer func() {
					if recover() != nil {
						mu.Lock()
						panics++
						mu.Unlock()
					}
				}()
				if err := k.admission.Ended(t.Context(), s); err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
				}
			})
			if i == 0 {
				synctest.Wait() // it writes, and all others wait for it
			}
		}
		synctest.Wait()
		close(first)
		group.Wait() // a caller that waits for ever makes the bubble fail
		if panics != 1 || failed != 8 {
			t.Errorf("%d panics, %d failures; want the writer's panic and 8 who are told", panics, failed)
		}
	})
}
