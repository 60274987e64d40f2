package wiring

import (
	"partyline/hooks"
	"partyline/party"
	"partyline/party/grace"
	"partyline/rpc"
)

// addGrace puts reconnection on top of admission. Call it once the other hooks stand:
// its own come last.
func (m *Module) addGrace(roster *party.Roster, admission *party.Admission, policy party.Policy) {
	m.grace = grace.New(grace.Deps{
		Admission: admission, Roster: roster, Streams: m.nk, Sender: m.nk, Policy: policy, Logger: m.logger, Now: m.now,
	})
	m.calls = append(m.calls, rpc.Resume(m.grace))
	m.hooks = append(m.hooks, hooks.Grace(m.grace, m.grace))
}
