package attributes

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"partyline/party"
)

// Limits, in bytes, except maxKeys. The size of a value is that of its JSON without spaces.
const (
	maxKey   = 64
	maxValue = 1024
	maxKeys  = 32        // of one bag
	maxTotal = 16 * 1024 // keys and values of all bags of a party
)

// Bag is what the party or one of its members has set: JSON values by key. In a request and in a message, null
// removes a key.
type Bag map[string]json.RawMessage

// Document is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code
// [party.OpAttributes]) has the same form, with only the changes; many changes go out in several messages.
type Document struct {
	Version int64          `json:"version"` // rises with every write; 0 before the first
	Party   Bag            `json:"party"`
	Members map[string]Bag `json:"members"` // by user ID
}

func emptyDocument() Document { return Document{Party: Bag{}, Members: map[string]Bag{}} }

// add sets keys of a user's bag, or of the party's bag if user is "".
func (d Document) add(user string, bag Bag) {
	set := d.Party
	if user != "" && len(bag) > 0 {
		if d.Members[user] == nil {
			d.Members[user] = Bag{}
		}
		set = d.Members[user]
	}
	maps.Copy(set, bag)
}

var _ party.Rows = Document{}

// Halves is for [party.SendData].
func (d Document) Halves() (a, b party.Rows, ok bool) {
	halves, n := [2]Document{emptyDocument(), emptyDocument()}, 0
	share := func(user string, bag Bag) {
		for key, value := range bag {
			halves[n%2].add(user, Bag{key: value})
			n++
		}
	}
	share("", d.Party)
	for user, bag := range d.Members {
		share(user, bag)
	}
	halves[0].Version, halves[1].Version = d.Version, d.Version
	return halves[0], halves[1], n > 1
}

var jsonNull = json.RawMessage("null")

// parse reads a bag from a request. It refuses with InvalidRequest, naming the key.
func parse(field string, raw json.RawMessage) (Bag, error) {
	bag := Bag{}
	if raw == nil {
		return bag, nil
	}
	if err := json.Unmarshal(raw, &bag); err != nil || bag == nil {
		return nil, party.Invalid(field, "must be an object.")
	}
	if len(bag) > maxKeys {
		return nil, party.Invalid(field, "has more than %d keys.", maxKeys)
	}
	for _, key := range slices.Sorted(maps.Keys(bag)) {
		if key == "" || len(key) > maxKey || strings.ContainsRune(key, 0) {
			return nil, party.Invalid(field, "a key must have from 1 to %d bytes, and no NUL characters.", maxKey)
		}
		var fact any // rules must see every value that is set
		if err := json.Unmarshal(bag[key], &fact); err != nil {
			return nil, party.Invalid(field+"."+key, "has a number that is too large.")
		}
		var compact bytes.Buffer
		_ = json.Compact(&compact, bag[key]) // no error, because it is JSON
		if compact.Len() > maxValue {
			return nil, party.Invalid(field+"."+key, "is %d bytes long; at most %d are allowed.", compact.Len(), maxValue)
		}
		bag[key] = compact.Bytes()
	}
	return bag, nil
}

// merge returns the bag after a request's change. It does not change the given maps.
func merge(field string, set, change Bag) (Bag, error) {
	next := Bag{}
	maps.Copy(next, set)
	maps.Copy(next, change)
	maps.DeleteFunc(next, func(_ string, value json.RawMessage) bool { return bytes.Equal(value, jsonNull) })
	if len(next) > maxKeys {
		return nil, party.Invalid(field, "has more than %d keys.", maxKeys)
	}
	return next, nil
}

// changesSince returns the changes from an earlier bag, in the form that a message has.
func (b Bag) changesSince(before Bag) Bag {
	changed := Bag{}
	for key := range before {
		if b[key] == nil {
			changed[key] = jsonNull
		}
	}
	for key, value := range b {
		if !bytes.Equal(value, before[key]) {
			changed[key] = value
		}
	}
	return changed
}

func (d Document) with(user string, shared, own Bag) (next Document, err error) {
	next = Document{Version: d.Version + 1, Members: maps.Clone(d.Members)}
	if next.Party, err = merge("party", d.Party, shared); err != nil {
		return d, err
	}
	bag, err := merge("member", d.Members[user], own)
	if err != nil {
		return d, err
	}
	delete(next.Members, user)
	if len(bag) > 0 {
		next.Members[user] = bag
	}
	if size := next.size(); size > maxTotal && size > d.size() {
		return d, party.Invalid("party", "must be at most %d bytes for all attributes of a party; this request makes %d.", maxTotal, size)
	}
	return next, nil
}

func (d Document) without(gone func(user string) bool) Document {
	d.Members = maps.Clone(d.Members)
	maps.DeleteFunc(d.Members, func(user string, _ Bag) bool { return gone(user) })
	return d
}

func (d Document) size() (n int) {
	for _, bag := range append(slices.Collect(maps.Values(d.Members)), d.Party) {
		for key, value := range bag {
			n += len(key) + len(value)
		}
	}
	return n
}

// stored is a document in storage. Its text is one string, because the database would write out numbers such as
// 1e300 in full, and refuses some characters.
type stored struct {
	PartyID  string `json:"party_id"`
	Document string `json:"document"`
}

func decode(value string) (party.ID, Document, error) {
	var s stored
	d := emptyDocument()
	if err := json.Unmarshal([]byte(value), &s); err != nil {
		return party.ID{}, d, err
	}
	if err := json.Unmarshal([]byte(s.Document), &d); err != nil {
		return party.ID{}, d, err
	}
	if d.Party == nil || d.Members == nil || d.Version < 1 {
		return party.ID{}, d, errors.New("attributes are incomplete")
	}
	id, err := party.ParseID(s.PartyID)
	return id, d, err
}

// facts returns a bag as facts for conditions.
func (b Bag) facts() map[string]any {
	facts := make(map[string]any, len(b))
	for key, text := range b {
		var value any
		if json.Unmarshal(text, &value) == nil {
			facts[key] = value
		}
	}
	return facts
}

// withKeys returns the part of a bag with these keys.
func (b Bag) withKeys(keys []string) map[string]json.RawMessage {
	part := maps.Clone(b)
	maps.DeleteFunc(part, func(key string, _ json.RawMessage) bool { return !slices.Contains(keys, key) })
	return part
}
