package realtime

import (
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Format is the wire format of a socket, chosen by its client.
type Format uint8

const (
	JSON     Format = iota // text messages, proto field names, zero values left out
	Protobuf               // binary messages
	formats                // how many there are
)

var (
	toJSON = protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true}
	// Unknown fields are an error: a client of another version is cut off rather than
	// misunderstood.
	fromJSON = protojson.UnmarshalOptions{}
)

func (f Format) encode(e *rtapi.Envelope) ([]byte, error) {
	if f == Protobuf {
		return proto.Marshal(e)
	}
	return toJSON.Marshal(e)
}

func (f Format) decode(data []byte) (*rtapi.Envelope, error) {
	e := &rtapi.Envelope{}
	if f == Protobuf {
		return e, proto.Unmarshal(data, e)
	}
	return e, fromJSON.Unmarshal(data, e)
}

// broadcast is an envelope on its way to many sockets; it is encoded once per format
// that occurs among them.
type broadcast struct {
	envelope *rtapi.Envelope
	encoded  [formats][]byte
}

func (b *broadcast) in(f Format) ([]byte, error) {
	if b.encoded[f] == nil {
		data, err := f.encode(b.envelope)
		if err != nil {
			return nil, err
		}
		b.encoded[f] = data
	}
	return b.encoded[f], nil
}
