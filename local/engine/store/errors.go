package store

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Code is a gRPC status code.
type Code int

// Codes of the errors that the store and the HTTP API return.
const (
	InvalidArgument    Code = 3
	NotFound           Code = 5
	AlreadyExists      Code = 6
	PermissionDenied   Code = 7
	FailedPrecondition Code = 9
	Unimplemented      Code = 12
	Internal           Code = 13
	Unauthenticated    Code = 16
)

var codeNames = map[Code]string{
	InvalidArgument: "InvalidArgument", NotFound: "NotFound", AlreadyExists: "AlreadyExists",
	PermissionDenied: "PermissionDenied", FailedPrecondition: "FailedPrecondition",
	Unimplemented: "Unimplemented", Internal: "Internal", Unauthenticated: "Unauthenticated",
}

// Error is a refusal with its gRPC code. Its text is that of a gRPC status, because a module sees the same refusal in
// this form on a real server. Clients get only Message.
type Error struct {
	Code    Code
	Message string
}

// Error returns the text of the gRPC status.
func (e *Error) Error() string {
	return fmt.Sprintf("rpc error: code = %s desc = %s", codeNames[e.Code], e.Message)
}

func newError(code Code, message string) error { return &Error{Code: code, Message: message} }

// databaseError is an error that PostgreSQL returns on a real server: a value is too long, a user is missing, JSON is
// broken. Like the real server, the HTTP API hides it behind code 13. A module sees the text.
type databaseError struct{ text string }

func (e *databaseError) Error() string { return "ERROR: " + e.text }

// IsDatabaseError reports whether err is an error of the data layer that a real server does not show to clients.
func IsDatabaseError(err error) bool {
	var d *databaseError
	return errors.As(err, &d)
}

func newDatabaseError(format string, args ...any) error {
	return &databaseError{fmt.Sprintf(format, args...)}
}

func missingUserError(table, constraint string) error {
	return newDatabaseError("insert or update on table %q violates foreign key constraint %q (SQLSTATE 23503)", table, constraint)
}

// checkText returns an error for text that a VARCHAR(limit) column refuses. limit counts characters.
func checkText(text string, limit int) error {
	if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		return newDatabaseError("invalid byte sequence for encoding \"UTF8\" (SQLSTATE 22021)")
	}
	if utf8.RuneCountInString(text) > limit {
		return newDatabaseError("value too long for type character varying(%d) (SQLSTATE 22001)", limit)
	}
	return nil
}
