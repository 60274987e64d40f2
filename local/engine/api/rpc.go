package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/gorilla/mux"
	"github.com/heroiclabs/nakama-common/runtime"
)

// serveRPC runs an RPC for a session or for a client with the HTTP key. Payload and answer are JSON strings. With
// unwrap in the query both are plain text.
func (s *Server) serveRPC(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	caller, refusal := s.rpcCaller(query.Get("http_key"), r.Header["Authorization"])
	if refusal != "" {
		writeRPCError(w, http.StatusUnauthorized, 16, refusal)
		return
	}
	id := strings.ToLower(mux.Vars(r)["id"])
	if id == "" {
		writeRPCError(w, http.StatusBadRequest, 3, "RPC ID must be set")
		return
	}
	fn, ok := s.opts.FindRPC(id)
	if !ok {
		writeRPCError(w, http.StatusNotFound, 5, "RPC function not found")
		return
	}
	unwrap := query.Has("unwrap")
	payload, ok := readPayload(w, r, unwrap)
	if !ok {
		return
	}
	caller.ClientIP, caller.ClientPort = clientAddress(r)
	caller.TraceID = uuid.NewString()
	query.Del("http_key")
	answer, err := fn(r.Context(), RPCCall{ID: id, Caller: caller, Headers: r.Header.Clone(), Query: query, Payload: payload})
	if err != nil {
		writeRPCFailure(w, err)
		return
	}
	if !unwrap {
		body, _ := json.Marshal(map[string]string{"payload": answer})
		writeJSON(w, http.StatusOK, body)
		return
	}
	contentType := "text/plain"
	if given := r.Header["Content-Type"]; len(given) > 0 {
		contentType = given[0]
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, answer)
}

// rpcCaller returns the caller, or the reason of a refusal. The HTTP key comes in the query or as the user of Basic
// authorization. A caller with the HTTP key has no user.
func (s *Server) rpcCaller(httpKey string, headers []string) (c Caller, refusal string) {
	basic := false
	if httpKey == "" && len(headers) > 0 {
		httpKey, basic = basicUser(headers[0])
	}
	switch {
	case httpKey != "" || basic:
		if httpKey != s.opts.HTTPKey {
			return c, "HTTP key invalid"
		}
		return c, ""
	case len(headers) == 0:
		return c, "Auth token or HTTP key required"
	}
	session, ok := s.bearer(headers[0])
	if !ok {
		return c, "Auth token invalid"
	}
	return callerOf(session, c), ""
}

// readPayload reads the payload of a POST. Other methods have none. It returns false if it has sent an error.
func readPayload(w http.ResponseWriter, r *http.Request, unwrap bool) (string, bool) {
	if r.Method != http.MethodPost {
		return "", true
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			writeJSON(w, http.StatusBadRequest, []byte(`{"code":3, "message":"http: request body too large"}`))
			return "", false
		}
		writeJSON(w, http.StatusInternalServerError, []byte(internalErrorBody))
		return "", false
	}
	if len(body) == 0 || unwrap {
		return string(body), true
	}
	var payload string
	if json.Unmarshal(body, &payload) != nil {
		// The real server sends this text for every decoding error.
		writeRPCError(w, http.StatusBadRequest, 3, "json: cannot unmarshal object into Go value of type string")
		return "", false
	}
	return payload, true
}

// rpcError is the body of an RPC error. Unlike the rest of the API, it contains the error twice: as an object and as
// text.
type rpcError struct {
	Code    int    `json:"code"`
	Error   any    `json:"error"`
	Message string `json:"message"`
}

func writeRPCError(w http.ResponseWriter, status, code int, message string) {
	body, _ := json.Marshal(rpcError{Code: code, Error: message, Message: message})
	writeJSON(w, status, body)
}

// writeRPCFailure sends an error that the RPC function returned.
func writeRPCFailure(w http.ResponseWriter, err error) {
	refusal := moduleError(err)
	var shown any = struct{}{}
	var known *runtime.Error
	if errors.As(err, &known) {
		shown = known
	}
	body, _ := json.Marshal(rpcError{Code: int(refusal.Code), Error: shown, Message: refusal.Message})
	writeJSON(w, httpStatus(refusal.Code), body)
}
