// Package target says which server an end-to-end suite runs against: the one that the
// environment variable NAKAMA names ("host:port"), or else one started for the test: a
// real server where NAKAMA_SERVER names a binary, otherwise an embedded engine.
//
// Only tests import it. host.go is the one place where the suites meet the engine.
package target
