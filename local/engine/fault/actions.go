package fault

import (
	"errors"
	"slices"

	"github.com/heroiclabs/nakama-common/runtime"
)

// Fail is a Before that makes the call fail without an effect.
func Fail(err error) func(Call) error { return func(Call) error { return err } }

// Lose is an After whose caller gets err although the call has had its effect: the
// answer was lost on the way. The error of a call that failed by itself stays.
func Lose(err error) func(Call, error) error {
	return func(_ Call, own error) error {
		if own != nil {
			return own
		}
		return err
	}
}

// Conflict is a Before by which a storage write loses a race.
func Conflict(Call) error { return runtime.ErrStorageRejectedVersion }

// Panic is a Before that panics with value.
func Panic(value any) func(Call) error { return func(Call) error { panic(value) } }

// PanicAfter is an After that panics with value once the call has had its effect.
func PanicAfter(value any) func(Call, error) error {
	return func(Call, error) error { panic(value) }
}

// Collections is a When for storage calls that touch one of these collections.
func Collections(names ...string) func(Call) bool {
	return func(c Call) bool {
		return slices.ContainsFunc(collectionsOf(c), func(name string) bool { return slices.Contains(names, name) })
	}
}

// collectionsOf are the storage collections that a call names.
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
			if c.Name == "StorageList" && i == 2 { // after caller and owner
				names = append(names, list)
			}
		}
	}
	return names
}

// Gate holds calls up: [Gate.Wait] is a Before that blocks until the gate opens or the
// call's context ends. Make it with [NewGate].
type Gate struct {
	waiting chan struct{} // one entry for each call that has come to wait
	open    chan struct{}
}

// gateRoom is the most arrivals a gate remembers that nobody has asked for.
const gateRoom = 1024

// NewGate makes a closed gate.
func NewGate() *Gate {
	return &Gate{waiting: make(chan struct{}, gateRoom), open: make(chan struct{})}
}

// ErrGateFull is the error of the call that comes when a gate remembers too many.
var ErrGateFull = errors.New("fault: too many calls wait at the gate")

// Wait blocks a call until the gate opens. If its context ends first, that is its error.
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

// Arrived gives one value for each call that has come to wait.
func (g *Gate) Arrived() <-chan struct{} { return g.waiting }

// Open lets all calls through, now and later. It is called once.
func (g *Gate) Open() { close(g.open) }
