// Package contract holds what a stock Nakama 3.40.0 server answers, as transcripts, and
// compares servers with them.
//
// A [Scenario] drives a few named actors through Nakama's own protocol. [Play] runs it
// against a server and returns the [Transcript]: every request in order and, after each,
// every envelope that each actor received, to the last one. The transcripts in testdata
// were recorded from a real server; the embedded engine has to produce the same ones.
//
// # Normalisation
//
// What differs from run to run is replaced by what it stands for: users by <alice>, their
// sockets by <alice.session>, other IDs by <id1>, <id2> ... in the order of their first
// appearance, the node by <node>, session and match tokens by <token>, times by <time>,
// paging cursors by <cursor>. Values that are equal within a run stay equal.
//
// # Order
//
// The order in which one actor receives envelopes is part of the contract wherever the
// server has one. It has none between its three writers: replies and what a request handler
// sends itself, presence events (and the party and party_leader envelopes they cause), which
// one worker delivers, and status events, which another one delivers. Within a step each
// actor's envelopes are therefore listed in these three groups, each in order of arrival.
// Lists that the server fills in no order (the presences of status and match envelopes, the
// users of matchmaker_matched and of a look-up) are sorted. Nothing else is. Of a socket that the server
// closes, its last words are not recorded: whether they arrive is a race in the server.
package contract
