package party_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/partytest"
)

func TestRound(t *testing.T) {
	host, clock := partytest.NewHost(), partytest.NewTime()
	var writes []*runtime.StorageWrite
	for i := range 250 {
		writes = append(writes, &runtime.StorageWrite{Collection: "things", Key: fmt.Sprintf("%03d", i), Value: "{}"})
	}
	if _, err := host.StorageWrite(t.Context(), writes); err != nil {
		t.Fatal(err)
	}
	r := party.Round{Storage: host, Now: clock.Now, Collection: "things"}
	seen := map[string]int{}
	first := errors.New("first")
	for calls := 1; ; calls++ {
		err := r.Go(t.Context(), time.Second, func(o *api.StorageObject) error {
			seen[o.GetKey()]++
			clock.Advance(20 * time.Millisecond)
			switch o.GetKey() {
			case "001":
				return first
			case "002", "003":
				return errors.New("another")
			}
			return nil
		})
		if calls == 1 && (!errors.Is(err, first) || err.Error() != "first (and 2 failures more)") {
			t.Errorf("err = %v; want the first, and a count", err)
		}
		if calls > 1 && err != nil {
			t.Errorf("err = %v; want none", err)
		}
		if r.Done() {
			if calls != 3 {
				t.Errorf("%d calls; want 3, each a second long", calls)
			}
			break
		}
	}
	for key, times := range seen {
		if times != 1 {
			t.Errorf("%s was looked at %d times", key, times)
		}
	}
	if len(seen) != 250 {
		t.Errorf("%d objects were looked at; want 250", len(seen))
	}
}
