// Package party has the basic types of parties: IDs, sessions and views, the news of changes ([News]), the refusals and
// types of the contract with clients, stream modes and op codes, and small interfaces to the host. It knows no HTTP and
// no registration. Every exported type is safe for concurrent use unless its documentation says otherwise.
//
// The members and their order are presences of the host. Invites, kicks and kept seats are in storage, written by
// compare-and-set. The memory of a process may be lost: joins under way, copies of reserved seats, rate buckets.
package party
