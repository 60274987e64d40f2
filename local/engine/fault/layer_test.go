package fault_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine"
	"partyline/local/engine/api"
	"partyline/local/engine/fault"
)

var errBroken = errors.New("broken")

// load starts an engine whose module has only the layer. It also returns the server API for that module.
func load(t *testing.T, layer *fault.Layer, o engine.Options) (*engine.Server, runtime.NakamaModule) {
	t.Helper()
	var nk runtime.NakamaModule
	o.Init = layer.Init(func(_ context.Context, _ runtime.Logger, _ *sql.DB, given runtime.NakamaModule, init runtime.Initializer) error {
		nk = given
		return init.RegisterRpc("greet", func(_ context.Context, _ runtime.Logger, _ *sql.DB, nk runtime.NakamaModule, payload string) (string, error) {
			_, err := nk.StorageWrite(context.Background(), object("greeting"))
			return "hello " + payload, err
		})
	})
	s, err := engine.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, nk
}

func object(key string) []*runtime.StorageWrite {
	return []*runtime.StorageWrite{{Collection: "c", Key: key, Value: "{}"}}
}

// callRPC calls a module's function server to server and returns the HTTP status.
func callRPC(t *testing.T, s *engine.Server, id string) int {
	t.Helper()
	resp, err := http.Post(s.URL()+"/v2/rpc/"+id+"?http_key="+api.DefaultHTTPKey, "application/json", strings.NewReader(`""`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func exists(t *testing.T, s *engine.Server, key string) bool {
	t.Helper()
	found, err := s.Module().StorageRead(t.Context(), []*runtime.StorageRead{{Collection: "c", Key: key}})
	if err != nil {
		t.Fatal(err)
	}
	return len(found) == 1
}

func TestLayer_StrikesWhatItIsArmedFor(t *testing.T) {
	layer := &fault.Layer{}
	s, nk := load(t, layer, engine.Options{})
	other := layer.Arm(fault.Fault{Name: "StorageRead", Before: fault.Fail(errBroken)})
	elsewhere := layer.Arm(fault.Fault{Name: "StorageWrite", When: fault.Collections("d"), Before: fault.Fail(errBroken)})
	armed := layer.Arm(fault.Fault{Name: "StorageWrite", When: fault.Collections("c"), Skip: 1, Times: 2, Before: fault.Fail(errBroken)})

	for i, want := range []bool{true, false, false, true} {
		key := string(rune('a' + i))
		_, err := nk.StorageWrite(t.Context(), object(key))
		if (err == nil) != want || exists(t, s, key) != want {
			t.Errorf("write %d: %v, stored %t; want %t", i, err, exists(t, s, key), want)
		}
	}
	if armed.Count() != 2 || other.Count() != 0 || elsewhere.Count() != 0 {
		t.Errorf("struck %d, %d, %d; want 2, 0, 0", armed.Count(), other.Count(), elsewhere.Count())
	}
	other.Disarm()
	if _, err := nk.StorageRead(t.Context(), nil); err != nil {
		t.Errorf("a disarmed fault struck: %v", err)
	}
}

func TestLayer_AnswerLost(t *testing.T) {
	layer := &fault.Layer{}
	s, nk := load(t, layer, engine.Options{})
	layer.Arm(fault.Fault{Name: "StorageWrite", Times: 1, After: fault.LoseAnswer(errBroken)})
	if _, err := nk.StorageWrite(t.Context(), object("k")); !errors.Is(err, errBroken) || !exists(t, s, "k") {
		t.Errorf("%v, stored %t; want the error and the effect", err, exists(t, s, "k"))
	}
}

func TestLayer_Panics(t *testing.T) {
	layer := &fault.Layer{}
	s, nk := load(t, layer, engine.Options{})
	write := func(key string) (panicked any) {
		defer func() { panicked = recover() }()
		_, _ = nk.StorageWrite(t.Context(), object(key))
		return nil
	}
	layer.Arm(fault.Fault{Name: "StorageWrite", Times: 1, Before: fault.Panic("before")})
	if p := write("k"); p != "before" || exists(t, s, "k") {
		t.Errorf("panic %v, stored %t", p, exists(t, s, "k"))
	}
	layer.Arm(fault.Fault{Name: "StorageWrite", Times: 1, After: fault.PanicAfter("after")})
	if p := write("l"); p != "after" || !exists(t, s, "l") {
		t.Errorf("panic %v, stored %t", p, exists(t, s, "l"))
	}
}

func TestGate_HoldsUntilOpenOrCancelled(t *testing.T) {
	layer := &fault.Layer{}
	s, nk := load(t, layer, engine.Options{})
	gate := fault.NewGate()
	layer.Arm(fault.Fault{Name: "StorageWrite", Before: gate.Wait})
	write := func(ctx context.Context, key string) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, err := nk.StorageWrite(ctx, object(key))
			done <- err
		}()
		<-gate.Arrived()
		return done
	}
	ctx, cancel := context.WithCancel(t.Context())
	given, patient := write(ctx, "given"), write(t.Context(), "patient")
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) || exists(t, s, "given") {
		t.Errorf("a cancelled call: %v, stored %t", err, exists(t, s, "given"))
	}
	if exists(t, s, "patient") {
		t.Error("a call passed a closed gate")
	}
	gate.Open()
	if err := <-patient; err != nil || !exists(t, s, "patient") {
		t.Errorf("an open gate: %v, stored %t", err, exists(t, s, "patient"))
	}
}

func TestLayer_AroundTheModulesOwnFunctions(t *testing.T) {
	layer := &fault.Layer{}
	s, _ := load(t, layer, engine.Options{})
	greet := func() int { return callRPC(t, s, "greet") }
	layer.Arm(fault.Fault{Name: "rpc greet", Times: 1, Before: fault.Fail(errBroken)})
	if status := greet(); status == 200 || exists(t, s, "greeting") {
		t.Errorf("status %d, stored %t; want an error and nothing done", status, exists(t, s, "greeting"))
	}
	layer.Arm(fault.Fault{Name: "rpc greet", Times: 1, Before: fault.Panic("before")})
	if status := greet(); status == 200 {
		t.Error("a panic answered 200")
	}
	if status := greet(); status != 200 || !exists(t, s, "greeting") {
		t.Errorf("without a fault: status %d", status)
	}
}

// After Cut, no call of the module can reach anything.
func TestLayer_CutEndsEveryCall(t *testing.T) {
	layer := &fault.Layer{}
	s, nk := load(t, layer, engine.Options{})
	gate := fault.NewGate()
	layer.Arm(fault.Fault{Name: "StorageWrite", Before: gate.Wait})
	late := make(chan error, 1)
	go func() {
		_, err := nk.StorageWrite(context.Background(), object("late"))
		late <- err
	}()
	<-gate.Arrived()
	layer.Cut()
	gate.Open()
	if err := <-late; !errors.Is(err, fault.ErrCut) || exists(t, s, "late") {
		t.Errorf("a call under way: %v, stored %t", err, exists(t, s, "late"))
	}
	if status := callRPC(t, s, "greet"); status == 200 || exists(t, s, "greeting") {
		t.Errorf("an RPC of a module that is cut off: status %d", status)
	}
	api, tried := reflect.TypeFor[runtime.NakamaModule](), 0
	for i := range api.NumMethod() {
		m := api.Method(i)
		results := m.Type.NumOut()
		if results == 0 || m.Type.Out(results-1) != reflect.TypeFor[error]() {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(nk)}
		for j := range m.Type.NumIn() {
			if m.Type.In(j) == reflect.TypeFor[context.Context]() {
				args = append(args, reflect.ValueOf(t.Context()))
			} else if !(m.Type.IsVariadic() && j == m.Type.NumIn()-1) {
				args = append(args, reflect.Zero(m.Type.In(j)))
			}
		}
		err, _ := reflect.ValueOf(nk).MethodByName(m.Name).Call(args[1:])[results-1].Interface().(error)
		switch {
		case err != nil && strings.HasPrefix(err.Error(), "not supported by the embedded engine"):
		case errors.Is(err, fault.ErrCut):
			tried++
		default:
			t.Errorf("%s = %v; want %v", m.Name, err, fault.ErrCut)
		}
	}
	if tried < 30 {
		t.Errorf("tried %d methods; the engine has more", tried)
	}
}

func TestRestart_KeepsTheData(t *testing.T) {
	layer := &fault.Layer{}
	first, nk := load(t, layer, engine.Options{})
	if _, err := nk.StorageWrite(t.Context(), object("kept")); err != nil {
		t.Fatal(err)
	}
	user, _, _, err := nk.AuthenticateCustom(t.Context(), "somebody", "somebody", true)
	if err != nil {
		t.Fatal(err)
	}
	layer.Cut()
	first.Close()

	second, nk := load(t, &fault.Layer{}, engine.Options{Data: first.Data()})
	if !exists(t, second, "kept") {
		t.Error("the object is gone")
	}
	again, _, created, err := nk.AuthenticateCustom(t.Context(), "somebody", "", false)
	if err != nil || created || again != user {
		t.Errorf("AuthenticateCustom = %s, created %t, %v; want %s", again, created, err, user)
	}
	if _, err := first.Module().StorageWrite(t.Context(), object("ghost")); err != nil {
		t.Fatal(err)
	}
	if exists(t, second, "ghost") {
		t.Error("the server that was closed still writes")
	}
}

func TestClock(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	c := fault.NewClock(start)
	first := c.Now()
	if second := c.Now(); !second.After(first) {
		t.Errorf("two looks show %v and %v", first, second)
	}
	c.Jump(time.Hour)
	if at := c.Now(); at.Sub(first) < time.Hour || at.Sub(first) > time.Hour+time.Millisecond {
		t.Errorf("an hour on it is %v", at.Sub(first))
	}
	c.Jump(-2 * time.Hour)
	if at := c.Now(); !at.Before(start) {
		t.Errorf("set back it shows %v", at)
	}
}
