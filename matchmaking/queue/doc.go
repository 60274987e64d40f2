// Package queue is matchmaking by the rules file's queues: what a ticket must be, which
// tickets wait, and when and with whom they are placed. The host's matchmaker stays the
// owner of tickets; this package stands around it: the gate, as in [Service.CheckParty], comes before
// a ticket, the follower after whatever changes one or its party, and [Service.Process] replaces the host's
// matching: it forms groups, and the maker makes their matches. [Service.Matched] answers the host which
// match the tickets of a group were given.
//
// Without queues, or where the host has no processor of ours (it takes one at its start
// only), matching stays the host's own; then the checks close the stock server's holes
// and Matched makes a match where the rules ask for one.
//
// The book is a cache in this process: every pass compares it with the tickets the host
// really has, so losing it loses no ticket, only the age that was to be carried over.
//
// Only module/wiring imports this package. Everything exported is safe for concurrent
// use; the host runs one pass at a time.
package queue
