// Package target selects the server of an end-to-end suite. It is the server in the environment
// variable NAKAMA ("host:port"), or one started for the test: a real server if NAKAMA_SERVER names a
// binary, otherwise an embedded engine.
//
// Only tests import it. Only host.go uses the engine for the suites.
package target
