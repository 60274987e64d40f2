// Package party has the basic types of parties: IDs, sessions and views, the news of changes ([News]), the refusals and
// types of the contract with clients, the stream modes and op codes, and small interfaces to the host. Package
// party/roster reads parties, party/ledger keeps what they have promised, party/reserve decides who may come in, and
// party/admission carries out decisions. The features for players use those.
//
// It knows no HTTP and no registration. Time comes from an injected clock. Every exported type is safe for concurrent
// use unless its documentation says otherwise.
//
// The members and their order are presences of the host. Invites, kicks and kept seats are in storage, written by
// compare-and-set. The memory of a process may be lost: joins under way, copies of reserved seats, the parties of its
// sessions, and rate buckets.
package party
