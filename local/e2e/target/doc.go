// Package target says which server an end-to-end suite runs against: the one that the
// environment variable NAKAMA names ("host:port"), or else an embedded engine started
// for the test.
//
// Only tests import it. host.go is the one place where the suites meet the engine.
package target
