// Package rpc is the module's remote procedure calls: tables of {id, who may call,
// handler}, the guard around every call, and the JSON codec between the two.
//
// A new call is one function from a request struct to an answer struct and one row of
// a table; everything a client can get wrong before the function runs (no user, a field
// that does not exist, a wrong type, a payload that is too large) is refused here, once
// for all calls. [Register] hands the tables to the host. Only module/wiring imports this
// package, and it never imports hooks or matchmaking. Everything in it is safe for concurrent
// use once registered.
package rpc
