package fault

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrCut is the error of every call of a module after [Layer.Cut].
var ErrCut = errors.New("fault: the module was cut off from its server")

// Call is one call through a layer.
type Call struct {
	// Name is a method of runtime.NakamaModule that the module calls, for example "StorageWrite". Or it is a function
	// of the module that the server calls: "rpc <id>", "before <message>", "after <message>", "before list parties",
	// "before list matches", "session start", "session end", "matchmaker processor", "matchmaker matched",
	// "shutdown".
	Name string
	Ctx  context.Context // context.Background() for a method without a context
	Args []any           // without the context
}

// Fault says which calls it strikes and what happens to them. Before and After may be nil.
type Fault struct {
	Name  string          // name of the calls; "" selects all
	When  func(Call) bool // selects from the calls with this name; nil selects all
	Skip  int             // how many selected calls it lets through first
	Times int             // how many calls it strikes at most; 0 means no limit

	// Before runs before the call. If it returns an error, the caller gets that error and the call has no effect.
	// Before may block, panic, and call the server.
	Before func(Call) error
	// After runs when the call has had its effect, and gets the call's error. The caller gets the result of After.
	After func(Call, error) error
}

// Armed is a fault in a layer.
type Armed struct {
	layer  *Layer
	fault  Fault
	seen   int // calls that the fault selected; guarded by layer.mu, like struck
	struck int
}

// Count returns how often the fault has struck.
func (a *Armed) Count() int {
	a.layer.mu.Lock()
	defer a.layer.mu.Unlock()
	return a.struck
}

// Disarm takes the fault out of its layer. It does not change calls that the fault has struck already.
func (a *Armed) Disarm() {
	a.layer.mu.Lock()
	defer a.layer.mu.Unlock()
	a.layer.armed = slices.DeleteFunc(a.layer.armed, func(b *Armed) bool { return a == b })
}

// Layer stands between one module and one server. The zero value lets everything through.
type Layer struct {
	mu    sync.Mutex
	armed []*Armed
	cut   bool
}

// Arm adds a fault. If several faults select a call, all strike, in the order in which they were armed. The first
// error of a Before ends the call.
func (l *Layer) Arm(f Fault) *Armed {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &Armed{layer: l, fault: f}
	l.armed = append(l.armed, a)
	return a
}

// Cut separates the module from its server permanently. Every later call fails with ErrCut and has no effect, and the
// server's calls do not reach the module any more. A running call finishes, but the caller gets ErrCut.
func (l *Layer) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
}

// faultyCall is one call with the faults that strike it.
type faultyCall struct {
	call   Call
	layer  *Layer
	faults []Fault
}

// begin runs the faults' Before functions. If it returns an error, the call must not be made.
func (l *Layer) begin(ctx context.Context, name string, args ...any) (faultyCall, error) {
	p := faultyCall{call: Call{Name: name, Ctx: ctx, Args: args}, layer: l}
	var err error
	if p.faults, err = l.strike(p.call); err != nil {
		return p, err
	}
	for _, f := range p.faults {
		if f.Before == nil {
			continue
		}
		if err := f.Before(p.call); err != nil {
			return p, err
		}
	}
	if l.isCut() { // the layer was cut while a fault held the call
		return p, ErrCut
	}
	return p, nil
}

// end runs the faults' After functions on a call's error and returns the error for the caller.
func (p faultyCall) end(err error) error {
	for _, f := range p.faults {
		if f.After != nil {
			err = f.After(p.call, err)
		}
	}
	if p.layer.isCut() {
		return ErrCut
	}
	return err
}

// around0 to around3 run a call of the module with its faults. The number counts the results without the error.
func around0(l *Layer, ctx context.Context, name string, args []any, call func() error) error {
	p, err := l.begin(ctx, name, args...)
	if err != nil {
		return err
	}
	return p.end(call())
}

func around1[A any](l *Layer, ctx context.Context, name string, args []any, call func() (A, error)) (a A, err error) {
	err = around0(l, ctx, name, args, func() (err error) {
		a, err = call()
		return err
	})
	return a, err
}

func around2[A, B any](l *Layer, ctx context.Context, name string, args []any, call func() (A, B, error)) (a A, b B, err error) {
	err = around0(l, ctx, name, args, func() (err error) {
		a, b, err = call()
		return err
	})
	return a, b, err
}

func around3[A, B, C any](l *Layer, ctx context.Context, name string, args []any, call func() (A, B, C, error)) (a A, b B, c C, err error) {
	err = around0(l, ctx, name, args, func() (err error) {
		a, b, c, err = call()
		return err
	})
	return a, b, c, err
}

func (l *Layer) isCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

// strike counts a call for the armed faults and returns those that strike it. It runs When without the lock, so that
// When may use the layer.
func (l *Layer) strike(c Call) ([]Fault, error) {
	l.mu.Lock()
	if l.cut {
		l.mu.Unlock()
		return nil, ErrCut
	}
	armed := slices.Clone(l.armed)
	l.mu.Unlock()
	var faults []Fault
	for _, a := range armed {
		if a.fault.Name != "" && a.fault.Name != c.Name || a.fault.When != nil && !a.fault.When(c) {
			continue
		}
		if a.shouldStrike() {
			faults = append(faults, a.fault)
		}
	}
	return faults, nil
}

func (a *Armed) shouldStrike() bool {
	a.layer.mu.Lock()
	defer a.layer.mu.Unlock()
	a.seen++
	if a.seen <= a.fault.Skip || a.fault.Times > 0 && a.struck >= a.fault.Times {
		return false
	}
	a.struck++
	return true
}
