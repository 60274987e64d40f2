// Package client is a small Nakama client for tests: HTTP calls with every kind of
// Nakama authentication, and realtime sockets in both wire formats that keep what
// they receive in order.
//
// It sees the server as any stock SDK does and adds what a test needs beyond that: the
// raw bytes of each envelope, selective waiting with deadlines instead of sleeps, a
// barrier that proves that nothing else is under way, and the ability to send what no
// SDK would send.
//
// Only tests import it. A [Client] and a [Socket] are safe for concurrent use.
package client
