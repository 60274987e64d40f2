// Package parties is the party engine of the embedded Nakama: who is in which party,
// who leads it, who asks to come in, and the list that clients search.
//
// A party is two things at once: a stream of mode 7, on which the tracker keeps its
// presences, and a [Registry] entry with its members in order of arrival. The stream
// leads: a session that appears on it becomes a member, one that vanishes from it stops
// being one, however that came about. A session that appears on the stream of a full
// party stays there as a listener without a seat, as on the real server.
//
// It behaves as Nakama 3.40.0 does, oddities included, because clients and modules are
// written against those: the creator is told of the party twice, join requests outlive
// their sockets, a member may ask to join again. In two places the real server does not
// survive a call; there the call fails with an error that says so ([ErrWouldCrash],
// [ErrWouldWedge]).
//
// A [Registry] is safe for concurrent use.
package parties
