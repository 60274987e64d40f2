package match

import (
	"bytes"
	"encoding/gob"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

func init() {
	// These types may be in match parameters on the real server.
	gob.Register(map[string]any(nil))
	gob.Register([]any(nil))
	gob.Register([]runtime.Presence(nil))
	gob.Register(&Presence{})
	gob.Register([]runtime.MatchmakerEntry(nil))
	gob.Register([]*api.User(nil))
	gob.Register([]*api.Account(nil))
	gob.Register([]*api.Friend(nil))
}

// copyParams makes a deep copy of a match's parameters. It uses gob as the real server does, so that what gob cannot
// encode fails here too.
func copyParams(params map[string]any) (map[string]any, error) {
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(params); err != nil {
		return nil, runtime.ErrCannotEncodeParams
	}
	copied := map[string]any{}
	if err := gob.NewDecoder(&buf).Decode(&copied); err != nil {
		return nil, runtime.ErrCannotDecodeParams
	}
	return copied, nil
}
