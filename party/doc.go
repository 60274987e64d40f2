// Package party is the vocabulary of parties: their IDs, sessions and views, what happens to
// them and how others hear of it ([News]), the refusals of the contract and its types, the
// stream modes and op codes, and the host as small interfaces. Package party/roster reads
// parties, party/ledger keeps what they have promised, party/reserve decides who may come in,
// party/admission does what was decided; what players use is built on those.
//
// It knows no HTTP and no registration. Time comes from an injected clock. Every exported type
// is safe for concurrent use unless its documentation says otherwise.
//
// Who is in a party, and in which order, are presences of the host; invites, kicks and kept seats
// are storage, written by compare-and-set. What a process has in memory is safe to lose: joins
// under way, copies of what is reserved, where its own sessions were, and rate buckets.
package party
