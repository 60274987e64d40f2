package store_test

import (
	"fmt"
	"testing"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/store"
)

// crowded returns a store with many objects in one collection.
func crowded(b *testing.B) store.Module {
	nk := store.New(store.Options{}).Module()
	writes := make([]*runtime.StorageWrite, 10_000)
	for i := range writes {
		writes[i] = &runtime.StorageWrite{Collection: "c", Key: fmt.Sprintf("%06d", i), Value: `{"n":1,"text":"some value"}`}
	}
	if _, err := nk.StorageWrite(ctx, writes); err != nil {
		b.Fatal(err)
	}
	return nk
}

func BenchmarkStorageWrite_In10000(b *testing.B) {
	nk := crowded(b)
	i := 0
	for b.Loop() {
		i++
		if _, err := nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: fmt.Sprintf("%06d", i%10_000), Value: fmt.Sprintf(`{"n":%d}`, i)}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStorageList_PageOf10000(b *testing.B) {
	nk := crowded(b)
	_, cursor, err := nk.StorageList(ctx, "", "", "c", 5_000, "")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if objects, _, err := nk.StorageList(ctx, "", "", "c", 100, cursor); err != nil || len(objects) != 100 {
			b.Fatal(len(objects), err)
		}
	}
}
