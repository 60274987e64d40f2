// Package realtime is the WebSocket side of the embedded engine. It upgrades connections, manages the sessions,
// decodes and encodes envelopes in both of Nakama's formats, runs hooks around each message, and sends envelopes to
// sockets.
//
// It handles pings, RPCs and status messages itself. The code that assembles the engine registers the handlers of all
// other messages. For a client message without a handler, it answers "not supported by the embedded engine: NAME".
//
// Each session has two goroutines. One reads messages and runs the hooks and handlers, one message after the other.
// The other one writes. Everything exported is safe for concurrent use, except Handle: call it before the first
// connection.
//
// If a handler panics on the real server, the socket stays open but never answers again. This package logs the stack
// and closes the socket.
package realtime
