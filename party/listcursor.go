package party

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
)

const (
	maxCursor = 3 << 10 // characters; the host's own have some 200 plus the query
	maxOffset = 10_000  // rows into a list; nobody reads further
)

// hostCursor is the content of the host's cursor for the party list. The field names are the host's.
type hostCursor struct {
	Query  string
	Open   *bool
	Offset int
	Limit  int
}

// CheckListCursor refuses with InvalidRequest every cursor of the party list that would crash the host: it compares the
// cursor's open filter with the request's (asked) through unchecked pointers, and its encoding drops a false. Clients
// can also make cursors with any offset.
func CheckListCursor(cursor string, asked *bool) error {
	if cursor == "" {
		return nil
	}
	refusal := Refuse(InvalidRequest, "cursor: it does not belong to this list.")
	if len(cursor) > maxCursor {
		return refusal
	}
	var at hostCursor
	encoded, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || !wholeGob(encoded) || gob.NewDecoder(bytes.NewReader(encoded)).Decode(&at) != nil {
		return refusal
	}
	// Both without a filter, or both with the same one: anything else crashes the host.
	sameFilter := asked == at.Open || asked != nil && at.Open != nil && *asked == *at.Open
	switch {
	case at.Offset < 0 || at.Offset > maxOffset:
		return refusal
	case asked != nil && !*asked && at.Open == nil:
		return Refuse(InvalidRequest, "cursor: a list of closed parties has one page; ask for it with a larger limit.")
	case !sameFilter:
		return refusal
	}
	return nil
}

// wholeGob reports whether no message in the encoding claims to be longer than the rest of it. A message begins with
// its length, and a decoder, also the host's, allocates that much before it reads on.
func wholeGob(encoded []byte) bool {
	for len(encoded) > 0 {
		length, rest := uint64(encoded[0]), encoded[1:]
		if length >= 0x80 { // otherwise the negated number of length bytes
			width := 0x100 - int(length)
			if width > min(8, len(rest)) {
				return false
			}
			length = 0
			for _, b := range rest[:width] {
				length = length<<8 | uint64(b)
			}
			rest = rest[width:]
		}
		if length > uint64(len(rest)) {
			return false
		}
		encoded = rest[length:]
	}
	return true
}
