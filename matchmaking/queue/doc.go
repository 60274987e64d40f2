// Package queue is matchmaking by the queues of the rules file. It decides what a ticket must be, which tickets wait,
// and when and with whom they are placed.
//
// The host's matchmaker owns the tickets. The gate, as in [Service.CheckParty], checks a ticket before the host takes
// it. The follower runs after each change of a ticket or of its party. [Service.Process] replaces the host's matching:
// it forms groups and makes their matches. [Service.Matched] tells the host which match a group gets.
//
// Without queues, or if the host has no processor of this module (the host takes one only at its start), the host
// itself matches. Then the checks close the holes of the stock server, and Matched makes a match if rules ask for it.
//
// The book is a cache in this process. Every pass compares it with the tickets that the host really has. So a lost book
// loses no ticket, only the wait times that the next tickets would carry on.
//
// Only module/wiring imports this package. Its exports are safe for concurrent use. The host runs one pass at a time.
package queue
