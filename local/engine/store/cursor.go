package store

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
)

// Cursors are JSON in URL-safe base64. Clients do not interpret them. A forged cursor can only cause an error.

func encodeCursor(place any) string {
	text, _ := json.Marshal(place) // cannot fail for the plain structs of this package
	return base64.RawURLEncoding.EncodeToString(text)
}

// decodeCursor reads a cursor into place. It returns false if encodeCursor did not make the cursor.
func decodeCursor(cursor string, place any) bool {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	return err == nil && json.Unmarshal(text, place) == nil
}

// edgeCursor is the cursor of a list of friends or group members: the state and position of the next entry.
type edgeCursor struct {
	State    int32 `json:"s"`
	Position int64 `json:"p"`
}

func (p edgeCursor) compare(state int32, position int64) int {
	return cmp.Or(cmp.Compare(p.State, state), cmp.Compare(p.Position, position))
}
