// Package hooks is what the module does around the host's own realtime messages:
// it keeps the roster true, closes the holes of the stock server, and enforces the
// rules, before or after a message is handled.
//
// The host has one slot per message and stage, takes any name, and keeps the last
// function it is given. So handlers are rows of tables here: named, in order, and folded by
// [Register] into one function per slot that recovers from panics, logs and measures.
// The handlers of one session's messages run one after the other, in the session's own read
// loop, so they must be quick; those of different sessions run at once.
package hooks
