package realtime

import (
	"context"
	"strings"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Handler handles one message of a client. It sends its replies and errors itself, in the order that clients expect.
// ok reports success; only then do after-hooks run, with out.
type Handler func(ctx context.Context, s *Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool)

// clientMessages maps the messages that a client may send to the names of their hooks. Only the server sends the
// other messages of an envelope.
var clientMessages = map[protoreflect.Name]string{}

// messageField is the field of an envelope with its message.
var messageField = (&rtapi.Envelope{}).ProtoReflect().Descriptor().Oneofs().ByName("message")

func init() {
	for _, name := range []protoreflect.Name{
		"channel_join", "channel_leave", "channel_message_send", "channel_message_update", "channel_message_remove",
		"match_create", "match_data_send", "match_join", "match_leave", "matchmaker_add", "matchmaker_remove",
		"ping", "pong", "rpc", "status_follow", "status_unfollow", "status_update",
		"party_create", "party_join", "party_leave", "party_promote", "party_accept", "party_remove", "party_close",
		"party_join_request_list", "party_matchmaker_add", "party_matchmaker_remove", "party_data_send", "party_update",
	} {
		clientMessages[name] = camelCase(name)
	}
}

// camelCase turns the name of a field into the name of its hook: party_create becomes PartyCreate.
func camelCase(field protoreflect.Name) string {
	var b strings.Builder
	for _, word := range strings.Split(string(field), "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func isClientMessage(name string) bool {
	for _, known := range clientMessages {
		if known == name {
			return true
		}
	}
	return false
}

// messageName returns the field name of the envelope's message: "party_create". It is "" for an empty envelope.
func messageName(e *rtapi.Envelope) protoreflect.Name {
	if e.GetMessage() == nil {
		return ""
	}
	return e.ProtoReflect().WhichOneof(messageField).Name()
}

// process runs one message with the hooks around it. It returns false if the socket must be closed.
func (srv *Server) process(ctx context.Context, s *Session, in *rtapi.Envelope) bool {
	field := messageName(in)
	if field == "" {
		sendError(s, in.Cid, rtapi.Error_MISSING_PAYLOAD, "Missing message.")
		return false
	}
	name, known := clientMessages[field]
	if !known {
		sendError(s, in.Cid, rtapi.Error_UNRECOGNIZED_PAYLOAD, "Unrecognized message.")
		return false
	}
	hooks := srv.opts.Hooks
	if name == "Rpc" {
		hooks = nil // RPCs have no hooks
	}
	if hooks != nil {
		cid := in.Cid
		replaced, err := hooks.BeforeRt(ctx, s, name, in)
		if err != nil {
			sendError(s, cid, rtapi.Error_RUNTIME_FUNCTION_EXCEPTION, err.Error())
			return true
		}
		if replaced == nil {
			sendError(s, cid, rtapi.Error_UNRECOGNIZED_PAYLOAD, "Requested resource was not found.")
			return false
		}
		if now := messageName(replaced); now != field {
			srv.log.Error("a before hook changed a message's type; a real server would have left a dead socket",
				"hook", name, "message", now)
			return false
		}
		in = replaced
	}
	handle := srv.handlers[name]
	if handle == nil {
		sendError(s, in.Cid, rtapi.Error_RUNTIME_EXCEPTION, "not supported by the embedded engine: "+string(field))
		return true
	}
	out, ok := handle(ctx, s, in)
	if ok && hooks != nil {
		hooks.AfterRt(ctx, s, name, out, in)
	}
	return true
}

func sendError(s *Session, cid string, code rtapi.Error_Code, message string) {
	_ = s.Send(&rtapi.Envelope{Cid: cid, Message: &rtapi.Envelope_Error{
		Error: &rtapi.Error{Code: int32(code), Message: message},
	}})
}

// reply sends the answer to a message and returns it for the after-hook.
func reply(s *Session, out *rtapi.Envelope) (*rtapi.Envelope, bool) {
	_ = s.Send(out)
	return out, true
}

func ping(_ context.Context, s *Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	return reply(s, &rtapi.Envelope{Cid: in.Cid, Message: &rtapi.Envelope_Pong{Pong: &rtapi.Pong{}}})
}

func pong(context.Context, *Session, *rtapi.Envelope) (*rtapi.Envelope, bool) { return nil, true }

func (srv *Server) rpc(ctx context.Context, s *Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	call := in.GetRpc()
	if call.Id == "" {
		sendError(s, in.Cid, rtapi.Error_BAD_INPUT, "RPC ID must be set")
		return nil, false
	}
	var result string
	var found bool
	var err error
	if srv.opts.RPC != nil {
		result, found, err = srv.opts.RPC(ctx, s, strings.ToLower(call.Id), call.Payload)
	}
	if !found {
		sendError(s, in.Cid, rtapi.Error_RUNTIME_FUNCTION_NOT_FOUND, "RPC function not found")
		return nil, false
	}
	if err != nil {
		sendError(s, in.Cid, rtapi.Error_RUNTIME_FUNCTION_EXCEPTION, err.Error())
		return nil, false
	}
	return reply(s, &rtapi.Envelope{Cid: in.Cid, Message: &rtapi.Envelope_Rpc{
		Rpc: &api.Rpc{Id: call.Id, Payload: result},
	}})
}
