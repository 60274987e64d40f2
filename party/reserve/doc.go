// Package reserve decides who may come into a party, and keeps what a party has promised:
// seats that invites hold, seats of members who lost their connection, joins under way,
// kicks, and requests to be let in.
//
// It is pure: a [Book] is a value in memory, [Decide] compares an [Intent] with it, and nothing
// here reads a clock, takes a lock or knows the host. A Book is not safe for concurrent use.
package reserve
