package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"partyline/local/engine/store"
)

const internalErrorBody = `{"error":"Internal Server Error","message":"Internal Server Error","code":13}`

// writeMessage answers 200 with a message as the gateway writes it: protocol field names, no zero values, 64-bit
// numbers as strings, enums as numbers.
func writeMessage(w http.ResponseWriter, m proto.Message) {
	text, err := protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true}.Marshal(m)
	if err != nil {
		writeError(w, internalError("failed to marshal error message"))
		return
	}
	var body bytes.Buffer
	_ = json.Compact(&body, text) // protojson varies its white space on purpose
	writeJSON(w, http.StatusOK, body.Bytes())
}

// writeError sends an error as the gateway writes it.
func writeError(w http.ResponseWriter, err error) {
	var refusal *store.Error
	if !errors.As(err, &refusal) {
		refusal = &store.Error{Code: store.Internal, Message: err.Error()}
	}
	if refusal.Code == store.Unauthenticated {
		w.Header().Set("WWW-Authenticate", refusal.Message)
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(struct { // cannot fail
		Code    store.Code `json:"code"`
		Message string     `json:"message"`
	}{refusal.Code, refusal.Message})
	writeJSON(w, httpStatus(refusal.Code), bytes.TrimSpace(body.Bytes()))
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// httpStatus returns the HTTP status of a gRPC code.
func httpStatus(code store.Code) int {
	switch code {
	case 1: // canceled
		return 499
	case store.InvalidArgument, store.FailedPrecondition, 11: // out of range
		return http.StatusBadRequest
	case 4: // deadline exceeded
		return http.StatusGatewayTimeout
	case store.NotFound:
		return http.StatusNotFound
	case store.AlreadyExists, 10: // aborted
		return http.StatusConflict
	case store.PermissionDenied:
		return http.StatusForbidden
	case 8: // resource exhausted
		return http.StatusTooManyRequests
	case store.Unimplemented:
		return http.StatusNotImplemented
	case 14: // unavailable
		return http.StatusServiceUnavailable
	case store.Unauthenticated:
		return http.StatusUnauthorized
	}
	return http.StatusInternalServerError
}
