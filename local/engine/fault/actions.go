package fault

import (
	"errors"
	"slices"

	"github.com/heroiclabs/nakama-common/runtime"
)

// Fail makes a Before: the call fails with err and has no effect.
func Fail(err error) func(Call) error { return func(Call) error { return err } }

// LoseAnswer makes an After: the call has its effect, but the caller gets err, as if the answer was lost on the way. If the
// call failed by itself, its own error stays.
func LoseAnswer(err error) func(Call, error) error {
	return func(_ Call, own error) error {
		if own != nil {
			return own
		}
		return err
	}
}

// Conflict is a Before: a storage write fails because another write came first.
func Conflict(Call) error { return runtime.ErrStorageRejectedVersion }

// Panic makes a Before that panics with value.
func Panic(value any) func(Call) error { return func(Call) error { panic(value) } }

// PanicAfter makes an After that panics with value when the call has had its effect.
func PanicAfter(value any) func(Call, error) error {
	return func(Call, error) error { panic(value) }
}

// Collections makes a When that selects the storage calls on one of these collections.
func Collections(names ...string) func(Call) bool {
	return func(c Call) bool {
		return slices.ContainsFunc(collectionsOf(c), func(name string) bool { return slices.Contains(names, name) })
	}
}

// collectionsOf returns the storage collections that a call names.
func collectionsOf(c Call) []string {
	var names []string
	for i, arg := range c.Args {
		switch list := arg.(type) {
		case []*runtime.StorageRead:
			for _, o := range list {
				names = append(names, o.Collection)
			}
		case []*runtime.StorageWrite:
			for _, o := range list {
				names = append(names, o.Collection)
			}
		case []*runtime.StorageDelete:
			for _, o := range list {
				names = append(names, o.Collection)
			}
		case string:
			if c.Name == "StorageList" && i == 2 { // the arguments before it are the caller and the owner
				names = append(names, list)
			}
		}
	}
	return names
}

// Gate stops calls: [Gate.Wait] is a Before that blocks until the gate opens or the call's context ends. Make it with
// [NewGate].
type Gate struct {
	waiting chan struct{} // one entry for each call that has arrived
	open    chan struct{}
}

// maxArrivals is the maximum number of arrivals in a gate that nobody has received yet.
const maxArrivals = 1024

// NewGate makes a closed gate.
func NewGate() *Gate {
	return &Gate{waiting: make(chan struct{}, maxArrivals), open: make(chan struct{})}
}

// ErrGateFull is the error of a call when the gate already has the maximum number of arrivals.
var ErrGateFull = errors.New("fault: too many calls wait at the gate")

// Wait blocks a call until the gate opens. If the call's context ends first, Wait returns the context's error.
func (g *Gate) Wait(c Call) error {
	select {
	case g.waiting <- struct{}{}:
	default:
		return ErrGateFull
	}
	select {
	case <-g.open:
		return nil
	case <-c.Ctx.Done():
		return c.Ctx.Err()
	}
}

// Arrived returns a channel with one value for each call that has arrived at the gate.
func (g *Gate) Arrived() <-chan struct{} { return g.waiting }

// Open lets all calls through, now and later. Call it once.
func (g *Gate) Open() { close(g.open) }
