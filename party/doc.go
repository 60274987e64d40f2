// Package party is the domain kernel: party IDs, the roster (a view of the native
// engine, which stays the owner of parties), admission, invites, holds and limits.
//
// It knows no HTTP and no registration: hooks, RPCs, the landing page and
// matchmaking call it, and it meets the host through small interfaces that it
// declares itself. Logic is pure and takes an injected clock. Every exported type
// is safe for concurrent use unless its documentation says otherwise.
package party
