package wiring

import (
	"partyline/hooks"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reconnect"
	"partyline/party/roster"
	"partyline/rpc"
)

// addReconnect puts reconnection on top of admission. Call it once the other hooks stand:
// its own come last.
func (m *Module) addReconnect(news *party.News, roster *roster.Roster, admission *admission.Admission, policy party.Policy) {
	m.reconnect = reconnect.New(reconnect.Deps{
		Admission: admission, Roster: roster, News: news, Sender: m.nk, Notifier: m.nk, Policy: policy, Logger: m.logger, Now: m.now,
	})
	m.calls = append(m.calls, rpc.Resume(m.reconnect))
	m.hooks = append(m.hooks, hooks.Sessions("reconnect", "seat", m.reconnect.Started, m.reconnect.Ended))
}
