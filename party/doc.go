// Package party is the vocabulary of parties: their IDs, sessions and views, what happens to
// them and how others hear of it ([News]), the refusals of the contract and its types, the
// stream modes and op codes, and the host as small interfaces. Package party/roster reads
// parties, party/ledger keeps what they have promised, party/reserve decides who may come in,
// party/admission does what was decided; what players use is built on those.
//
// It knows no HTTP and no registration: hooks, RPCs, the landing page and matchmaking call
// it. Time comes from an injected clock. Every exported type is safe for concurrent use
// unless its documentation says otherwise.
//
// Where state lives: who is in a party, and in which order, are presences of the host;
// invites, kicks and the seats of dropped members are storage, written by
// compare-and-set. What a process keeps in memory is joins under way, copies of what is
// reserved, who of its own sessions was in which party, and rate buckets, each of them safe
// to lose.
package party
