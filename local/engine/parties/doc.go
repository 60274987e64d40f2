// Package parties is the party engine of the embedded Nakama. It has the parties with their members, leaders and join
// requests, and the list that clients search.
//
// A party consists of a stream of mode 7, on which the tracker keeps its presences, and an entry in the [Registry]
// with its members in order of arrival. The stream decides: a session that appears on it becomes a member, and a
// session that leaves it stops being one, for whatever reason. If the party is full, a session that appears on its
// stream becomes a ghost, as on the real server: it hears the party but has no seat.
//
// The package behaves as Nakama 3.40.0 does, oddities included, because clients and modules depend on them. The
// creator gets the party twice, join requests outlive their sockets, and a member may ask to join again. Two calls
// make the real server crash or hang. Here they fail with an error that says so ([ErrWouldCrash], [ErrWouldWedge]).
//
// A [Registry] is safe for concurrent use.
package parties
