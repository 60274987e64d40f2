package wiring_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/module/wiring"
	"partyline/party/overview"
)

// The answer for probes shows the sweep, storage and failures.
func TestStats_Health(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		nk := &nakama{onList: func(context.Context) error {
			if broken {
				panic("as asked")
			}
			return nil
		}}
		init, log := newInitializer(), &logBook{}
		if err := wiring.Register(bootContext(t, nil), log, nil, nk, init); err != nil {
			t.Fatal(err)
		}
		health := func() overview.Health {
			t.Helper()
			text, err := init.rpcs["party_admin_stats"](context.Background(), log, nil, nk, "{}")
			if err != nil {
				t.Fatal(err)
			}
			var stats overview.Stats
			if err := json.Unmarshal([]byte(text), &stats); err != nil {
				t.Fatal(err)
			}
			return stats.Health
		}
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		broken = false
		h := health()
		sweep := task(h, "invite sweep")
		if h.OK || len(h.Problems) != 1 || len(h.Tasks) != 3 || !sweep.Failing || h.Failures.Background != 1 {
			t.Errorf("after a sweep that panicked: %+v", h)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		h = health()
		sweep = task(h, "invite sweep")
		if !h.OK || sweep.Failing || sweep.Runs != 2 || sweep.Failures != 1 || sweep.LastError == "" || h.Storage.Reads == 0 || task(h, "gauges").Runs < 2 {
			t.Errorf("after one that worked: %+v", h)
		}
	})
}

func task(h overview.Health, name string) overview.Task {
	for _, task := range h.Tasks {
		if task.Name == name {
			return task
		}
	}
	return overview.Task{}
}

// A call that fails because of the server is counted; a refusal is not.
func TestStats_Failures(t *testing.T) {
	nk := &nakama{}
	m, _ := newModule(t, nk)
	init, log := newInitializer(), &logBook{}
	if err := m.Register(t.Context(), init); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Stop(context.Background()) })
	stats := func() (s overview.Stats) {
		t.Helper()
		text, err := init.rpcs["party_admin_stats"](context.Background(), log, nil, nk, "{}")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	_, _ = init.rpcs["party_invite_list"](userContext(), log, nil, nk, "{")
	before := stats()
	nk.onRead = func() error { return runtime.ErrStorageRejectedPermission }
	if _, err := init.rpcs["party_invite_preview"](userContext(), log, nil, nk, `{"code":"7XK2 9QPM 41TD ZZZZ"}`); err == nil {
		t.Fatal("a preview without storage")
	}
	after := stats()
	if before.Health.Failures.Calls != 0 || after.Health.Failures.Calls != 1 || after.Health.Storage.Errors != before.Health.Storage.Errors+1 {
		t.Errorf("failures went from %+v to %+v", before.Health, after.Health)
	}
	nk.mu.Lock()
	nk.onList = func(context.Context) error { return errors.New("the database is away") }
	nk.mu.Unlock()
	if away := stats(); away.Health.OK || !slices.ContainsFunc(away.Health.Problems, func(p string) bool { return strings.Contains(p, "the database is away") }) || !away.Invites.Unknown {
		t.Errorf("while the database is away: %+v", away)
	}
}

// Every failed page is counted, but not one that is refused for now, or for a visitor who has gone.
func TestStats_FailedPages(t *testing.T) {
	nk := &nakama{}
	m, _ := newModule(t, nk)
	init, log := newInitializer(), &logBook{}
	if err := m.Register(t.Context(), init); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Stop(context.Background()) })
	const visits = 40
	visit := func(code string, want int) {
		t.Helper()
		answer := httptest.NewRecorder()
		init.routes["/party/join/{code}/state"](answer, httptest.NewRequest(http.MethodGet, "/party/join/"+code+"/state", nil))
		if answer.Code != want {
			t.Fatalf("state = %d; want %d", answer.Code, want)
		}
	}
	nk.onRead = func() error { return context.DeadlineExceeded }
	for i := range visits {
		visit(fmt.Sprintf("7XK29QPM41TDZZ%02d", i), http.StatusServiceUnavailable)
	}
	nk.onRead = func() error { return runtime.ErrStorageRejectedPermission }
	for i := range visits {
		visit(fmt.Sprintf("7XK29QPM41TDYY%02d", i), http.StatusInternalServerError)
	}
	nk.onRead = nil
	text, err := init.rpcs["party_admin_stats"](context.Background(), log, nil, nk, "{}")
	if err != nil {
		t.Fatal(err)
	}
	var stats overview.Stats
	if err := json.Unmarshal([]byte(text), &stats); err != nil {
		t.Fatal(err)
	}
	if stats.Health.Failures.Pages != visits {
		t.Errorf("%d failed pages; want %d", stats.Health.Failures.Pages, visits)
	}
	for _, status := range []string{"busy", "5xx"} {
		if !slices.Contains(nk.metrics, "partyline_http map[route:landing_state status:"+status+"] +1") {
			t.Errorf("no request with the status %s: %q", status, nk.metrics)
		}
	}
}
