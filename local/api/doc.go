// Package api reads the API that the module offers to clients from the module's Go sources. It
// writes the API as a JSON Schema, as an OpenAPI document, and as typed clients for three SDKs.
//
// [Read] type-checks the sources. It finds every RPC in the tables of package rpc, every message
// to a party by its call of party.SendData, every notification by a literal of the host's type,
// and every reason. Nothing is listed by hand, so the API is complete. A type that the package
// cannot describe is an error. [Files] returns everything that is written.
package api
