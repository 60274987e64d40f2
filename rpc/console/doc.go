// Package console is one page for operators and designers: live parties, queues and matches,
// the rules in force with what they decided, and the invites that can still be used. A few
// forms do what operators need at once. Each of these is a line in the log.
//
// The host's own console does not authenticate the pages that modules add to it, so this
// one is on the client port and behind a key of its own: without the key nothing of it
// can be seen, and without a key configured there is no page. It shows no secrets. Safe for
// concurrent use.
package console
