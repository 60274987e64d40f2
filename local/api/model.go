package api

import "cmp"

// API is the complete API that the module offers to clients.
type API struct {
	Calls   []Call
	Events  []Event  // messages to a party, -1 first
	Notices []Notice // notifications, by code
	Reasons []Reason // in the order of their source
	Objects []*Object
	Enums   []*Enum
}

// Call is one RPC.
type Call struct {
	ID         string // as clients write it
	Doc        string
	ServerOnly bool // called with the HTTP key, without a user
	Request    *Object
	Answer     *Object
}

// Event is a message that the server sends to a party.
type Event struct {
	Op   int64
	Data *Object
}

// Notice is a notification.
type Notice struct {
	Code    int64
	Subject string
	Content *Object
}

// Reason is why something was refused.
type Reason struct {
	Name, Doc string
	Number    int // gRPC status
}

// Object is a JSON object with known fields.
type Object struct {
	Name, Doc string
	Fields    []Field
	Sent      bool // clients send it in a request
}

// Field is one field of an object.
type Field struct {
	Name, Doc string
	Type      Type
	Optional  bool // may be absent
	Nullable  bool // may be null
	Pointer   bool // absent or null differs from zero
}

// Kind is the kind of a JSON value.
type Kind int

const (
	Text Kind = iota
	Bool
	Whole
	Number
	List  // of Elem
	Map   // from a text to Elem
	Known // an Object
	Any
)

// Type is the form of a value.
type Type struct {
	Kind   Kind
	Elem   *Type
	Object *Object
	Enum   *Enum // of a Text with known values; nil allows any text
	Length int   // of a List with a fixed length; 0 allows any length
}

// Enum is a text with known values. Newer servers may know more.
type Enum struct {
	Name, Doc string
	Values    []Value
}

// Value is one value of an Enum.
type Value struct{ Text, Doc string }

// name returns the name of the value in typed clients.
func (v Value) name() string { return cmp.Or(v.Text, "none") }
