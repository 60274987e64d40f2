// Package realtime is the WebSocket side of the embedded engine: it upgrades
// connections, keeps the sessions, decodes and encodes envelopes in both of Nakama's
// wire formats, runs hooks around each message and routes what the engine has to say
// to the sockets it concerns.
//
// It handles pings, RPCs and status messages itself. The handlers of all other messages
// are registered by the code that assembles the engine; a client message without one is
// answered with "not supported by the embedded engine: NAME".
//
// Each session has two goroutines: one reads, runs the hooks and handlers, one message
// after the other; the other writes. Everything exported is safe for concurrent use,
// but Handle, which belongs before the first connection.
//
// Where the real server would be left with a dead socket that never answers again,
// because a handler panicked, this one logs the stack and closes the socket.
package realtime
