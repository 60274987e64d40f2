package match

import (
	"context"
	"errors"

	"github.com/heroiclabs/nakama-common/api"
)

// Module is the match part of runtime.NakamaModule.
type Module struct{ Registry *Registry }

// MatchCreate starts a match. module is the name under which its kind is registered.
func (m Module) MatchCreate(ctx context.Context, module string, params map[string]interface{}) (string, error) {
	if module == "" {
		return "", errors.New("expects module name")
	}
	return m.Registry.Create(ctx, module, params)
}

// MatchGet returns a match, nil if no match has this ID.
func (m Module) MatchGet(ctx context.Context, id string) (*api.Match, error) {
	return m.Registry.Get(ctx, id)
}

// MatchList lists authoritative or relayed matches. Empty strings and nil sizes do not filter.
func (m Module) MatchList(ctx context.Context, limit int, authoritative bool, label string, minSize, maxSize *int, query string) ([]*api.Match, error) {
	f := Filter{Limit: limit, Authoritative: &authoritative, MinSize: int32Of(minSize), MaxSize: int32Of(maxSize)}
	if label != "" {
		f.Label = &label
	}
	if query != "" {
		f.Query = &query
	}
	return m.Registry.List(ctx, f)
}

// MatchSignal sends data to a running match and returns its answer.
func (m Module) MatchSignal(ctx context.Context, id string, data string) (string, error) {
	return m.Registry.Signal(ctx, id, data)
}

func int32Of(n *int) *int32 {
	if n == nil {
		return nil
	}
	v := int32(*n)
	return &v
}
