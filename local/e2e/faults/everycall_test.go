package faults_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/local/e2e/player"
	"partyline/local/engine/fault"
)

var full = flag.Bool("faults.full", false, "play every fault of every call; takes minutes")

var errBroken = errors.New("broken on purpose")

// faultKind is a way in which a call can go wrong.
type faultKind struct {
	name string
	// arm completes the fault for a call in the world. by is the player who acts.
	arm func(f *fault.Fault, w *world, by *player.Game)
	// heal undoes the effect of the fault on the world.
	heal        func(w *world)
	only        string // the only call it applies to; "" for all
	disconnects bool   // the player who acts is disconnected afterwards
}

var faultKinds = []faultKind{
	{name: "fails", arm: func(f *fault.Fault, _ *world, _ *player.Game) { f.Before = fault.Fail(errBroken) }},
	{name: "loses its answer", arm: func(f *fault.Fault, _ *world, _ *player.Game) { f.After = fault.LoseAnswer(errBroken) }},
	{name: "panics", arm: func(f *fault.Fault, _ *world, _ *player.Game) { f.Before = fault.Panic(errBroken) }},
	{name: "loses a race", only: "StorageWrite", arm: func(f *fault.Fault, _ *world, _ *player.Game) { f.Before = fault.Conflict }},
	{name: "finds the socket gone", disconnects: true, arm: func(f *fault.Fault, w *world, by *player.Game) {
		f.Before = func(fault.Call) error { cut(w, by); return nil }
	}},
	{name: "leaves the socket gone", disconnects: true, arm: func(f *fault.Fault, w *world, by *player.Game) {
		f.After = func(_ fault.Call, err error) error { cut(w, by); return err }
	}},
	{name: "is slow", arm: func(f *fault.Fault, w *world, _ *player.Game) {
		f.After = func(_ fault.Call, err error) error { w.clock.Jump(joinTimeoutPassed); return err }
	}},
	{name: "sees the clock go back", arm: func(f *fault.Fault, w *world, _ *player.Game) {
		f.Before = func(fault.Call) error { w.clock.Jump(-time.Hour); return nil }
	}, heal: func(w *world) { w.clock.Jump(time.Hour) }},
}

// joinTimeoutPassed is longer than a join may take, and shorter than a match keeps any seat.
const joinTimeoutPassed = 5500 * time.Millisecond

// cut makes the server lose a player's connection now.
func cut(w *world, g *player.Game) {
	g.Abort()
	_ = w.engine.Module().SessionDisconnect(context.Background(), g.ID)
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	_, _, _ = g.AwaitClose(ctx)
}

// isServerCall accepts the calls from the module to its server. Names with a space are calls of the
// module's own functions.
func isServerCall(c fault.Call) bool {
	return !strings.Contains(c.Name, " ") // not the module's own functions
}

// One call goes wrong, once, in any act and in any way. Afterwards the party is in order, only the
// act may have failed, and nothing is left over.
func TestEveryCall(t *testing.T) {
	for _, a := range acts {
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			w := newWorld(t)
			names := traceCalls(t, w, a)
			all := allFaults(names, faultKinds)
			played, struck := 0, 0
			for _, f := range sampleFaults(all) {
				played++
				struck += tryOne(t, w, a, f)
			}
			// A short act may have only one fault in this run, for a call that the act did not make this time.
			for _, f := range all[:min(len(all), sampleStep)] {
				if struck == 0 {
					played++
					struck += tryOne(t, w, a, f)
				}
			}
			t.Logf("%d calls, %d faults played, %d have struck", len(names), played, struck)
			if len(all) > 0 && struck == 0 {
				t.Error("no fault has struck")
			}
		})
	}
}

// callFault is one call that goes wrong in one way.
type callFault struct {
	call int    // its index among the calls of an act
	name string // of the call
	kind faultKind
}

func (o callFault) String() string {
	return fmt.Sprintf("%d-%s-%s", o.call+1, o.name, strings.ReplaceAll(o.kind.name, " ", "-"))
}

func allFaults(names []string, ways []faultKind) []callFault {
	var all []callFault
	for i, name := range names {
		for _, how := range ways {
			if how.only == "" || how.only == name {
				all = append(all, callFault{i, name, how})
			}
		}
	}
	return all
}

// sampleStep is the number of faults for each one that a partial run tries. It has no common divisor with
// the number of ways, so each way gets its turn.
const sampleStep = 19

// sampleFaults returns the faults that this run tries: all, or every sampleStep-th from a random start.
func sampleFaults(all []callFault) []callFault {
	if *full {
		return all
	}
	var part []callFault
	for i := rand.IntN(sampleStep); i < len(all); i += sampleStep {
		part = append(part, all[i])
	}
	return part
}

// traceCalls runs an act without a fault and returns the names of its calls.
func traceCalls(t *testing.T, w *world, a act) []string {
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	s := newScene(ctx, t, w)
	names := w.record()
	err := errors.Join(a.do(ctx, s), w.settle(ctx, s.games()...))
	calls := names()
	if err := errors.Join(err, s.audit(ctx, t), s.end(ctx)); err != nil {
		t.Fatalf("with nothing wrong: %v", err)
	}
	return calls
}

// record records the module's calls to its server until names is called.
func (w *world) record() (names func() []string) {
	var mu sync.Mutex
	var all []string
	armed := w.layer.Arm(fault.Fault{When: isServerCall, Before: func(c fault.Call) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, c.Name)
		return nil
	}})
	return func() []string {
		armed.Disarm()
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

// tryOne runs an act with one fault and checks the result. It returns how often the fault struck: it
// may be 0, because another goroutine may have made one call fewer.
func tryOne(t *testing.T, w *world, a act, one callFault) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	s := newScene(ctx, t, w)
	f := fault.Fault{When: isServerCall, Skip: one.call, Times: 1}
	how := one.kind
	how.arm(&f, w, a.by(s))
	armed := w.layer.Arm(f)
	_, _ = player.Outcome(a.do(ctx, s)) // any outcome is fine; everything else must be in order
	err := w.settle(ctx, s.games()...)
	// settle does not wait for a socket that was cut, and its last message may still be in work.
	err = errors.Join(err, eventually(ctx, noGoroutines))
	armed.Disarm()
	struck := armed.Count()
	if how.heal != nil && struck > 0 {
		how.heal(w)
	}
	w.clock.Jump(joinTimeoutPassed) // a refused join may keep its seat for a moment
	if err := errors.Join(err, s.audit(ctx, t), s.end(ctx)); err != nil {
		t.Errorf("%s: %v", one, err)
	}
	return struck
}
