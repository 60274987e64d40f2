// Package e2e runs the end-to-end suites: the stock JavaScript SDK against a server (folder js) and a
// real browser against landing page and demo (folder browser).
//
// The suites are written for Node's own test runner; this package's tests start what they
// need, run them and judge their counts. Without NAKAMA=host:port they use an embedded
// engine with Partyline's module. Nothing is skipped: a missing tool is a failure. The other
// folders hold what the suites stand on (client, target) and the contract transcripts
// (contract).
package e2e
