package host

import "github.com/heroiclabs/nakama-common/runtime"

// config is the part of a server's configuration that the engine has, as modules read it.
type config struct {
	runtime.Config // what the engine has not; reading it panics
	name           string
	session        session
}

func (c config) GetName() string                   { return c.name }
func (c config) GetSession() runtime.SessionConfig { return c.session }

type session struct {
	runtime.SessionConfig
	singleSocket, singleParty bool
}

func (s session) GetSingleSocket() bool  { return s.singleSocket }
func (s session) GetSingleMatch() bool   { return false }
func (s session) GetSingleParty() bool   { return s.singleParty }
func (s session) GetSingleSession() bool { return false }

// GetConfig answers what the server was started with.
func (i initializer) GetConfig() (runtime.Config, error) {
	o := i.opts
	return config{name: o.Node, session: session{singleSocket: o.SingleSocket, singleParty: o.SingleParty}}, nil
}
