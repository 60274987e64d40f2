package realtime

import (
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Format is the message format of a socket. The client chooses it.
type Format uint8

const (
	JSON     Format = iota // text messages, protobuf field names, no zero values
	Protobuf               // binary messages
	formats                // the number of formats
)

var (
	toJSON = protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true}
	// Unknown fields are an error, so that a client of another version is disconnected instead of misunderstood.
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

// broadcast is an envelope for many sockets. It is encoded once for each format that they use.
type broadcast struct {
	envelope *rtapi.Envelope
	encoded  [formats][]byte
}

func (b *broadcast) encodeAs(f Format) ([]byte, error) {
	if b.encoded[f] == nil {
		data, err := f.encode(b.envelope)
		if err != nil {
			return nil, err
		}
		b.encoded[f] = data
	}
	return b.encoded[f], nil
}
