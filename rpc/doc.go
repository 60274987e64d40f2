// Package rpc is the module's remote procedure calls: tables of {id, who may call,
// handler}, the guard around every call, and the JSON codec between the two.
//
// A new call is one function from a request struct to an answer struct and one row of
// a table; everything a client can get wrong before the function runs is refused here, once
// for all calls. [Register] hands the tables to the host. Safe for concurrent use.
package rpc
