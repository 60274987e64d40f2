// Package console is one page for operators and designers: live parties with their
// members and statuses, the rules in force and how often each decided, the last refusals
// with the value of every part of the condition, and the invites that can still be used.
//
// The host's own console does not authenticate the pages that modules add to it, so this
// one is on the client port and behind a key of its own: without the key nothing of it
// can be seen, and without a key configured there is no page. It changes nothing and
// shows no secrets. Only module/wiring imports this package. Safe for concurrent use.
package console
