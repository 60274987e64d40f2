package host_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/host"
)

type session struct{ id, user uuid.UUID }

func (s session) ID() uuid.UUID            { return s.id }
func (s session) UserID() uuid.UUID        { return s.user }
func (s session) Username() string         { return "ann" }
func (s session) Vars() map[string]string  { return map[string]string{"k": "v"} }
func (s session) Expiry() int64            { return 99 }
func (s session) Lang() string             { return "en" }
func (s session) ClientIP() string         { return "127.0.0.1" }
func (s session) ClientPort() string       { return "1" }
func (s session) Context() context.Context { return context.Background() }

type module struct{ *host.Base }

var _ runtime.NakamaModule = module{}

func load(t *testing.T, init func(runtime.Initializer) error) (*host.Host, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	nk := module{&host.Base{Metrics: host.NewMetrics(), RuntimePath: t.TempDir()}}
	h := host.New(host.Options{Node: "n1", Version: "v", Env: map[string]string{"A": "b"},
		Logger: host.NewLogger(slog.New(slog.NewTextHandler(&log, nil)))}, nk)
	err := h.Load(t.Context(), func(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, i runtime.Initializer) error {
		return init(i)
	})
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return h, &log
}

type rpc = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, string) (string, error)

func TestHost_RPC(t *testing.T) {
	var seen context.Context
	h, log := load(t, func(i runtime.Initializer) error {
		return errors.Join(
			i.RegisterRpc("Echo", func(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, p string) (string, error) {
				seen = ctx
				return p, nil
			}),
			i.RegisterRpc("coded", rpc(func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, string) (string, error) {
				return "", runtime.NewError("no seat", 8)
			})),
			i.RegisterRpc("plain", rpc(func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, string) (string, error) {
				return "", errors.New("plain")
			})),
			i.RegisterRpc("badcode", rpc(func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, string) (string, error) {
				return "", runtime.NewError("odd", 99)
			})),
			i.RegisterRpc("panics", rpc(func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, string) (string, error) {
				panic("boom")
			})),
		)
	})
	for _, c := range []struct {
		id, want string
		code     int
	}{
		{"ECHO", "hi", 0}, {"coded", "", 8}, {"plain", "", 13}, {"badcode", "", 13}, {"panics", "", 13}, {"absent", "", 13},
	} {
		got, code, err := h.RPC(t.Context(), host.Caller{}, c.id, "hi")
		if got != c.want || code != c.code || (err != nil) != (c.code != 0) {
			t.Errorf("RPC(%s) = %q, %d, %v; want %q, %d", c.id, got, code, err, c.want, c.code)
		}
	}
	if !strings.Contains(log.String(), "boom") {
		t.Error("the panic's value is not in the log")
	}
	if seen.Value(runtime.RUNTIME_CTX_USER_ID) != nil || seen.Value(runtime.RUNTIME_CTX_SESSION_ID) != nil {
		t.Error("a server-to-server call carries a user")
	}
	s := session{uuid.New(), uuid.New()}
	if _, _, err := h.SessionRPC(t.Context(), s, "echo", ""); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		runtime.RUNTIME_CTX_USER_ID: s.user.String(), runtime.RUNTIME_CTX_SESSION_ID: s.id.String(), runtime.RUNTIME_CTX_USERNAME: "ann",
		runtime.RUNTIME_CTX_NODE: "n1", runtime.RUNTIME_CTX_MODE: "rpc", runtime.RUNTIME_CTX_LANG: "en",
		runtime.RUNTIME_CTX_ENV: map[string]string{"A": "b"},
	} {
		if got := seen.Value(key); !reflect.DeepEqual(got, want) {
			t.Errorf("ctx[%s] = %v; want %v", key, got, want)
		}
	}
}

func TestHost_RealtimeHooks(t *testing.T) {
	h, _ := load(t, func(i runtime.Initializer) error {
		return errors.Join(
			i.RegisterBeforeRt("PartyJoin", func(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, in *rtapi.Envelope) (*rtapi.Envelope, error) {
				return nil, errors.New("first")
			}),
			i.RegisterBeforeRt("partyJOIN", func(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, in *rtapi.Envelope) (*rtapi.Envelope, error) {
				return in, nil
			}),
			i.RegisterBeforeRt("PartyCreate", func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope) (*rtapi.Envelope, error) {
				panic("boom")
			}),
			i.RegisterAfterRt("PartyCreate", func(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, out, in *rtapi.Envelope) error {
				panic("boom")
			}),
		)
	})
	s, in := session{uuid.New(), uuid.New()}, &rtapi.Envelope{Cid: "1"}
	if out, err := h.BeforeRt(t.Context(), s, "PartyJoin", in); out != in || err != nil {
		t.Errorf("the second registration does not replace the first: %v, %v", out, err)
	}
	if out, err := h.BeforeRt(t.Context(), s, "PartyLeave", in); out != in || err != nil {
		t.Errorf("a message without a hook changed: %v, %v", out, err)
	}
	if out, err := h.BeforeRt(t.Context(), s, "PartyCreate", in); out != nil || err == nil {
		t.Errorf("a panicking hook = %v, %v; want an error", out, err)
	}
	h.AfterRt(t.Context(), s, "PartyCreate", nil, in) // must not panic
}

func TestHost_Events(t *testing.T) {
	var got []string
	shut := false
	h, _ := load(t, func(i runtime.Initializer) error {
		return errors.Join(
			i.RegisterEventSessionEnd(func(ctx context.Context, _ runtime.Logger, evt *api.Event) {
				got = append(got, evt.Name+" "+evt.Properties["reason"]+" "+ctx.Value(runtime.RUNTIME_CTX_USERNAME).(string))
			}),
			i.RegisterEventSessionEnd(func(context.Context, runtime.Logger, *api.Event) { panic("boom") }),
			i.RegisterShutdown(func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) { shut = true }),
		)
	})
	s := session{uuid.New(), uuid.New()}
	h.SessionStart(s)
	h.SessionEnd(s, "gone")
	h.Wait()
	h.Close(t.Context())
	if !reflect.DeepEqual(got, []string{"session_end gone ann"}) || !shut {
		t.Errorf("events = %q, shutdown %v", got, shut)
	}
}

func TestHost_Unsupported(t *testing.T) {
	load(t, func(i runtime.Initializer) error {
		err := i.RegisterTournamentEnd(nil)
		if err == nil || err.Error() != "not supported by the embedded engine: RegisterTournamentEnd" {
			t.Errorf("RegisterTournamentEnd = %v", err)
		}
		if err := i.RegisterHttp("no-slash", nil); err == nil {
			t.Error("a path without a slash is taken")
		}
		return i.RegisterHttp("/x/{code}", func(http.ResponseWriter, *http.Request) {}, "GET", "HEAD")
	})
	nk := module{&host.Base{Metrics: host.NewMetrics()}}
	if _, err := nk.LeaderboardList(1, ""); err == nil || err.Error() != "not supported by the embedded engine: LeaderboardList" {
		t.Errorf("LeaderboardList = %v", err)
	}
}

// Every method that can return an error must do so: none may seem to work.
func TestBase_EveryRefusalNamesItsCall(t *testing.T) {
	supported := map[string]bool{"Event": true, "ReadFile": true}
	nk := reflect.ValueOf(module{&host.Base{Metrics: host.NewMetrics()}})
	iface := reflect.TypeFor[runtime.NakamaModule]()
	for i := range iface.NumMethod() {
		m := iface.Method(i)
		outs := m.Type.NumOut()
		if supported[m.Name] || outs == 0 || m.Type.Out(outs-1) != reflect.TypeFor[error]() {
			continue
		}
		args := make([]reflect.Value, 0, m.Type.NumIn())
		for j := range m.Type.NumIn() {
			if m.Type.IsVariadic() && j == m.Type.NumIn()-1 {
				break
			}
			args = append(args, reflect.Zero(m.Type.In(j)))
		}
		err, _ := nk.MethodByName(m.Name).Call(args)[outs-1].Interface().(error)
		if err == nil || err.Error() != "not supported by the embedded engine: "+m.Name {
			t.Errorf("%s = %v", m.Name, err)
		}
	}
}

func TestBase_ReadFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.yml"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &host.Base{RuntimePath: dir}
	f, err := b.ReadFile("rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Name() != filepath.Join(dir, "rules.yml") {
		t.Errorf("Name = %s", f.Name())
	}
	if _, err := b.ReadFile("../etc/passwd"); err == nil {
		t.Error("a path out of the runtime path is opened")
	}
}

func TestMetrics_Snapshot(t *testing.T) {
	m := host.NewMetrics()
	m.MetricsCounterAdd("a", map[string]string{"y": "2", "x": "1"}, 2)
	m.MetricsCounterAdd("a", map[string]string{"x": "1", "y": "2"}, 3)
	m.MetricsGaugeSet("g", nil, 7)
	m.MetricsTimerRecord("t", nil, 1500)
	want := map[string]float64{"a{x=1,y=2}": 5, "g": 7, "t_count": 1, "t_sum": 1500e-9}
	if got := m.Snapshot(); !reflect.DeepEqual(got, want) {
		t.Errorf("Snapshot = %v; want %v", got, want)
	}
}
