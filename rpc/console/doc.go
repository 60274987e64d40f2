// Package console is one page for operators and designers: live parties with their
// members, statuses and lines, queues and matches, the rules in force and how often each
// decided, the last refusals with the value of every part of the condition, and the invites
// that can still be used. A few forms do what operators need at once: revoke an invite, let a
// kicked player back in, read the rules file again. Each of these is a line in the log.
//
// The host's own console does not authenticate the pages that modules add to it, so this
// one is on the client port and behind a key of its own: without the key nothing of it
// can be seen, and without a key configured there is no page. It shows no secrets. Only
// module/wiring imports this package. Safe for concurrent use.
package console
