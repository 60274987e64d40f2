package wiring_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/module/wiring"
)

// newModule makes a module that is not registered.
func newModule(t testing.TB, nk *nakama) (*wiring.Module, *logBook) {
	t.Helper()
	log := &logBook{}
	m, err := wiring.New(context.Background(), wiring.Options{Nakama: nk, Logger: log, SweepEvery: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return m, log
}

func TestSweep_RunsUntilStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nk := &nakama{}
		m, _ := newModule(t, nk)
		m.Start()
		m.Start()
		synctest.Wait()
		if got := nk.listed(); got != 0 {
			t.Errorf("storage was listed %d times at the start; want none before the first minute", got)
		}
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		first := nk.listed()
		if first == 0 {
			t.Fatal("no sweep after a minute")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		all := nk.listed()
		if got := all - first; got != first {
			t.Errorf("storage was listed %d times in the second round; want %d, as in the first", got, first)
		}
		m.Stop(context.Background())
		m.Stop(context.Background())
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := nk.listed(); got != all {
			t.Errorf("storage was listed %d times; want no sweep after the stop", got-all)
		}
	})
}

// backlog is a host with pages of invites to delete. Each page takes as long as one sweep may.
type backlog struct {
	*nakama
	pages atomic.Int32
}

func (b *backlog) StorageList(_ context.Context, _, _, collection string, _ int, _ string) ([]*api.StorageObject, string, error) {
	if collection != "partyline_invites" || b.pages.Load() == 0 {
		return nil, "", nil
	}
	time.Sleep(20 * time.Second)
	if b.pages.Add(-1) == 0 {
		return nil, "", nil
	}
	return []*api.StorageObject{{Collection: collection, Key: "old", Value: `{"id":"old"}`}}, "more", nil
}

func (b *backlog) StorageDelete(context.Context, []*runtime.StorageDelete) error { return nil }

// If there is more to delete than one sweep can, the next sweep does not wait a minute.
func TestSweep_CatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nk := &backlog{nakama: &nakama{}}
		nk.pages.Store(6)
		m, err := wiring.New(t.Context(), wiring.Options{Nakama: nk, Logger: &logBook{}, SweepEvery: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		m.Start()
		defer m.Stop(context.Background())
		time.Sleep(time.Minute + 6*21*time.Second)
		if left := nk.pages.Load(); left != 0 {
			t.Errorf("%d pages are left", left)
		}
	})
}

func TestSweep_SurvivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nk := &nakama{onList: func(context.Context) error { panic("as asked") }}
		m, log := newModule(t, nk)
		m.Start()
		defer m.Stop(context.Background())
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		if got := nk.listed(); got != 3 {
			t.Errorf("storage was listed %d times in three minutes; want one per minute", got)
		}
		if !log.has("panic: as asked") {
			t.Errorf("log = %q; want the panic", log.lines)
		}
	})
}

func TestStop_NeverStarted(t *testing.T) {
	m, _ := newModule(t, &nakama{})
	m.Stop(context.Background())
}

func TestStop_DoesNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		nk := &nakama{onList: func(context.Context) error { <-stuck; return nil }}
		m, log := newModule(t, nk)
		m.Start()
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		m.Stop(ctx)
		if !log.has("did not end in time") {
			t.Errorf("log = %q; want a warning", log.lines)
		}
		close(stuck)
	})
}

// The module works until the host cancels the context of InitModule. The host does so after the grace of a shutdown,
// in which players still play.
func TestRegister_RunsUntilTheHostEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nk, init, log := &nakama{onList: func(context.Context) error { time.Sleep(time.Second); return nil }}, newInitializer(), &logBook{}
		ctx, end := context.WithCancel(bootContext(t, nil))
		if err := wiring.Register(ctx, log, nil, nk, init); err != nil {
			t.Fatal(err)
		}
		shutdown := func() (took time.Duration) {
			from := time.Now()
			init.shutdown(context.Background(), log, nil, nk)
			return time.Since(from)
		}
		if took := shutdown(); took > 0 {
			t.Errorf("the shutdown function took %v of the grace", took)
		}
		time.Sleep(time.Minute + 500*time.Millisecond)
		before := nk.listed()
		if before == 0 {
			t.Error("no background work ran in the grace")
		}
		end()
		if took := shutdown(); took != 500*time.Millisecond {
			t.Errorf("waited %v for the work under way", took)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := nk.listed(); got != before || log.has("did not end in time") {
			t.Errorf("storage was listed %d times after the end; log %q", got-before, log.lines)
		}
	})
}

func TestRules_AreReloadedLive(t *testing.T) {
	path := writeRules(t, "version: 1\nparties:\n  max_size: {default: 3}\n")
	synctest.Test(t, func(t *testing.T) {
		nk := &nakama{path: path}
		init, log := newInitializer(), &logBook{}
		if err := wiring.Register(bootContext(t, map[string]string{"PARTY_RULES": "rules.yml"}), log, nil, nk, init); err != nil {
			t.Fatal(err)
		}
		change := func(text string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(path, "rules.yml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			synctest.Wait()
		}
		change("version: 1\nparties:\n  max_size: {default: 5}\n")
		if got := createdSize(t, init, log, nk); got != 5 {
			t.Errorf("a party without a size gets %d seats; want the new file's 5", got)
		}
		change("version: 1\nparties:\n  max_size: {default: many}\n")
		if got := createdSize(t, init, log, nk); got != 5 {
			t.Errorf("a party without a size gets %d seats; want 5, the broken file changing nothing", got)
		}
		if !log.has("error rules not loaded, the previous ones stay active") || !log.has("rules.yml:3:") {
			t.Errorf("log = %q; want the broken file's problems", log.lines)
		}
		change("version: 1\ninvites: {page: {font: none.ttf}}\n")
		if !log.has("rules.yml:2:24: warning: invites.page.font: ") || !log.has("none.ttf: no such file or directory") {
			t.Errorf("log = %q; want a warning of the font", log.lines)
		}
	})
}
