package fault

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrCut answers every call of a module whose layer was cut.
var ErrCut = errors.New("fault: the module was cut off from its server")

// Call is one call on its way through a layer.
type Call struct {
	// Name is the method of runtime.NakamaModule that the module calls, such as
	// "StorageWrite", or the function of its own that the server calls: "rpc <id>",
	// "before <message>", "after <message>", "before list parties", "session start",
	// "session end", "matchmaker processor", "matchmaker matched".
	Name string
	Ctx  context.Context // context.Background() where the method takes none
	Args []any           // without the context
}

// Fault is what happens to some calls. Before and After may be nil.
type Fault struct {
	Name  string          // of the calls it strikes; "" strikes all
	When  func(Call) bool // of those, which; nil: all
	Skip  int             // lets the first ones through
	Times int             // strikes at most; 0: as long as it is armed

	// Before runs before the call. Its error is what the caller gets, and the call has
	// no effect. It may block, panic, and call the server.
	Before func(Call) error
	// After runs after the call has had its effect, with the call's error. Its result is
	// what the caller gets.
	After func(Call, error) error
}

// Armed is a fault in a layer.
type Armed struct {
	layer  *Layer
	fault  Fault
	seen   int // calls that fitted; guarded by layer.mu, as is struck
	struck int
}

// Struck is how often the fault has struck.
func (a *Armed) Struck() int {
	a.layer.mu.Lock()
	defer a.layer.mu.Unlock()
	return a.struck
}

// Disarm takes the fault out of its layer. Calls it has struck already stay struck.
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

// Arm adds a fault. Of several that fit a call all strike, in the order in which they
// were armed; the first error of a Before ends the call.
func (l *Layer) Arm(f Fault) *Armed {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &Armed{layer: l, fault: f}
	l.armed = append(l.armed, a)
	return a
}

// Cut ends the module's ties to its server for good: every call from now on fails with
// ErrCut and has no effect, and the server's own calls do not reach the module any more.
// A call that is under way finishes, unheard.
func (l *Layer) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
}

// passage is one call with the faults that strike it.
type passage struct {
	call   Call
	layer  *Layer
	faults []Fault
}

// begin runs what comes before a call. With an error the call must not be made.
func (l *Layer) begin(ctx context.Context, name string, args ...any) (passage, error) {
	p := passage{call: Call{Name: name, Ctx: ctx, Args: args}, layer: l}
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
	if l.isCut() { // while a fault held the call up
		return p, ErrCut
	}
	return p, nil
}

// end runs what comes after a call that answered err, and gives what its caller is told.
func (p passage) end(err error) error {
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

// around0 to around3 make a call of the module's with its faults around it, of
// as many results beside the error.
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

// strike counts a call against the armed faults and gives those that strike it. When
// runs without the lock, so that it may use the layer.
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
		if a.count() {
			faults = append(faults, a.fault)
		}
	}
	return faults, nil
}

func (a *Armed) count() bool {
	a.layer.mu.Lock()
	defer a.layer.mu.Unlock()
	a.seen++
	if a.seen <= a.fault.Skip || a.fault.Times > 0 && a.struck >= a.fault.Times {
		return false
	}
	a.struck++
	return true
}
