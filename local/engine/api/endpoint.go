package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"
	"github.com/gorilla/mux"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"

	"partyline/local/engine/store"
)

// access says which credentials a request must have.
type access int

const (
	bySession access = iota // a user's session token
	byServerKey
	byAnyone
)

// endpoint is one call of the API.
type endpoint struct {
	name   string // the name for hooks
	method string
	path   string // a gorilla/mux pattern; its variables are fields of the request
	access access
	body   string // "": no body; "*": the body is the whole request; else the name of the field in the body
	empty  func() proto.Message
	handle func(c *call, in proto.Message) (proto.Message, error)
}

// call is one request while the server handles it.
type call struct {
	*Server
	ctx    context.Context
	caller Caller
	user   uuid.UUID // the caller's user ID
}

// newEndpoint makes an endpoint from a function with a typed request.
func newEndpoint[In proto.Message](access access, name, method, path, body string, answer func(*call, In) (proto.Message, error)) endpoint {
	var request In
	return endpoint{
		name: name, method: method, path: path, access: access, body: body,
		empty:  func() proto.Message { return request.ProtoReflect().New().Interface() },
		handle: func(c *call, in proto.Message) (proto.Message, error) { return answer(c, in.(In)) },
	}
}

// serve runs an endpoint in the real server's order: it reads the request before it checks the credentials. The
// before-hook gets the request before the endpoint checks it.
func (s *Server) serve(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := s.run(e, r)
		if err != nil {
			writeError(w, err)
			return
		}
		w.Header().Set("Grpc-Metadata-Content-Type", "application/grpc")
		writeMessage(w, out)
	})
}

func (s *Server) run(e endpoint, r *http.Request) (proto.Message, error) {
	in := e.empty()
	if err := readRequest(r, in, e.body, mux.Vars(r)); err != nil {
		return nil, &store.Error{Code: store.InvalidArgument, Message: err.Error()}
	}
	c := &call{Server: s, ctx: r.Context()}
	if err := c.authorize(e.access, r.Header["Authorization"]); err != nil {
		return nil, err
	}
	c.caller.ClientIP, _ = clientAddress(r)
	c.caller.TraceID = uuid.NewString()
	if e.access != byAnyone { // the health check has no hooks
		replaced, err := s.opts.Hooks.Before(c.ctx, c.caller, e.name, in)
		switch {
		case err != nil:
			return nil, moduleError(err)
		case isNil(replaced):
			return nil, &store.Error{Code: store.NotFound, Message: "Requested resource was not found."}
		}
		in = replaced
	}
	return e.handle(c, in)
}

func isNil(m proto.Message) bool { return m == nil || !m.ProtoReflect().IsValid() }

// moduleError returns what a client sees of a module's error: the code and text of a *runtime.Error, else the text
// with code 13.
func moduleError(err error) *store.Error {
	var known *runtime.Error
	if !errors.As(err, &known) {
		return &store.Error{Code: store.Internal, Message: err.Error()}
	}
	code := store.Code(known.Code)
	if code <= 0 || code > store.Unauthenticated {
		code = store.Internal
	}
	return &store.Error{Code: code, Message: known.Message}
}

// sourceError returns what a client sees when a list fails: a *runtime.Error unchanged, else code 13 with the text of
// hidden, so that clients do not see the real error.
func sourceError(err error, hidden string) error {
	var known *runtime.Error
	if errors.As(err, &known) {
		return moduleError(err)
	}
	return internalError(hidden)
}

func invalidArgument(message string) error {
	return &store.Error{Code: store.InvalidArgument, Message: message}
}
func notFound(message string) error      { return &store.Error{Code: store.NotFound, Message: message} }
func internalError(message string) error { return &store.Error{Code: store.Internal, Message: message} }
