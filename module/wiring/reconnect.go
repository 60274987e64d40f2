package wiring

import (
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/hooks"
	"partyline/module/helper"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reconnect"
	"partyline/party/restore"
	"partyline/party/roster"
	"partyline/rpc"
)

// addReconnect puts reconnection on top of admission. Call it once the other hooks stand:
// its own come last.
func (m *Module) addReconnect(news *party.News, roster *roster.Roster, admission *admission.Admission, restorer *restore.Restorer, policy party.Policy) {
	m.reconnect = reconnect.New(reconnect.Deps{
		Admission: admission, Restorer: restorer, Roster: roster, News: news, Sender: m.nk, Notifier: m.nk, Policy: policy, Logger: m.logger, Now: m.now, Newcomer: m.post.Send,
	})
	m.calls = append(m.calls, rpc.Resume(m.reconnect)...)
	m.hooks = append(m.hooks, hooks.Started("seat", m.reconnect.Started), hooks.Ended("seat", m.reconnect.Ended))
}

// newFounder has helpers create parties again in which everybody was away, if the module
// may connect to its own server.
func (m *Module) newFounder(socket runtime.SocketConfig, roster *roster.Roster) restore.Founder {
	if socket == nil {
		return nil
	}
	helpers := helper.New(m.nk, roster.Hidden, socket)
	m.own = helpers.Own
	return helpers.Found
}
