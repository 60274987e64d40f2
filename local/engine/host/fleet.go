package host

import (
	"sync"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
)

// callbacks keeps what fleet managers call back, each once. Safe for concurrent use.
type callbacks struct{ waiting sync.Map }

var _ runtime.FmCallbackHandler = (*callbacks)(nil)

func (c *callbacks) GenerateCallbackId() string { return uuid.NewString() }

func (c *callbacks) SetCallback(id string, fn runtime.FmCreateCallbackFn) { c.waiting.Store(id, fn) }

func (c *callbacks) InvokeCallback(id string, status runtime.FmCreateStatus, info *runtime.InstanceInfo, sessions []*runtime.SessionInfo, metadata map[string]any, err error) {
	if fn, ok := c.waiting.LoadAndDelete(id); ok {
		fn.(runtime.FmCreateCallbackFn)(status, info, sessions, metadata, err)
	}
}

// Fleet is the fleet manager that a module has registered; nil for none.
func (h *Host) Fleet() runtime.FleetManager {
	if h == nil || h.fleet == nil {
		return nil
	}
	return h.fleet
}
