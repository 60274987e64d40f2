package store_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"pgregory.net/rapid"

	"partyline/local/engine/store"
)

// TestStorage_Model compares random batches of writes and deletes with a map.
func TestStorage_Model(t *testing.T) {
	s := store.New(store.Options{})
	nk := s.Module()
	owner, _, _, err := nk.AuthenticateDevice(ctx, "0123456789", "ada", true)
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		collection := fmt.Sprintf("run %d", runs)
		model := map[string]string{} // key -> value
		keys := rapid.SampledFrom([]string{"a", "b", "c"})
		values := rapid.SampledFrom([]string{`{}`, `{"n": 1}`, `{"n": 2}`})
		conditions := rapid.Custom(func(t *rapid.T) string {
			if rapid.Bool().Draw(t, "named") {
				return store.ObjectVersion(values.Draw(t, "version of"))
			}
			return rapid.SampledFrom([]string{"", "*", "never"}).Draw(t, "condition")
		})
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				var writes []*runtime.StorageWrite
				next, fits := maps.Clone(model), true
				for _, key := range rapid.SliceOfNDistinct(keys, 1, 3, rapid.ID).Draw(t, "keys") {
					w := &runtime.StorageWrite{Collection: collection, Key: key, UserID: owner, Value: values.Draw(t, "value"), Version: conditions.Draw(t, "if")}
					writes = append(writes, w)
					old, exists := model[key]
					switch w.Version {
					case "":
					case "*":
						fits = fits && !exists
					default:
						fits = fits && exists && store.ObjectVersion(old) == w.Version
					}
					next[key] = w.Value
				}
				acks, err := nk.StorageWrite(ctx, writes)
				if !fits {
					if !errors.Is(err, runtime.ErrStorageRejectedVersion) || acks != nil {
						t.Fatalf("a write against its condition = %v, %v", acks, err)
					}
					return
				}
				if err != nil || len(acks) != len(writes) {
					t.Fatalf("write = %v, %v", acks, err)
				}
				for i, ack := range acks {
					if ack.Key != writes[i].Key || ack.Version != store.ObjectVersion(writes[i].Value) {
						t.Fatalf("ack %d = %v; want that of %v", i, ack, writes[i])
					}
				}
				model = next
			},
			"delete": func(t *rapid.T) {
				key, version := keys.Draw(t, "key"), conditions.Draw(t, "if")
				if version == "*" {
					version = ""
				}
				old, exists := model[key]
				fits := version == "" || exists && store.ObjectVersion(old) == version
				err := nk.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: collection, Key: key, UserID: owner, Version: version}})
				if fits != (err == nil) {
					t.Fatalf("delete %s if %q = %v; holds %q", key, version, err, old)
				}
				if fits {
					delete(model, key)
				}
			},
			"": func(t *rapid.T) {
				objects, cursor, err := nk.StorageList(ctx, "", owner, collection, 10, "")
				if err != nil || cursor != "" {
					t.Fatalf("list = %q, %v", cursor, err)
				}
				got := map[string]string{}
				for _, o := range objects {
					got[o.Key] = o.Value
				}
				if !maps.Equal(got, model) {
					t.Fatalf("stored %v; want %v", got, model)
				}
				if !slices.IsSortedFunc(objects, func(a, b *api.StorageObject) int { return strings.Compare(a.Key, b.Key) }) {
					t.Fatalf("listed out of order: %v", objects)
				}
			},
		})
	})
}

// TestStorage_Race lets many writers increment one object by compare-and-set. No increment may be lost or counted
// twice.
func TestStorage_Race(t *testing.T) {
	const writers, each = 16, 25
	nk := store.New(store.Options{}).Module()
	id := []*runtime.StorageRead{{Collection: "c", Key: "counter"}}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				objects, err := nk.StorageRead(ctx, id)
				n, version := 0, "*"
				if err == nil && len(objects) > 0 {
					version = objects[0].Version
					_, err = fmt.Sscanf(objects[0].Value, `{"n": %d}`, &n)
				}
				if err == nil {
					_, err = nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: "counter", Value: fmt.Sprintf(`{"n":%d}`, n+1), Version: version}})
				}
				switch {
				case err == nil:
					done++
				case !errors.Is(err, runtime.ErrStorageRejectedVersion):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	objects, err := nk.StorageRead(ctx, id)
	if want := fmt.Sprintf(`{"n": %d}`, writers*each); err != nil || len(objects) != 1 || objects[0].Value != want {
		t.Errorf("counter = %v, %v; want %s", objects, err, want)
	}
}

// TestStorage_Form checks that values read back as PostgreSQL prints them. A PostgreSQL server printed the right
// column.
func TestStorage_Form(t *testing.T) {
	nk := store.New(store.Options{}).Module()
	for value, want := range map[string]string{
		`{}`:               `{}`,
		` { "b":1,"a" :2}`: `{"a": 2, "b": 1}`,
		`{"b":1,"aa":-0,"a":1e3,"c":1.50e1,"d":12e-4,"f":[1,{}],"g":-0.0,"g2":1E-2}`: `{"a": 1000, "b": 1, "c": 15.0, "d": 0.0012, "f": [1, {}], "g": 0.0, "aa": 0, "g2": 0.01}`,
		`{"a":[1.23e1,0e5,0.0e2,100e-1,1.5e-3,15e-3,-1.5E+2]}`:                       `{"a": [12.3, 0, 0, 10.0, 0.0015, 0.015, -150]}`,
		`{"a":1,"a":2}`:                         `{"a": 2}`,
		`{"a":"\u0001\u00e9<\/\n\t\r\b\f\"\\"}`: `{"a": "\u0001é</\n\t\r\b\f\"\\"}`,
		`{"a":[true,false,null]}`:               `{"a": [true, false, null]}`,
	} {
		acks, err := nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: "k", Value: value}})
		if err != nil || acks[0].Version != store.ObjectVersion(value) {
			t.Errorf("write %s = %v, %v; want the version of the text as it is", value, acks, err)
			continue
		}
		objects, _ := nk.StorageRead(ctx, []*runtime.StorageRead{{Collection: "c", Key: "k"}})
		if objects[0].Value != want {
			t.Errorf("%s reads back as %s; want %s", value, objects[0].Value, want)
		}
	}
	for _, value := range []string{`{"a":"\u0000"}`, `{"a":1e999999}`, `{"\u0000":1}`} {
		if _, err := nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: "k", Value: value}}); !store.IsDatabaseError(err) {
			t.Errorf("write %s = %v; want a refusal of the database", value, err)
		}
	}
}

func TestStorage_Permissions(t *testing.T) {
	f := newFixture(t, store.Options{})
	a, b := f.user("ada"), f.user("bob")
	for i, key := range []string{"server", "owner", "public"} {
		errorOf2(f.nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: key, UserID: a, Value: "{}", PermissionRead: i}}))
	}
	for caller, want := range map[string]int{"": 3, a: 2, b: 1} {
		objects, _, err := f.nk.StorageList(ctx, caller, a, "c", 10, "")
		if err != nil || len(objects) != want {
			t.Errorf("list as %q = %v, %v; want %d", caller, objects, err, want)
		}
	}
	if objects, _, _ := f.nk.StorageList(ctx, "", "", "c", 10, ""); len(objects) != 3 {
		t.Errorf("the server lists %d of everybody; want 3", len(objects))
	}
	if objects, _, _ := f.nk.StorageList(ctx, b, "", "c", 10, ""); len(objects) != 1 {
		t.Errorf("a user lists %d of everybody; want the public one", len(objects))
	}
}

// TestStorage_Pages lists a collection with every permission in pages of every size.
func TestStorage_Pages(t *testing.T) {
	nk := store.New(store.Options{}).Module()
	var writes []*runtime.StorageWrite
	for i := range 10 {
		writes = append(writes, &runtime.StorageWrite{Collection: "c", Key: fmt.Sprint(i), Value: "{}", PermissionRead: i % 3})
	}
	if _, err := nk.StorageWrite(ctx, writes); err != nil {
		t.Fatal(err)
	}
	for limit := 1; limit <= 11; limit++ {
		var got []string
		for cursor, first := "", true; first || cursor != ""; first = false {
			var objects []*api.StorageObject
			var err error
			if objects, cursor, err = nk.StorageList(ctx, "", uuid.Nil.String(), "c", limit, cursor); err != nil {
				t.Fatal(err)
			}
			for _, o := range objects {
				got = append(got, o.Key)
			}
		}
		if strings.Join(got, "") != "0369147258" {
			t.Errorf("pages of %d = %v", limit, got)
		}
	}
}

func TestStorage_ValuesAreCopies(t *testing.T) {
	nk := store.New(store.Options{}).Module()
	errorOf2(nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "c", Key: "k", Value: "{}"}}))
	read := func() *api.StorageObject {
		return first(nk.StorageRead(ctx, []*runtime.StorageRead{{Collection: "c", Key: "k"}}))[0]
	}
	o := read()
	o.Value, o.CreateTime.Seconds = "changed", 1
	if again := read(); again.Value != "{}" || again.CreateTime.Seconds == 1 {
		t.Errorf("a caller changed the store: %v", again)
	}
}

func TestMultiUpdate(t *testing.T) {
	f := newFixture(t, store.Options{})
	a := f.user("ada")
	write := func(key, version string) *runtime.StorageWrite {
		return &runtime.StorageWrite{Collection: "c", Key: key, UserID: a, Value: "{}", Version: version}
	}
	acks, _, err := f.nk.MultiUpdate(ctx, nil, []*runtime.StorageWrite{write("k", "*")}, []*runtime.StorageDelete{{Collection: "c", Key: "none", UserID: a}}, nil, false)
	if err != nil || len(acks) != 1 {
		t.Fatalf("MultiUpdate = %v, %v", acks, err)
	}
	for name, call := range map[string]func() error{
		"write": func() error {
			return errorOf3(f.nk.MultiUpdate(ctx, nil, []*runtime.StorageWrite{write("new", ""), write("k", "*")}, nil, nil, false))
		},
		"delete": func() error {
			return errorOf3(f.nk.MultiUpdate(ctx, nil, []*runtime.StorageWrite{write("new", "")},
				[]*runtime.StorageDelete{{Collection: "c", Key: "k", UserID: a, Version: "never"}}, nil, false))
		},
	} {
		if err := call(); err == nil {
			t.Errorf("%s: a call against a condition succeeded", name)
		}
		if objects, _ := f.nk.StorageRead(ctx, []*runtime.StorageRead{{Collection: "c", Key: "new", UserID: a}}); len(objects) != 0 {
			t.Errorf("%s: an object was written although the call failed", name)
		}
	}
	if acks, results, err := f.nk.MultiUpdate(ctx, nil, nil, nil, nil, false); acks != nil || results != nil || err != nil {
		t.Errorf("MultiUpdate of nothing = %v, %v, %v", acks, results, err)
	}
}
