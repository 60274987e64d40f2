package host

import (
	"net/netip"

	"github.com/heroiclabs/nakama-common/runtime"
)

// config has those settings of a server's configuration that the engine supports, for modules to read.
type config struct {
	runtime.Config // nil: reading a setting that the engine does not support panics
	name           string
	session        session
	socket         socket
}

func (c config) GetName() string                   { return c.name }
func (c config) GetSession() runtime.SessionConfig { return c.session }
func (c config) GetSocket() runtime.SocketConfig   { return c.socket }

type socket struct {
	runtime.SocketConfig
	addr netip.AddrPort
}

func (s socket) GetAddress() string  { return s.addr.Addr().String() }
func (s socket) GetPort() int        { return int(s.addr.Port()) }
func (s socket) GetProtocol() string { return "tcp" }

type session struct {
	runtime.SessionConfig
	singleSocket, singleParty bool
}

func (s session) GetSingleSocket() bool  { return s.singleSocket }
func (s session) GetSingleMatch() bool   { return false }
func (s session) GetSingleParty() bool   { return s.singleParty }
func (s session) GetSingleSession() bool { return false }

// GetConfig returns the settings that the server was started with.
func (i initializer) GetConfig() (runtime.Config, error) {
	o := i.opts
	return config{name: o.Node, session: session{singleSocket: o.SingleSocket, singleParty: o.SingleParty}, socket: socket{addr: o.Socket}}, nil
}
