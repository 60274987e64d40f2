package store

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
)

// Cursors are JSON in URL-safe base64: opaque to clients, and parsing a forged one
// can do no more than fail.

func encodeCursor(place any) string {
	text, _ := json.Marshal(place) // plain structs of this package
	return base64.RawURLEncoding.EncodeToString(text)
}

// decodeCursor reads a cursor into place, or is false for one that encodeCursor did
// not make.
func decodeCursor(cursor string, place any) bool {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	return err == nil && json.Unmarshal(text, place) == nil
}

// edgePlace is where a list of friends or group members goes on: the state and
// position of the next entry.
type edgePlace struct {
	State    int32 `json:"s"`
	Position int64 `json:"p"`
}

func (p edgePlace) compare(state int32, position int64) int {
	return cmp.Or(cmp.Compare(p.State, state), cmp.Compare(p.Position, position))
}
