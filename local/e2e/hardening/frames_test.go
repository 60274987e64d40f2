package hardening_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
)

// oddEnvelopes returns the message in every shape: without its fields, and with odd values of each field
// while the other fields are as given.
func oddEnvelopes(message protoreflect.FieldDescriptor, given map[string]any) (all []*rtapi.Envelope) {
	add := func(change func(protoreflect.Message)) {
		e := &rtapi.Envelope{}
		r := e.ProtoReflect()
		m := r.NewField(message).Message()
		fill(m, given)
		if change != nil {
			change(m)
		}
		r.Set(message, protoreflect.ValueOfMessage(m))
		all = append(all, e)
	}
	empty := &rtapi.Envelope{}
	empty.ProtoReflect().Set(message, empty.ProtoReflect().NewField(message))
	all = append(all, empty)
	add(nil)
	fields := message.Message().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		add(func(m protoreflect.Message) { m.Clear(f) })
		for _, value := range oddSetters(f) {
			add(func(m protoreflect.Message) { m.Set(f, value(m.NewField(f))) })
		}
	}
	return all
}

// fill sets the fields that given has by name.
func fill(m protoreflect.Message, given map[string]any) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if value, ok := given[string(f.Name())]; ok {
			if user, ok := value.(*rtapi.UserPresence); ok && f.Kind() == protoreflect.MessageKind {
				value = proto.Clone(user).ProtoReflect()
			}
			m.Set(f, protoreflect.ValueOf(value))
		}
	}
}

// oddSetters returns setters of odd values for a field's kind.
func oddSetters(f protoreflect.FieldDescriptor) (all []func(protoreflect.Value) protoreflect.Value) {
	add := func(value any) {
		all = append(all, func(protoreflect.Value) protoreflect.Value { return protoreflect.ValueOf(value) })
	}
	texts := []string{" ", "\x00", "x", "x.y", strings.Repeat("é", 900), "00000000-0000-0000-0000-000000000000.nakama1", "00000000-0000-0000-0000-000000000000.", "\u202e{}", "*", "/(/"}
	switch {
	case f.IsMap():
		for _, key := range texts {
			all = append(all, func(v protoreflect.Value) protoreflect.Value {
				switch f.MapValue().Kind() {
				case protoreflect.StringKind:
					v.Map().Set(protoreflect.ValueOf(key).MapKey(), protoreflect.ValueOf(key))
					v.Map().Set(protoreflect.ValueOf("queue").MapKey(), protoreflect.ValueOf(key))
				case protoreflect.DoubleKind:
					for i, number := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64} {
						v.Map().Set(protoreflect.ValueOf(fmt.Sprint(key, i)).MapKey(), protoreflect.ValueOf(number))
						v.Map().Set(protoreflect.ValueOf("mmr").MapKey(), protoreflect.ValueOf(number))
					}
				}
				return v
			})
		}
	case f.IsList():
		if f.Kind() == protoreflect.StringKind {
			all = append(all, func(v protoreflect.Value) protoreflect.Value {
				for _, text := range texts {
					v.List().Append(protoreflect.ValueOf(text))
				}
				return v
			})
		}
	case f.Kind() == protoreflect.StringKind:
		for _, text := range texts {
			add(text)
		}
	case f.Kind() == protoreflect.BytesKind:
		add([]byte{0xff, 0})
		add([]byte(strings.Repeat("x", 3000)))
	case f.Kind() == protoreflect.Int32Kind:
		for _, n := range []int32{-1, 1, 2, 256, 257, math.MaxInt32, math.MinInt32} {
			add(n)
		}
	case f.Kind() == protoreflect.Int64Kind:
		for _, n := range []int64{-1, 1, math.MaxInt64, math.MinInt64} {
			add(n)
		}
	case f.Kind() == protoreflect.BoolKind:
		add(true)
	case f.Kind() == protoreflect.MessageKind:
		all = append(all, func(v protoreflect.Value) protoreflect.Value { return v })
		inner := f.Message().Fields()
		for i := range inner.Len() {
			for _, value := range oddSetters(inner.Get(i)) {
				all = append(all, func(v protoreflect.Value) protoreflect.Value {
					g := inner.Get(i)
					v.Message().Set(g, value(v.Message().NewField(g)))
					return v
				})
			}
		}
	}
	return all
}

// hookedMessages are the messages that the module has hooks for, and calls of its functions.
var hookedMessages = []protoreflect.Name{
	"party_create", "party_join", "party_leave", "party_promote", "party_accept", "party_remove", "party_close", "party_update", "party_data_send",
	"party_matchmaker_add", "party_matchmaker_remove", "party_join_request_list", "matchmaker_add", "matchmaker_remove", "match_join", "rpc",
}

// Every message in every shape, as binary frames. Each socket gets an answer or is closed, no answer
// is an internal error of the server, and the server keeps working for all others.
func TestOddFrames(t *testing.T) {
	w := newWorld(t)
	leader, member, odd := w.game("leader"), w.game("member"), w.player("odd")
	id := w.party(leader, true, 8, member)
	given := map[string]any{
		"party_id": id, "presence": leader.Presence(), "query": "*", "min_count": int32(2), "max_count": int32(4), "max_size": int32(4), "id": "party_status_list",
	}
	connect := func() *client.Socket {
		t.Helper()
		socket, err := w.api.Connect(w.ctx, odd.Session, client.SocketOptions{Protobuf: true})
		w.must(err)
		t.Cleanup(socket.Abort)
		return socket
	}
	messages := (&rtapi.Envelope{}).ProtoReflect().Descriptor().Fields()
	for _, name := range hookedMessages {
		socket, answered := connect(), 0
		for _, e := range oddEnvelopes(messages.ByName(name), given) {
			e.Cid = socket.NextCID()
			if socket.Send(e) != nil || socket.Barrier(w.ctx) != nil {
				t.Logf("ended: %.200s", e)
				socket = connect()
				continue
			}
			for _, m := range socket.Drain() {
				if m.Envelope.Cid != e.Cid {
					continue
				}
				answered++
				if refused := m.Envelope.GetError(); refused != nil && strings.HasPrefix(refused.Message, "internal") {
					t.Errorf("%.300s: %v", e, refused)
				}
			}
		}
		if answered == 0 {
			t.Errorf("%s: nothing was answered", name)
		}
	}
	w.checkAlive(leader, member, id)
}

// Frames that are not messages end their socket and have no other effect.
func TestBrokenFrames(t *testing.T) {
	w := newWorld(t)
	leader, member := w.game("leader"), w.game("member")
	id := w.party(leader, true, 8, member)
	odd := w.player("odd")
	join, err := proto.Marshal(&rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: id}}})
	w.must(err)
	random := rand.New(rand.NewPCG(1, 2))
	frames := [][]byte{nil, {0}, {0xff}, join[:len(join)-1], append(protowire.AppendTag(nil, 1, protowire.BytesType), 0xff, 0xff, 0xff, 0xff, 0x0f), []byte(`{"cid":"1","party_join":{"party_id":"` + id + `"}}`)}
	for range 60 {
		flipped := append([]byte(nil), join...)
		for range 1 + random.IntN(4) {
			flipped[random.IntN(len(flipped))] = byte(random.Uint32())
		}
		frames = append(frames, flipped)
	}
	var waiting sync.WaitGroup // a server takes a while to close a socket
	for _, binary := range []bool{true, false} {
		for _, kind := range []int{websocket.BinaryMessage, websocket.TextMessage} {
			for _, frame := range frames {
				socket, err := w.api.Connect(w.ctx, odd.Session, client.SocketOptions{Protobuf: binary})
				w.must(err)
				waiting.Go(func() {
					if err := socket.SendBytes(kind, frame); err != nil {
						t.Errorf("% x: %v", frame, err)
					}
					if socket.Barrier(w.ctx) == nil {
						_ = socket.Close(w.ctx)
					} else if _, _, err := socket.AwaitClose(w.ctx); err != nil {
						t.Errorf("% x: %v", frame, err)
					}
				})
			}
		}
	}
	waiting.Wait()
	w.checkAlive(leader, member, id)
}

// checkAlive asserts that two members of a party hear each other, that they hear of joins and leaves, and
// that the module's list agrees with them.
func (w *world) checkAlive(leader, member *player.Game, id string) {
	w.t.Helper()
	ctx := w.ctx
	w.must(leader.SendData(ctx, id, 7, []byte("x")))
	_, err := member.Take(ctx, func(m client.Message) bool { return m.Envelope.GetPartyData().GetOpCode() == 7 })
	w.must(err)
	other := w.game("other")
	w.must(other.JoinParty(ctx, id))
	_, err = leader.Take(ctx, func(m client.Message) bool {
		joins := m.Envelope.GetPartyPresenceEvent().GetJoins()
		return len(joins) == 1 && joins[0].SessionId == other.ID
	})
	w.must(err)
	w.must(other.Close(ctx))
	_, err = leader.Take(ctx, func(m client.Message) bool {
		leaves := m.Envelope.GetPartyPresenceEvent().GetLeaves()
		return len(leaves) == 1 && leaves[0].SessionId == other.ID
	})
	w.must(err)
	if users := w.members(leader, id); !users[leader.Player.ID()] || !users[member.Player.ID()] {
		w.t.Errorf("members %v; want the leader and the member", users)
	}
}
