// Package contract holds the answers of a stock Nakama 3.40.0 server as transcripts, and compares
// servers with them.
//
// A [Scenario] drives a few named actors through Nakama's own protocol. [Play] runs it on a server
// and returns the [Transcript]: every request in order and, after each request, every envelope that
// each actor received. The transcripts in testdata were recorded from a real server. The embedded
// engine has to produce the same ones.
//
// # Normalisation
//
// Values that differ between runs are replaced by placeholders: users by <alice>, their sockets by
// <alice.session>, other IDs by <id1>, <id2> ... in the order of their first appearance, the node
// by <node>, session and match tokens by <token>, times by <time>, paging cursors by <cursor>.
// Values that are equal within a run stay equal.
//
// # Order
//
// The order in which one actor receives envelopes is part of the contract if the server defines it.
// The server has three writers with no order between them. The first sends replies and the messages
// that a request handler sends itself. The second sends presence events, and the party and
// party_leader envelopes they cause. The third sends status events. So within a step, each actor's
// envelopes are listed in these three groups, each in order of arrival. Some lists have no order in
// the server: the presences of status and match envelopes, the users of matchmaker_matched and of a
// look-up. These are sorted; nothing else is. If the server closes a socket, its last messages are
// not recorded, because their arrival is a race in the server.
package contract
