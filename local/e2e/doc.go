// Package e2e runs the end-to-end suites: the stock JavaScript SDK against a server (folder js), and
// a real browser against the landing page and the demo (folder browser).
//
// The suites use Node's test runner. This package's tests start what the suites need, run them and
// check their counts. Without NAKAMA=host:port they use an embedded engine with Partyline's module.
// No suite is skipped: a missing tool is a failure. The other folders hold helpers of the suites
// (client, target) and the contract transcripts (contract).
package e2e
