package party_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
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
		if calls == 1 && err != first {
			t.Errorf("err = %v; want the first", err)
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

// failingDeletes is storage whose deletes fail, perhaps because another writer was faster.
type failingDeletes struct {
	*partytest.Host
	first func()
	err   error
}

func (s failingDeletes) StorageDelete(ctx context.Context, deletes []*runtime.StorageDelete) error {
	if s.first != nil {
		s.first()
	}
	if s.err != nil {
		return s.err
	}
	return s.Host.StorageDelete(ctx, deletes)
}

func TestRound_Remove(t *testing.T) {
	ctx := t.Context()
	broken := errors.New("storage is down")
	for name, c := range map[string]struct {
		first func(h *partytest.Host) error
		err   error
		left  int
	}{
		"removed": {},
		"gone": {first: func(h *partytest.Host) error {
			return h.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: "things", Key: "a"}})
		}},
		"written again": {left: 1, first: func(h *partytest.Host) error {
			_, err := h.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "things", Key: "a", Value: `{"b":1}`}})
			return err
		}},
		"broken": {err: broken, left: 1},
	} {
		h := partytest.NewHost()
		if _, err := h.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "things", Key: "a", Value: "{}"}}); err != nil {
			t.Fatal(err)
		}
		storage := failingDeletes{Host: h, err: c.err}
		if c.first != nil {
			storage.first = func() {
				if err := c.first(h); err != nil {
					t.Fatal(err)
				}
			}
		}
		r := party.Round{Storage: storage, Now: time.Now, Collection: "things"}
		err := r.Go(ctx, time.Second, func(o *api.StorageObject) error { return r.Remove(ctx, o) })
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v; want %v", name, err, c.err)
		}
		if left, _, err := h.StorageList(ctx, "", party.SystemUser, "things", 10, ""); err != nil || len(left) != c.left {
			t.Errorf("%s: %d objects are left, %v; want %d", name, len(left), err, c.left)
		}
	}
}
