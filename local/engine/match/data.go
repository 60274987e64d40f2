package match

import (
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

var _ runtime.MatchData = (*message)(nil)

// message is data that a player sent to an authoritative match.
type message struct {
	*Presence // the sender
	opCode    int64
	data      []byte
	reliable  bool
	received  time.Time
}

func (m *message) GetOpCode() int64      { return m.opCode }
func (m *message) GetData() []byte       { return m.data }
func (m *message) GetReliable() bool     { return m.reliable }
func (m *message) GetReceiveTime() int64 { return m.received.UnixMilli() }

// receive stores a player's data for the next tick. If the queue is full, it drops the data.
func (m *runningMatch) receive(s Session, msg *rtapi.MatchDataSend, at time.Time) {
	if m.stopped.Load() {
		return
	}
	sender := &Presence{Node: m.reg.opts.Node, UserID: s.UserID(), SessionID: s.ID(), Username: s.Username()}
	select {
	case m.inputs <- &message{Presence: sender, opCode: msg.OpCode, data: msg.Data, reliable: msg.Reliable, received: at}:
	default:
		m.log.Warn("match data of %s dropped: too much waits for the next tick", s.Username())
	}
}
