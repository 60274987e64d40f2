// Package party is the domain kernel: party IDs, the roster (a view of the native
// engine, which stays the owner of parties), admission with held seats and kicks, rate
// limits, and the types of the contract. Package party/invite builds invites on it and
// party/grace reconnection, party/limit has the token buckets, party/rules the
// designers' rules.
//
// It knows no HTTP and no registration: hooks, RPCs, the landing page and
// matchmaking call it, and it meets the host through small interfaces that it
// declares itself. Logic is pure and takes an injected clock. Every exported type
// is safe for concurrent use unless its documentation says otherwise.
//
// Where state lives: who is in a party, and in which order, are presences of the host;
// invites, kicks and the seats of dropped members are storage, written by
// compare-and-set. What a process keeps in memory is joins under way, copies of holds,
// kicks and seats, who of its own sessions was in which party, and rate buckets, each of
// them safe to lose.
package party
