// Package api reads from the module's Go sources what it offers to clients, and writes it in
// the forms that they use: a JSON Schema, an OpenAPI document, and a typed client for each of
// three SDKs.
//
// [Read] type-checks the sources and finds every RPC in the tables of package rpc, every
// message to a party by the calls of party.SendData, every notification by the literals of
// the host's type, and every reason. Nothing is listed by hand, so nothing can be forgotten;
// what has no form that can be described is an error. [Files] is all that is written.
package api
