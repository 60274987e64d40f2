// Package client is a small Nakama client for tests. It makes HTTP calls with every kind of Nakama
// authentication. Its realtime sockets use both wire formats and keep what they receive in order.
//
// It sees the server as any stock SDK does, and adds what a test needs beyond that: the raw bytes
// of each envelope, waiting for chosen messages with deadlines instead of sleeps, a barrier that
// proves that nothing else is coming, and a way to send what no SDK sends.
//
// Only tests import it. A [Client] and a [Socket] are safe for concurrent use.
package client
